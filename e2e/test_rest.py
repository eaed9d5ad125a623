"""At rest, by the API server's own audit log: a constant queue costs no write, noise at most two a minute a pool.

A pool that has a price costs one refresh a minute: a status and an annotation; and a day of the ledger each hour. The
journal of a pool at rest is written once a day.
"""

import math
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest

from poolkeeper.api.journal import PREFIX
from rig import audit
from rig.ground import Ground
from rig.install import Installation, installed
from rig.manifests import deployment, pool, published
from rig.space import Space
from rig.waiting import eventually, let_pass

pytestmark = [pytest.mark.xdist_group("rest"), pytest.mark.lasts(60)]

HOLDING, BELOW = 500, 100
PRICED = 3


class Rest:
    """Pools that nothing happens to, under an operator whose every request can be told from all others'.

    `unread` are those that something did happen to: on a slow machine a page may take longer than it has time for,
    and that is said.
    """

    def __init__(self, space: Space, user: str, count: int) -> None:
        self.space, self.user = space, user
        self.constant = [f"constant-{index}" for index in range(count)]
        self.noisy = [f"noisy-{index}" for index in range(count)]
        self.priced = [f"priced-{index}" for index in range(PRICED)]
        self.began = self.ended = datetime.now(UTC)
        self.unread: set[str] = set()

    def settle(self, account: Installation) -> None:
        """Have all pools with two replicas each and a queue between the thresholds, and wait until all is quiet."""
        names = (*self.constant, *self.noisy, *self.priced)
        self.space.create(*(deployment(name, 2) for name in names))
        for name in names:
            self.space.wait_until_ready(name, 2)
            self.space.fleet.queue(self.space.workload(name), HOLDING)
        self.space.operate(*account.arguments, kubeconfig=account.kubeconfig).wait_until_leading()
        self.space.create(*(pool(name, published(grace="60s")) for name in names if name not in self.priced))
        cost = {"pricePerGPUHour": {"on-demand": "3600"}}
        self.space.create(*(pool(name, published(grace="60s"), cost=cost) for name in self.priced))
        for name in names:
            eventually(lambda name=name: self.space.status(name).get("reason") == "Steady", f"{name} is steady")
        for name in self.priced:
            eventually(lambda name=name: "perHour" in self.space.status(name).get("cost", {}), f"{name} has a price")

    def last(self, lasting: timedelta, longest: float) -> None:
        """Let the noisy queues cross `below` at random, each value standing for up to `longest` seconds."""
        before = self.faults()
        self.began, chance = datetime.now(UTC), random.Random(1)  # noqa: S311  noise, not a secret
        while datetime.now(UTC) - self.began < lasting:
            for name in self.noisy:
                self.space.fleet.queue(self.space.workload(name), chance.randint(BELOW - 20, BELOW + 20))
            let_pass(chance.uniform(0.5, longest))
        self.ended = datetime.now(UTC)
        self.unread = {name for name, count in self.faults().items() if count > before[name]}

    def faults(self) -> dict[str, float]:
        """Return how often each pool's metrics were bad."""
        return {name: self.space.faults(name) for name in (*self.constant, *self.noisy, *self.priced)}

    @property
    def requests(self) -> list[audit.Request]:
        """What the operator asked of the API server while it lasted."""
        found = audit.requests(self.space.ground.cluster, self.user)
        return [one for one in found if self.began <= one.at <= self.ended]

    def pages(self, names: list[str], since: timedelta = timedelta(0)) -> Counter[str]:
        """Return how often the journals of pools were written, from so long after the beginning on."""
        uids = {self.space.record.newest("InferencePool", name)["metadata"]["uid"]: name for name in names}
        written = [one.name for one in self.requests if one.writes and one.at - self.began >= since]
        found = (name.removeprefix(f"{PREFIX}-").rpartition("-")[0] for name in written)
        return Counter(uids[uid] for uid in found if uid in uids)

    def writes(self, names: list[str]) -> Counter[str]:
        """Return how often the operator wrote to anything of these names (an event bears its pool's, too)."""
        written = [one.name.partition(".")[0] for one in self.requests if one.writes and one.resource != "leases"]
        return Counter(name for name in written if name in names)


@contextmanager
def resting(ground: Ground, label: str, count: int) -> Iterator[Rest]:
    """Have so many pools of each sort, at rest."""
    name = f"{label}-{token_hex(3)}"
    with installed(ground.cluster, name) as account:
        rest = Rest(Space(ground, name), account.user, count)
        rest.settle(account)
        yield rest
        rest.space.close()


@pytest.fixture(scope="module")
def rest(ground: Ground) -> Iterator[Rest]:
    with resting(ground, "rest", 10) as made:
        made.last(timedelta(seconds=15), 2)
        yield made


@pytest.fixture(scope="module")
def long_rest(ground: Ground) -> Iterator[Rest]:
    with resting(ground, "long-rest", 20) as made:
        made.last(timedelta(minutes=5), 20)
        yield made


def check_constant(rest: Rest) -> None:
    renewals = [one for one in rest.requests if one.writes and one.resource == "leases"]
    read = [name for name in rest.constant if name not in rest.unread]
    assert (rest.writes(read), len(renewals) > 0) == ({}, True)


def check_noisy(rest: Rest) -> None:
    allowed = 2 + (rest.ended - rest.began) / timedelta(seconds=30)
    read = [name for name in rest.noisy if name not in rest.unread]
    assert {name: count for name, count in rest.writes(read).items() if count > allowed} == {}


def check_priced(rest: Rest) -> None:
    beats = 1 + math.ceil((rest.ended - rest.began) / timedelta(minutes=1))
    read = [name for name in rest.priced if name not in rest.unread]
    assert {name: count for name, count in rest.writes(read).items() if count > 2 * beats} == {}


def check_pages(rest: Rest) -> None:
    """What began the pools may still wait for its turn a minute later; after that a constant queue tells nothing."""
    quiet = [name for name in rest.constant if name not in rest.unread]
    minutes = 1 + math.ceil((rest.ended - rest.began) / timedelta(minutes=1))
    many = {name: count for name, count in rest.pages([*quiet, *rest.noisy]).items() if count > minutes}
    assert (rest.pages(quiet, timedelta(seconds=75)), many) == ({}, {})


def test_a_constant_queue_costs_no_write(rest: Rest) -> None:
    check_constant(rest)


def test_noise_round_the_threshold_costs_two_writes_a_minute_a_pool(rest: Rest) -> None:
    check_noisy(rest)


def test_a_journal_is_written_at_most_once_a_minute(rest: Rest) -> None:
    check_pages(rest)


def test_money_costs_one_refresh_a_minute_a_pool(rest: Rest) -> None:
    check_priced(rest)


@pytest.mark.long
def test_money_costs_one_refresh_a_minute_a_pool_for_five_minutes(long_rest: Rest) -> None:
    check_priced(long_rest)


@pytest.mark.long
def test_twenty_pools_cost_no_write_in_five_minutes(long_rest: Rest) -> None:
    check_constant(long_rest)


@pytest.mark.long
def test_twenty_pools_at_rest_have_nothing_for_the_journal_in_five_minutes(long_rest: Rest) -> None:
    check_pages(long_rest)


@pytest.mark.long
def test_twenty_noisy_pools_cost_two_writes_a_minute_each_for_five_minutes(long_rest: Rest) -> None:
    check_noisy(long_rest)
