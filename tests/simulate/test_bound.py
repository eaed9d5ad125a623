import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product

import pytest

from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.simulate.bound import bound
from poolkeeper.simulate.traffic import seconds

START = datetime(2024, 5, 12, tzinfo=UTC)
ENGINE = Engine()
STEP = timedelta(seconds=20)
SLA = timedelta(seconds=2)
MINUTE = timedelta(minutes=1)
SHORT = (0, 128)
"""Tokens of requests that a replica does 10 of a second: a batch of 64 at 20 tokens a second each."""


def traffic_of(*counts, step=STEP, tokens=(SHORT,)):
    """Each count with tokens of its own, the last over and over."""
    lengths = [tokens[min(place, len(tokens) - 1)] for place in range(len(counts))]
    return Traffic(START, step, tuple(Arrival(count, *each) for count, each in zip(counts, lengths, strict=True)))


def is_kept(traffic, sizes):
    """Live through sizes in the simplest way: each step's work comes evenly; no more may be left at a minute's end."""
    step, backlog = traffic.step.total_seconds(), [0.0, 0.0]
    for place, arrival in enumerate(traffic.arrivals):
        size = sizes[place // 3]
        for kind, work in enumerate(seconds(ENGINE, arrival)):
            backlog[kind] = max(0.0, backlog[kind] + work - size * step)
            if place % 3 == 2 and backlog[kind] > work * SLA.total_seconds() / step + 1e-6:
                return False
    return True


def price(sizes, startup=0):
    """Return replica-minutes, where each start is paid for so many minutes more."""
    return sum(sizes) + startup * sum(max(0, after - before) for before, after in pairwise(sizes))


def brute(traffic, startup=0, most=6):
    """Try every sequence of sizes."""
    minutes = len(traffic.arrivals) // 3
    every = product(range(1, most + 1), repeat=minutes)
    return min(price(sizes, startup) for sizes in every if is_kept(traffic, sizes))


def random_traffic(seed, minutes=4, busiest=900):
    chance = random.Random(seed)  # noqa: S311  the same seed is to draw the same
    return traffic_of(*(chance.choice((0, 0.2, 0.6, 1)) * chance.random() * busiest for _ in range(3 * minutes)))


def minutes_paid(found):
    return round(found.replica_hours * 60, 6)


def bound_of(traffic, startup=timedelta()):
    return bound(traffic, ENGINE, SLA, 1, startup)


def test_a_steady_load_needs_its_work():
    assert bound_of(traffic_of(*[400] * 9)).sizes == (2, 2, 2)


def test_a_minute_borrows_from_the_next_what_may_still_wait():
    assert bound_of(traffic_of(0, 0, 220, 0, 0, 0)).sizes == (1, 1)


def test_more_than_what_may_wait_takes_another_replica():
    assert bound_of(traffic_of(0, 0, 230, 0, 0, 0)).sizes == (2, 1)


def test_a_burst_inside_a_minute_may_be_worked_off_by_its_end():
    assert bound_of(traffic_of(500, 0, 0)).sizes == (1,)


def test_a_longer_sla_lets_more_wait():
    assert bound(traffic_of(0, 0, 300, 0, 0, 0), ENGINE, timedelta(seconds=10), 1).sizes == (1, 1)


def test_the_minimum_is_there_without_a_request():
    assert bound(traffic_of(*[0] * 6), ENGINE, SLA, 3).sizes == (3, 3)


def test_a_pool_without_a_minimum_may_be_empty():
    assert bound(traffic_of(*[0] * 3, *[1] * 3), ENGINE, SLA, 0).sizes == (0, 1)


def test_prefill_and_decode_are_done_side_by_side():
    traffic = traffic_of(*[400, 25] * 6, tokens=((0, 128), (8000, 0)) * 6)
    assert bound_of(traffic).sizes == (2, 2, 2, 2)


def test_the_last_minute_is_paid_for_what_there_is_of_it():
    assert minutes_paid(bound_of(traffic_of(*[400] * 4))) == pytest.approx(2 + 2 / 3)


def test_steps_wider_than_a_minute_are_the_period():
    assert bound_of(traffic_of(*[4000] * 2, step=timedelta(minutes=5))).period == timedelta(minutes=5)


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_is_the_cheapest_of_all_sequences(seed):
    traffic = random_traffic(seed)
    assert minutes_paid(bound_of(traffic)) == brute(traffic)


@pytest.mark.parametrize("seed", range(20))
def test_the_sizes_of_the_bound_keep_the_sla(seed):
    traffic = random_traffic(seed, minutes=12, busiest=4000)
    assert is_kept(traffic, bound_of(traffic).sizes)


@pytest.mark.parametrize("startup", [0.5, 1, 3])
@pytest.mark.parametrize("seed", [*range(7), 13, 125, 170, 221, 316])
def test_with_paid_starts_too_it_is_the_cheapest_of_all_sequences(seed, startup):
    traffic = random_traffic(seed)
    assert minutes_paid(bound_of(traffic, startup * MINUTE)) == brute(traffic, startup)
