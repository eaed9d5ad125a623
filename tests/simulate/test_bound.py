import random
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise, product
from operator import ge

import pytest

from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.core.serving import Serving
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
DEARER = 37
"""The seed of a traffic where the smallest sizes are dearer in all; of 1,000 seeds 41 are, by one replica-minute."""


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


def price(sizes, startup=0):
    """Return replica-minutes, where each start is paid for so many minutes more."""
    return sum(sizes) + startup * sum(max(0, after - before) for before, after in pairwise(sizes))


def brute(traffic, startup=0, most=6):
    """Try every sequence of sizes."""
    minutes = len(traffic.arrivals) // 3
    every = product(range(1, most + 1), repeat=minutes)
    return min(price(sizes, startup) for sizes in every if is_kept(traffic, sizes, HOLD))


def greedy(traffic):
    """Take the smallest size that each minute allows."""
    sizes = []
    for end in range(3, len(traffic.arrivals) + 1, 3):
        part = Traffic(START, STEP, traffic.arrivals[:end])
        sizes.append(next(size for size in count(1) if is_kept(part, [*sizes, size], HOLD)))
    return sum(sizes)


def random_traffic(seed, minutes=4, busiest=1500):
    chance = random.Random(seed)  # noqa: S311  the same seed is to draw the same
    return traffic_of(*(chance.choice((0, 0.2, 0.6, 1)) * chance.random() * busiest for _ in range(3 * minutes)))


def minutes_paid(found):
    return round(found.replica_hours * 60, 6)


def bound_of(traffic, startup=timedelta()):
    return bound(traffic, ENGINE, SLA, 1, startup)


def test_a_steady_load_needs_its_work():
    assert bound_of(traffic_of(*[400] * 9)).sizes == (2, 2, 2)


def test_a_minute_borrows_from_the_next_what_may_still_wait_or_run():
    assert bound_of(traffic_of(0, 0, 264, 0, 0, 0)).sizes == (1, 1)


def test_more_than_what_may_wait_or_run_takes_another_replica():
    assert bound_of(traffic_of(0, 0, 300, 0, 0, 0)).sizes == (2, 1)


def test_a_longer_sla_lets_more_wait():
    assert bound(traffic_of(0, 0, 300, 0, 0, 0), ENGINE, timedelta(seconds=10), 1).sizes == (1, 1)


def test_the_minimum_is_there_without_a_request():
    assert bound(traffic_of(*[0] * 6), ENGINE, SLA, 3).sizes == (3, 3)


def test_a_pool_without_a_minimum_may_be_empty():
    assert bound(traffic_of(*[0] * 3, *[1] * 3), ENGINE, SLA, 0).sizes == (0, 1)


def test_prefill_and_decode_are_done_side_by_side():
    traffic = traffic_of(*[400, 50] * 6, tokens=((0, 128), (8000, 0)) * 6)
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
    assert is_kept(traffic, bound_of(traffic).sizes, HOLD)


@pytest.mark.parametrize("startup", [0.5, 1, 3])
@pytest.mark.parametrize("seed", [*range(7), 13, 125, 170, 221, 316])
def test_with_paid_starts_too_it_is_the_cheapest_of_all_sequences(seed, startup):
    traffic = random_traffic(seed)
    assert minutes_paid(bound_of(traffic, startup * MINUTE)) == brute(traffic, startup)


def test_the_smallest_size_of_each_minute_is_not_always_the_cheapest():
    traffic = random_traffic(DEARER, minutes=6, busiest=4000)
    assert minutes_paid(bound_of(traffic)) < greedy(traffic)


def lives_in_time(traffic, size):
    """Return whether all requests start within the SLA in the world's own batches."""
    serving = Serving(ENGINE, SLA.total_seconds())
    for arrival in traffic.arrivals:
        serving.advance(arrival, size, traffic.step.total_seconds())
    return serving.waits.inside(SLA.total_seconds()) > 1 - 1e-9


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("tokens", [SHORT, (1155, 211), (4000, 20)])
def test_no_size_that_keeps_the_sla_in_the_world_is_cheaper(seed, tokens):
    counts = [arrival.requests for arrival in random_traffic(seed, minutes=10, busiest=800).arrivals]
    traffic = traffic_of(*counts, tokens=(tokens,))
    size = next(size for size in count(1) if lives_in_time(traffic, size))
    assert minutes_paid(bound_of(traffic)) <= 10 * size


def found_of(*sizes):
    return Bound(sum(sizes) / 60, sizes, MINUTE)


def test_a_dip_shorter_than_the_start_is_bridged():
    found = with_startup(found_of(2, 1, 2), 3 * MINUTE)
    assert (minutes_paid(found), found.sizes) == (6, (2, 2, 2))


def test_a_dip_longer_than_the_start_costs_a_start():
    found = with_startup(found_of(2, 1, 1, 2), MINUTE)
    assert (minutes_paid(found), found.sizes) == (7, (2, 1, 1, 2))


def test_what_is_needed_soon_is_there_from_the_beginning():
    assert with_startup(found_of(1, 2), 3 * MINUTE).sizes == (2, 2)


@pytest.mark.parametrize("sizes", [*product((0, 1, 3), repeat=4)])
def test_bridging_is_the_cheapest_way_to_have_at_least_these_sizes(sizes):
    every = product(range(4), repeat=4)
    best = min(price(each, 2) for each in every if all(map(ge, each, sizes)))
    assert minutes_paid(with_startup(found_of(*sizes), 2 * MINUTE)) == best
