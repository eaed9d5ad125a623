"""The learned floor, whatever was seen and remembered: it only ever adds, and is never in the way."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import at, published, reading, target
from poolkeeper.api import memo
from poolkeeper.core.account import Account
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Habit, Memory, Present, Week
from poolkeeper.core.model import Forecast, PoolSpec
from poolkeeper.core.observation import Observation, PodSample, Reading
from poolkeeper.core.week import SLOTS, slot
from poolkeeper.core.zones import zone
from strategies import (
    FAULTS,
    any_specs,
    memories,
    observations,
    readings,
    split_memories,
    split_observations,
)

HERE = slot(at(0), zone("UTC"))
BEFORE, AFTER = (None,) * (HERE - 1), (None,) * (SLOTS - HERE - 3)
MONDAY = date(2026, 3, 2)
RULES = st.builds(Forecast, quantile=st.sampled_from([0.5, 0.9, 0.99]))
SIZES = st.integers(0, 600) | st.integers(0, 600) | st.floats(0, 1e6)
WRONG = st.sampled_from([float("nan"), float("inf"), -float("inf"), -1.0, 1e9, 1e308])


@st.composite
def pools(draw) -> PoolSpec:
    """Return pools that know, most of them, how many requests a replica runs at once."""
    spec = draw(any_specs())
    return replace(spec, queue=replace(spec.queue, slots_per_replica=draw(st.sampled_from([None, 16, 64, 64]))))


@st.composite
def looks(draw) -> Observation:
    """Return looks at any target, half of them with samples that are whole."""
    seen = draw(observations() | split_observations())
    answers = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 64)), max_size=6))
    samples = tuple(PodSample(f"uid-{number}", *answer) for number, answer in enumerate(answers))
    return replace(seen, readings=(Reading("pods", at(0), pods=samples),)) if samples else seen


@st.composite
def outages(draw) -> Observation:
    """Return looks at nothing, or at a source that failed beside any others."""
    failed = st.builds(lambda fault: (reading(None, fault=fault),), st.sampled_from(FAULTS))
    found = draw(st.just(()) | st.tuples(failed, readings()).map(lambda parts: parts[0] + parts[1]))
    return replace(draw(observations() | split_observations()), readings=found)


@st.composite
def habits(draw, loads=SIZES) -> Habit:
    """Return up to five weeks that know about now and what comes next, on the wall of the pool's zone or another."""
    made = []
    for ago in range(draw(st.sampled_from([0, 2, 3, 4, 5]))):
        near = draw(st.tuples(*[loads | loads | st.none()] * 4))
        made.append(Week(MONDAY - ago * timedelta(days=7), (*BEFORE, *near, *AFTER)))
    recent = st.none() | st.none() | loads
    present = Present(at(draw(st.integers(-1800, 1800))), at(draw(st.integers(-600, 5))), load=draw(recent))
    place = draw(st.sampled_from([*["UTC"] * 5, "Asia/Tokyo"]))
    return Habit(place, tuple(made), at(-1800), replace(present, usual=draw(recent)))


@st.composite
def lives(draw, loads=SIZES) -> Memory:
    """Return what earlier decisions may have left behind, with weeks of load."""
    return replace(draw(memories() | split_memories()), habit=draw(habits(loads)))


def forecast(spec, rule):
    return replace(spec, forecast=rule)


@given(pools(), RULES, looks(), lives())
def test_a_forecast_never_lowers_a_size(spec, rule, seen, memory):
    """A smaller step down may be right where a larger one is not: never below what the load is expected to need."""
    without, _ = decide(spec, seen, memory, at(0))
    found, _ = decide(forecast(spec, rule), seen, memory, at(0))
    expected = min(found.outlook.replicas, spec.max_replicas)
    assert found.size >= (without.size if spec.queue.down.step == 1 else min(without.size, expected))


@given(pools(), RULES, looks(), lives())
def test_a_forecast_lifts_no_size_over_the_cap_nor_over_what_it_expects(spec, rule, seen, memory):
    without, _ = decide(spec, seen, memory, at(0))
    found, _ = decide(forecast(spec, rule), seen, memory, at(0))
    expected = min(found.outlook.replicas, spec.max_replicas)
    assert found.size <= max(without.size, found.current, expected)


@given(pools(), RULES, looks(), lives())
def test_no_forecast_grows_a_pool_over_its_floor_once_its_budget_is_used_up(spec, rule, seen, memory):
    held = replace(memory, account=Account(spent_at=at(0)))
    found, _ = decide(forecast(spec, rule), seen, held, at(0))
    assert found.size <= max(found.current, found.bounds.floor if found.bounds else 0)


@given(pools(), looks(), lives())
def test_without_a_forecast_the_weeks_change_nothing(spec, seen, memory):
    decision, after = decide(spec, seen, memory, at(0))
    plain, _ = decide(spec, seen, replace(memory, habit=Habit()), at(0))
    assert decision == plain
    assert after.habit in (memory.habit, Habit())  # of another target nothing is remembered


@given(pools(), RULES, looks(), lives())
def test_the_same_look_foresees_the_same(spec, rule, seen, memory):
    assert decide(forecast(spec, rule), seen, memory, at(0)) == decide(forecast(spec, rule), seen, memory, at(0))


@given(pools(), RULES, outages(), lives())
def test_an_outage_is_no_worse_with_a_forecast(spec, rule, seen, memory):
    found, _ = decide(forecast(spec, rule), seen, memory, at(0))
    without, _ = decide(spec, seen, memory, at(0))
    assert (found.size, found.outlook.replicas) == (without.size, 0)


@given(pools(), RULES, looks(), lives(WRONG))
def test_weeks_that_cannot_be_expect_nothing(spec, rule, seen, memory):
    found, _ = decide(forecast(spec, rule), seen, memory, at(0))
    assert (found.outlook.replicas, found.size) == (0, decide(spec, seen, memory, at(0))[0].size)


@given(RULES, st.integers(1, 500))
def test_weeks_of_a_hundred_times_the_load_expect_nothing(rule, load):
    weeks = tuple(Week(MONDAY - ago * timedelta(days=7), (100.0 * load + 10_000,) * SLOTS) for ago in (1, 2))
    spec = published(forecast=rule, queue={"slots_per_replica": 64})
    seen = Observation(target(uid="uid"), (reading(load),))
    assert decide(spec, seen, Memory(target="uid", habit=Habit("UTC", weeks)), at(0))[0].outlook.replicas == 0


@given(pools(), RULES, looks(), lives())
def test_what_was_learned_survives_a_restart(spec, rule, seen, memory):
    _, after = decide(forecast(spec, rule), seen, memory, at(0))
    stored = memo.dump(after, spec.queue.down.grace_period, {})
    again = memo.load(stored, at(0), at(0))
    assert memo.dump(again, spec.queue.down.grace_period, {}).get("habit") == stored.get("habit")
    assert [week.monday for week in again.habit.weeks] == [week.monday for week in after.habit.weeks]
