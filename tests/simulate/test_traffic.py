from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import isclose
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.engine import Engine
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.traffic import draw, peak, sloped

START = datetime(2024, 5, 12, tzinfo=UTC)
ENGINE = Engine()
STEP = timedelta(seconds=5)


def trace_of(*counts, width=timedelta(minutes=10), prompt=1000, output=200):
    return Trace(START, width, tuple(Arrival(count, prompt, output) for count in counts))


def counts_of(traffic):
    return [arrival.requests for arrival in traffic.arrivals]


def index_of(counts):
    return pvariance(counts) / fmean(counts)


def test_a_bin_is_cut_into_steps():
    traffic = draw(trace_of(600, 1200), STEP, seed=7)
    assert (traffic.start, traffic.step, len(traffic.arrivals)) == (START, STEP, 240)


def test_a_step_that_does_not_divide_a_bin_gives_way_to_the_nearest_that_does():
    assert draw(trace_of(1, width=timedelta(seconds=12)), STEP, seed=7).step == timedelta(seconds=6)


def test_the_same_seed_draws_the_same():
    trace = trace_of(600, 1200)
    assert draw(trace, STEP, seed=7) == draw(trace, STEP, seed=7)


def test_another_seed_draws_something_else():
    trace = trace_of(600, 1200)
    assert draw(trace, STEP, seed=7) != draw(trace, STEP, seed=8)


def test_without_dispersion_each_bin_keeps_its_sum():
    counts = counts_of(draw(trace_of(600, 1200, 0, 30), STEP, seed=7, dispersion=0))
    assert [sum(counts[at : at + 120]) for at in range(0, 480, 120)] == pytest.approx([600, 1200, 0, 30])


def test_the_rate_does_not_jump_between_bins():
    counts = counts_of(draw(trace_of(600, 720, 600), STEP, seed=7, dispersion=0))
    assert max(abs(after - before) for before, after in pairwise(counts)) < 0.05


@given(
    edges=st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)),
    total=st.floats(0, 1e6),
    parts=st.integers(2, 200),
)
def test_the_parts_of_a_bin_are_never_negative_and_sum_to_it(edges, total, parts):
    found = sloped(edges[0], total, edges[1], parts)
    assert len(found) == parts
    assert min(found) >= 0
    assert isclose(sum(found), total, rel_tol=1e-6, abs_tol=1e-6)


@pytest.mark.parametrize(("width", "most"), [(1, 0.2), (12, 0.6)])
def test_counts_have_the_measured_dispersion_over_steps_and_over_minutes(width, most):
    counts = counts_of(draw(trace_of(*[30000] * 20), STEP, seed=7))
    together = [sum(counts[at : at + width]) for at in range(0, len(counts), width)]
    assert index_of(together) == pytest.approx(5.7, rel=most)


def test_the_clients_of_a_bin_say_how_bursty_it_is():
    trace = replace(trace_of(*[30000] * 20), dispersion=(2.0,) * 20)
    assert index_of(counts_of(draw(trace, STEP, seed=7))) == pytest.approx(2, rel=0.2)


def test_a_share_of_the_users_is_less_bursty():
    counts = counts_of(draw(trace_of(*[30000] * 20), STEP, seed=7, load=0.1))
    assert index_of(counts) == pytest.approx(1 + 0.1 * 4.7, rel=0.2)


def test_more_load_leaves_the_dispersion():
    counts = counts_of(draw(trace_of(*[30000] * 20), STEP, seed=7, load=3))
    assert index_of(counts) == pytest.approx(5.7, rel=0.2)


def test_load_multiplies_the_requests():
    assert draw(trace_of(600, 1200), STEP, seed=7, load=3, dispersion=0).requests == pytest.approx(5400)


def test_a_load_of_nothing_brings_nothing():
    assert draw(trace_of(600, 1200), STEP, seed=7, load=0).requests == 0


def test_bins_finer_than_the_step_are_summed_with_the_mean_tokens_of_their_requests():
    bins = (Arrival(1, 100, 10), Arrival(3, 500, 50), Arrival(0, 7, 7), Arrival(0, 7, 7), Arrival(2, 9, 9))
    traffic = draw(Trace(START, timedelta(seconds=1), bins), timedelta(seconds=2), seed=7)
    assert traffic.arrivals == (Arrival(4, 400, 40), Arrival(0, 7, 7), Arrival(2, 9, 9))


def test_counted_bins_are_thinned_as_requests_taken_by_chance_are():
    trace = trace_of(*[40] * 4000, width=timedelta(seconds=1))
    assert index_of(counts_of(draw(trace, timedelta(seconds=1), seed=7, load=0.25))) == pytest.approx(0.75, rel=0.1)


def test_the_peak_of_coarse_bins_is_the_busiest_ten_minutes():
    trace = trace_of(*[60] * 5, *[600] * 5, *[540] * 5, width=timedelta(minutes=1))
    assert peak(trace, ENGINE) == pytest.approx(9.5 / ENGINE.capacity(1000, 200))


def test_the_peak_of_fine_bins_is_the_busiest_minute():
    trace = trace_of(*[10] * 60, *[0] * 540, width=timedelta(seconds=1))
    assert peak(trace, ENGINE) == pytest.approx(10 / ENGINE.capacity(1000, 200))


def test_the_peak_of_a_short_trace_is_its_mean():
    assert peak(trace_of(0, 20, width=timedelta(seconds=1)), ENGINE) == pytest.approx(10 / ENGINE.capacity(1000, 200))


def test_long_prompts_weigh_by_their_prefill():
    assert peak(trace_of(600, prompt=16000, output=1), ENGINE) == pytest.approx(2)


def test_a_peak_is_scaled_to_the_replicas_asked_for():
    traffic = draw(trace_of(600, 1200), STEP, seed=7, dispersion=0, peak_replicas=8, engine=ENGINE)
    second = sum(counts_of(traffic)[120:]) / 600
    assert second == pytest.approx(8 * ENGINE.capacity(1000, 200))


def test_nothing_has_no_peak():
    with pytest.raises(ValueError, match="no peak"):
        draw(trace_of(0, 0), STEP, seed=7, peak_replicas=8)
