"""A leader is lost: the standby decides within the lease, and nothing that the one before has left undoes anything.

    leader      |--renews--|  killed, frozen, cut off
                           |---- 2/3 of the lease: it has stopped by itself
    standby                |--------- the lease ---------|- a look at it -|  decides

Two operators under the manifests' rights, each on a way of its own to the API server, whose audit log tells who wrote
what. A bound is held against what the time was worth on this machine (see `strain`).
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest

from rig.fence import fenced
from rig.ground import Ground
from rig.install import Installation, installed
from rig.manifests import pool, published
from rig.space import Space
from rig.strain import Strain
from rig.succession import Candidate, Succession
from rig.waiting import eventually
from rig.waning import wane

pytestmark = [pytest.mark.xdist_group("leadership"), pytest.mark.lasts(60)]

DURATION, RETRY, INTERVAL = 8.0, 16 / 15, 1.0
"""Of the lease, between two renewals, and between two looks at a pool, in seconds."""
BOUND = DURATION + 2 * RETRY + 2 * INTERVAL + 1
"""The lease, counted from the last look that saw it renewed; the look that finds it over; the take-over, a look at the
pool and the write of a size."""
QUEUE = published(grace="10m")
SLACK = 0.5
"""How much nearer two moments of a recorded watch may be than what they tell of."""
LATE = 2 * INTERVAL + SLACK
STEADY, LONG = 500, 1500
HOUR = timedelta(hours=1)
SAME = ("holderIdentity", "leaseTransitions")


@pytest.fixture(scope="module")
def installation(ground: Ground) -> Iterator[Installation]:
    with installed(ground.cluster, f"led-{token_hex(3)}") as made:
        yield made


@pytest.fixture(scope="module")
def succession(ground: Ground, installation: Installation) -> Iterator[Succession]:
    # Whoever takes a way ends before it: a connection that is just being made would outlive its loop.
    with ExitStack() as ways, closing(Space(ground, f"led-{token_hex(3)}")) as space:
        yield Succession(space, installation, ways, ("--lease-duration", f"{DURATION:.0f}s"))


def steady(space: Space, name: str) -> str:
    """Make a pool that neither grows nor shrinks, and return how the fleet calls its workload."""
    space.deploy(name)
    space.fleet.queue(space.workload(name), STEADY)
    space.create(pool(name, QUEUE, maxReplicas=3))
    eventually(lambda: space.status(name), f"{name} was looked at")
    return space.workload(name)


def decided_after(space: Space, name: str, lost: float, strain: Strain) -> float:
    """Return what the time was worth from a loss until the pool, whose queue is long since, has grown."""
    grown = space.wait_for_growth(name)
    worth = strain.worth(lost, grown.at)
    print(f"{name}: decided after {grown.at - lost:.1f} s, which were worth {worth:.1f} s of {BOUND:.1f} s")
    return worth


def ends(candidate: Candidate) -> None:
    eventually(lambda: not candidate.operator.running, f"{candidate.pod} ends by itself")


def test_killed(succession: Succession, strain: Strain) -> None:
    leader, _ = succession.two()
    space, chat = succession.space, steady(succession.space, "killed")
    leader.operator.kill()
    lost = time.monotonic()
    space.fleet.queue(chat, LONG)
    assert decided_after(space, "killed", lost, strain) <= BOUND
    assert succession.late_writes() == []


def test_frozen_for_longer_than_the_lease(succession: Succession, strain: Strain) -> None:
    leader, _ = succession.two()
    space, chat = succession.space, steady(succession.space, "frozen")
    leader.operator.freeze()
    lost = time.monotonic()
    space.fleet.queue(chat, LONG)
    worth = decided_after(space, "frozen", lost, strain)
    leader.operator.thaw()
    ends(leader)
    assert worth <= BOUND
    assert succession.late_writes() == []


def test_cut_off_from_the_api_server(succession: Succession, strain: Strain) -> None:
    leader, _ = succession.two()
    space, chat = succession.space, steady(succession.space, "severed")
    leader.relay.sever()
    lost = time.monotonic()
    space.fleet.queue(chat, LONG)
    worth = decided_after(space, "severed", lost, strain)
    ends(leader)
    assert worth <= BOUND
    assert succession.late_writes() == []


def test_a_write_that_arrives_after_the_lease_undoes_no_newer_size(succession: Succession, strain: Strain) -> None:
    """Both want the same: what the one before sent meets a size that is newer than what it was decided on."""
    leader, _ = succession.two()
    space, chat = succession.space, steady(succession.space, "held")
    leader.relay.hold_from("/held/scale")
    space.fleet.queue(chat, LONG)
    eventually(lambda: leader.relay.holds, "its write is on the way")
    lost = time.monotonic()
    worth = decided_after(space, "held", lost, strain)
    ends(leader)
    leader.relay.heal()
    assert worth <= BOUND
    assert (arrived(succession, leader, "held"), succession.late_writes()) == ([409], [])


def arrived(succession: Succession, sender: Candidate, name: str) -> list[int]:
    """Return what was answered to a pod that wrote a size, once its write has arrived."""

    def answers() -> list[int]:
        mine = [one for one in succession.requests(sender.pod) if one.writes and one.name == name]
        return [one.status for one in mine if one.resource == "deployments/scale"]

    return eventually(answers, f"the write of {sender.pod} has arrived")


def outlive(succession: Succession, name: str) -> Candidate:
    """Let a leader's write be on its way until another leads who finds nothing to write; then let it arrive.

    The standby sleeps while the queue is long: it must not see that.
    """
    leader, standby = succession.two()
    space, chat = succession.space, steady(succession.space, name)
    leader.relay.hold_from(f"/{name}/scale")
    standby.operator.freeze()
    space.fleet.queue(chat, LONG)
    eventually(lambda: leader.relay.holds, "its write is on the way")
    space.fleet.queue(chat, STEADY)
    standby.operator.thaw()
    standby.operator.wait_until_leading()
    ends(leader)
    leader.relay.heal()
    return leader


def test_a_late_write_that_nothing_else_would_stop_is_refused_by_the_fence(succession: Succession) -> None:
    succession.two()
    with fenced(succession.space.ground.cluster, succession.installation):
        leader = outlive(succession, "outlived")
        answers = arrived(succession, leader, "outlived")
    assert (answers, succession.space.sizes("outlived"), succession.late_writes()) == ([403], [2], [])


@pytest.mark.long
def test_without_the_fence_only_what_was_on_its_way_arrives(succession: Succession) -> None:
    leader = outlive(succession, "unfenced")
    assert arrived(succession, leader, "unfenced") == [200]
    assert {(one.pod, one.name) for one in succession.late_writes()} == {(leader.pod, "unfenced")}


@pytest.mark.long
def test_told_to_end_while_nobody_answers_it_ends_within_its_lease(succession: Succession, strain: Strain) -> None:
    leader, _ = succession.two()
    leader.relay.hold()
    told = time.monotonic()
    leader.operator.stop()
    assert strain.worth(told, time.monotonic()) <= DURATION


# Clocks


def lease(succession: Succession) -> dict[str, str]:
    found: dict[str, str] = succession.space.api.get(
        f"/apis/coordination.k8s.io/v1/namespaces/{succession.installation.namespace}/leases/poolkeeper"
    )["spec"]
    return found


def renewed(succession: Succession) -> datetime:
    return datetime.fromisoformat(lease(succession)["renewTime"])


def renewals(succession: Succession, count: int) -> None:
    """Let the lease be renewed so many times."""
    seen = {renewed(succession)}

    def enough() -> bool:
        seen.add(renewed(succession))
        return len(seen) > count

    eventually(enough, f"the lease is renewed {count} times")


@contextmanager
def off(leader: Candidate, standby: Candidate, by: timedelta) -> Iterator[None]:
    """Let the leader's clock be off by so much, the standby's the other way, as long as this lasts."""
    leader.clock.jump(by)
    standby.clock.jump(-by)
    try:
        eventually(lambda: abs(leader.operator.wall_clock - datetime.now(UTC)) > HOUR / 2, "its clock has jumped")
        yield
    finally:
        for one in (leader, standby):
            one.clock.jump(timedelta(0))


@pytest.mark.parametrize("hours", [1, -1])
def test_wall_clocks_that_jump_move_nothing(succession: Succession, strain: Strain, hours: int) -> None:
    """The leader's one way, the standby's the other; a grace that is under way ends neither early nor late."""
    leader, standby = succession.two()
    waning = wane(succession.space, leader.operator, f"jumped-{'ahead' if hours > 0 else 'back'}")
    before = lease(succession)
    with off(leader, standby, hours * HOUR):
        under_way = waning.is_under_way()
        renewals(succession, 3)
        apart, after = abs(renewed(succession) - datetime.now(UTC)), lease(succession)
        early, late = waning.falls(strain)
    assert under_way
    assert (early <= SLACK, late <= LATE) == (True, True)
    assert [after[name] for name in SAME] == [before[name] for name in SAME]
    assert apart < HOUR / 2


def test_a_jump_of_the_api_servers_clock_moves_nothing_and_is_said(succession: Succession, strain: Strain) -> None:
    leader, _ = succession.two()
    waning = wane(succession.space, leader.operator, "dated")
    leader.relay.shift = HOUR
    try:
        eventually(lambda: "API server's clock" in leader.operator.probe("/healthz"), "it says so")
        under_way = waning.is_under_way()
        renewals(succession, 2)
        apart = abs(renewed(succession) - datetime.now(UTC))
        early, late = waning.falls(strain)
    finally:
        leader.relay.shift = timedelta(0)
    assert under_way
    assert (early <= SLACK, late <= LATE) == (True, True)
    assert (leader.operator.running, apart < HOUR / 2) == (True, True)
