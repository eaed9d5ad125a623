"""At rest, by the API server's own audit log: a constant queue costs no write, noise at most two a minute a pool."""

import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from rig import audit
from rig.ground import Ground
from rig.install import installed
from rig.manifests import pool, published
from rig.space import Space
from rig.waiting import eventually, let_pass

HOLDING, BELOW = 500, 100
SHORT, LONG = timedelta(seconds=15), timedelta(minutes=5)


class Rest:
    """Pools that nothing happens to, under an operator whose every request can be told from all others'."""

    def __init__(self, space: Space, user: str, names: list[str]) -> None:
        self.space, self.user, self.names = space, user, names

    def show(self, queue: int) -> None:
        """Let every pool have this queue."""
        for name in self.names:
            self.space.fleet.queue(self.space.workload(name), queue)

    def settle(self) -> None:
        """Wait until the status of every pool says that nothing happens."""
        for name in self.names:
            eventually(lambda name=name: self.space.status(name).get("reason") == "Steady", f"{name} is steady", 60)

    def writes(self, since: datetime) -> list[audit.Request]:
        """Return the operator's writes since then but for its lease's."""
        found = audit.requests(self.space.ground.cluster, self.user)
        return [one for one in found if one.writes and one.at >= since and one.resource != "leases"]

    def renewals(self, since: datetime) -> int:
        """Return how often it has renewed its lease since then: the log does tell of its writes."""
        found = audit.requests(self.space.ground.cluster, self.user)
        return sum(one.resource == "leases" and one.writes and one.at >= since for one in found)


@contextmanager
def resting(ground: Ground, label: str, count: int) -> Iterator[Rest]:
    """Have so many pools of two replicas each, with a queue between their thresholds, and wait until all is quiet."""
    name = f"{label}-{os.getpid()}"
    with installed(ground.cluster, name) as account:
        space = Space(ground, name)
        rest = Rest(space, account.user, [f"pool-{index}" for index in range(count)])
        for one in rest.names:
            space.deploy(one)
        rest.show(HOLDING)
        space.operate(*account.arguments, kubeconfig=account.kubeconfig).wait_until_leading()
        space.create(*(pool(one, published(grace="60s")) for one in rest.names))
        rest.settle()
        yield rest
        space.close()


def be_constant(rest: Rest, lasting: timedelta) -> None:
    since = datetime.now(UTC)
    let_pass(lasting.total_seconds())
    assert (rest.writes(since), rest.renewals(since) > 0) == ([], True)


def be_noisy(rest: Rest, lasting: timedelta, longest: float) -> None:
    """Let the queues cross `below` at random, each value standing for up to `longest` seconds."""
    since, chance = datetime.now(UTC), random.Random(1)  # noqa: S311  noise, not a secret
    while datetime.now(UTC) - since < lasting:
        rest.show(chance.randint(BELOW - 20, BELOW + 20))
        let_pass(chance.uniform(0.5, longest))
    counts = Counter(one.name for one in rest.writes(since))
    allowed = 2 + (datetime.now(UTC) - since) / timedelta(seconds=30)
    assert [(name, count) for name, count in counts.items() if count > allowed] == []


def test_a_constant_queue_costs_no_write(ground: Ground) -> None:
    with resting(ground, "constant", 10) as rest:
        be_constant(rest, SHORT)


def test_noise_round_the_threshold_costs_two_writes_a_minute_a_pool(ground: Ground) -> None:
    with resting(ground, "noisy", 10) as rest:
        be_noisy(rest, SHORT, 2)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_twenty_pools_cost_no_write_in_five_minutes(ground: Ground) -> None:
    with resting(ground, "constant-long", 20) as rest:
        be_constant(rest, LONG)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_twenty_noisy_pools_cost_two_writes_a_minute_each_for_five_minutes(ground: Ground) -> None:
    with resting(ground, "noisy-long", 20) as rest:
        be_noisy(rest, LONG, 20)
