"""A crash makes no shrink early or late (R2, R9).

    queue short --- clock stored --------------- kill -9 -- grace ends
    0               10                            13         14
                                                     restarted

A clock is stored once it is older than 10 s, whatever the grace: hence graces of more than that here.
"""

import time

import pytest

from rig.manifests import pool, published
from rig.space import Space
from rig.strain import Strain
from rig.waiting import eventually, let_pass

GRACE, INTERVAL, SLACK = 20, 1, 0.5
GAP = 30
"""Time without a look does not count if it is longer (R2); the lease tells since when, as of its last renewal."""
RENEWAL = 10
SAME = ("holderIdentity", "acquireTime", "leaseTransitions")


def begin(space: Space, replicas: int) -> float:
    """Start a pool with a queue that is not short, then let it become so; return when."""
    space.deploy("chat", replicas)
    space.fleet.queue(space.workload("chat"), 500)
    space.operate().wait_until_leading()
    space.create(pool("chat", published(f"{GRACE}s")))
    space.wait_for_reason("chat", "Steady")
    return space.shorten("chat", 0)


def lead_again(space: Space) -> float:
    """Start another process under the same name; return when it led."""
    space.operate().wait_until_leading()
    return time.monotonic()


@pytest.mark.lasts(30)
def test_killed_a_second_before_the_grace_ends_it_shrinks_neither_early_nor_late(space: Space, strain: Strain) -> None:
    short = begin(space, 3)
    eventually(lambda: "shortSince" in space.status("chat").get("memory", {}), "the clock is stored")
    let_pass(short + GRACE - 1 - time.monotonic())
    faults, killed = space.faults("chat"), time.monotonic()
    space.operators[-1].kill()
    led = lead_again(space)
    due = max(short + GRACE, led + (GRACE if led - killed > GAP - RENEWAL else 0))
    fell = space.wait_for_size("chat", 2)
    late = strain.worth(due, fell.at)
    print(f"led after {led - killed:.1f} s, fell {fell.at - due:.1f} s late, which were worth {late:.1f} s")
    assert fell.at >= short + GRACE - SLACK
    assert late <= 2 * INTERVAL + SLACK or faults + space.faults("chat")


@pytest.mark.lasts(50)
def test_killed_right_after_a_shrink_it_waits_for_another_whole_grace_period(space: Space) -> None:
    short = begin(space, 4)
    space.wait_for_size("chat", 3)
    space.operators[-1].kill()
    lead_again(space)
    assert space.wait_for_size("chat", 2).at >= short + 2 * GRACE - SLACK


def test_a_restart_finds_its_own_lease_and_leads_at_once(space: Space) -> None:
    long = ("--lease-duration", "10m")
    space.operate(*long).wait_until_leading().kill()
    before = space.api.get(space.path("Lease", "poolkeeper"))["spec"]
    space.operate(*long).wait_until_leading()
    after = space.api.get(space.path("Lease", "poolkeeper"))["spec"]
    assert [after[name] for name in SAME] == [before[name] for name in SAME]
    assert space.operators[-1].waited < before["leaseDurationSeconds"] / 2
