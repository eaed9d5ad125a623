import random
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.simulate.bound import Bound, bound, with_startup
from poolkeeper.simulate.traffic import seconds

START = datetime(2024, 5, 12, tzinfo=UTC)
ENGINE = Engine()
STEP = timedelta(seconds=20)
SLA = timedelta(seconds=2)
MINUTE = timedelta(minutes=1)
SHORT = (0, 128)
"""Tokens of requests that a replica does 10 of a second: a batch of 64 at 20 tokens a second each."""
HOLD = (0.0, 6.4)
"""What a batch of them holds, in seconds of prefill and of decode."""


def traffic_of(*counts, step=STEP, tokens=(SHORT,)):
    """Each count with tokens of its own, the last over and over."""
    lengths = [tokens[min(place, len(tokens) - 1)] for place in range(len(counts))]
    return Traffic(START, step, tuple(Arrival(count, *each) for count, each in zip(counts, lengths, strict=True)))


def is_kept(traffic, sizes, hold):
    """Live through sizes in the simplest way: each step's work comes evenly, and no more is left than may be."""
    step, backlog = traffic.step.total_seconds(), [0.0, 0.0]
    for place, arrival in enumerate(traffic.arrivals):
        size = sizes[place // 3]
        for kind, work in enumerate(seconds(ENGINE, arrival)):
            backlog[kind] = max(0.0, backlog[kind] + work - size * step)
            if backlog[kind] > work * SLA.total_seconds() / step + size * hold[kind] + 1e-6:
                return False
    return True


def brute(traffic, minutes, hold, most=5):
    """Try every sequence of sizes."""
    kept = (sum(sizes) for sizes in product(range(1, most + 1), repeat=minutes) if is_kept(traffic, sizes, hold))
    return min(kept)


def greedy(traffic, minutes, hold):
    """Take the smallest size that each minute allows."""
    sizes = []
    for minute in range(minutes):
        part = Traffic(START, STEP, traffic.arrivals[: 3 * minute + 3])
        sizes.append(next(size for size in range(1, 99) if is_kept(part, [*sizes, size], hold)))
    return sum(sizes)


def random_traffic(seed, minutes=5):
    chance = random.Random(seed)
    return traffic_of(*(chance.choice((0, 200, 400, 800)) * chance.random() for _ in range(3 * minutes)))


def paid(found):
    return round(found.replica_hours * 60)


def test_a_steady_load_needs_its_work():
    assert bound(traffic_of(*[400] * 30), ENGINE, SLA, 1).sizes[-1] == 2


@pytest.mark.parametrize("seed", range(30))
def test_the_bound_is_the_cheapest_of_all_sequences(seed):
    traffic = random_traffic(seed)
    assert paid(bound(traffic, ENGINE, SLA, 1)) == brute(traffic, 5, HOLD)
