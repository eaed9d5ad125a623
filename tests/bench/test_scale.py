"""The figures of thousands of pools: what they are made of, not what they are."""

import json
from types import SimpleNamespace

import pytest
from measured import Series
from multitude import Multitude
from scale import GATE, Window, beside
from spreads import spread

STAGE = SimpleNamespace()


def test_percentiles_are_of_the_values_and_of_no_edge():
    assert spread([number / 1000 for number in range(1, 102)]).p95 == pytest.approx(0.096)


def test_one_value_is_all_of_its_percentiles():
    found = spread([0.25])
    assert (found.n, found.p50, found.p99, found.max) == (1, 0.25, 0.25, 0.25)


def test_nothing_measured_is_no_zero():
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


def test_a_line_tells_milliseconds_and_the_aim():
    line = spread([0.0421]).line("late", "p95 < 75")
    assert ("p95 42.1" in line, "(aim: p95 < 75)" in line) == (True, True)


class Counted:
    """A histogram that remembers what it was told."""

    def __init__(self):
        self.seen = []

    def observe(self, value):
        self.seen.append(value)


def test_a_value_is_kept_once_and_counted_as_ever():
    histogram = Counted()
    series = Series(histogram)
    series.observe(0.07)
    assert (series.take(), series.take(), histogram.seen) == ([0.07], [], [0.07])


def test_a_span_is_kept_as_a_value():
    series = Series(Counted())
    with series.time():
        pass
    assert series.take()[0] < 60


def test_the_share_of_prometheus_is_told_whatever_its_port():
    assert beside({"kube-apiserver": 1, "prometheus-9091": 2, "kwok": 3}) == {"kube-apiserver": 1, "prometheus": 2}


@pytest.mark.parametrize(("name", "least"), [("pool-0", 1), ("pool-7", 0)])
def test_a_pool_without_a_pod_may_stay_at_zero(name, least):
    made = Multitude(STAGE, 10, 5, by_prometheus=True)._pool(name, least)  # noqa: SLF001
    assert json.loads(json.dumps(made))["spec"]["minReplicas"] == least


def test_a_pool_that_reads_prometheus_asks_for_its_own_series():
    made = Multitude(STAGE, 10, 5, by_prometheus=True)._pool("pool-3", 1)  # noqa: SLF001
    assert made["spec"]["queue"]["sources"][0]["prometheus"]["selector"] == {"pool": "pool-3"}


def test_a_pool_that_asks_its_pods_names_no_source():
    assert "sources" not in Multitude(STAGE, 10, 5, by_prometheus=False)._pool("pool-3", 1)["spec"]["queue"]  # noqa: SLF001


def gated(stretch, *apart):
    """Return what is held to the gate of a window whose looks were so far apart."""
    few = spread([0.01])
    told = Window("at rest", 60, few, few, few, spread(apart), stretch, 0.5, 100, {}, {})
    return [line.split("   (")[0] for line in told.lines() if GATE in line]


def test_lateness_is_held_to_the_gate_where_intervals_are_as_asked():
    assert [line.split()[0] for line in gated(1.0, 1.2)] == ["late"]


def test_on_stretched_intervals_the_time_beyond_what_was_asked_for_is():
    assert [line.split()[0] for line in gated(10.0, 10.5)] == ["beyond"]


def test_what_lies_beyond_is_the_time_between_looks_without_the_second_that_was_asked_for():
    assert "max 9500.0 ms" in gated(10.0, 10.5)[0]
