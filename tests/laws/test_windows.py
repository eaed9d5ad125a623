"""What holds of every decision under a schedule, whatever was seen and remembered (R0, R5)."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import Rig, at, published, reading
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision
from poolkeeper.core.model import Limits, PoolSpec, Schedule, Window
from poolkeeper.core.reasons import Reason
from strategies import any_specs, memories, observations, split_memories, split_observations

LOOKS = observations() | split_observations()
MEMORIES = memories() | split_memories()
FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)
SIZES = st.none() | st.integers(0, 12)

# Decisions are made at noon of a Monday: some of these windows are in force then, some come within the lead time.
STARTS = ["0 9 * * *", "0 11 * * 1", "0 12 * * *", "1 12 2 * *", "30 12 * * 1#1", "0 20 * * *", "0 12 * * 2"]
ENDS = ["0 10 * * *", "0 12 * * *", "1 12 * * *", "30 12 * * 1-5", "0 18 * * *"]


@st.composite
def limits(draw, force=st.booleans()) -> Limits:  # noqa: B008  a strategy is a value
    floor, cap = draw(SIZES), draw(SIZES)
    if floor is not None and cap is not None:
        floor, cap = sorted((floor, cap))
    return Limits(floor, cap, draw(force))


@st.composite
def schedules(draw, **changes) -> Schedule:
    """Return a schedule of up to four windows."""
    windows = [
        Window(
            f"w{number}",
            draw(st.sampled_from(STARTS)),
            draw(st.sampled_from(ENDS)),
            draw(limits(**changes)),
            draw(st.integers(0, 1)),
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    lead_time = draw(st.none() | st.sampled_from([timedelta(minutes=minutes) for minutes in (0, 5, 45, 600)]))
    return Schedule(tuple(windows), "UTC", lead_time, draw(limits(**changes)))


@st.composite
def pools(draw, **changes) -> PoolSpec:
    """Return a pool of one tier or of two, with a schedule."""
    return replace(draw(any_specs()), schedule=draw(schedules(**changes)))


def decided(spec, seen, memory) -> Decision:
    return decide(spec, seen, memory, at(0))[0]


def is_held(decision: Decision) -> bool:
    """Return whether nothing may be written, or nothing more may be started."""
    return decision.frozen or decision.reason is Reason.STARTUP_BLOCKED or Reason.STARTUP_BLOCKED in decision.clamps


@given(pools(), LOOKS, MEMORIES)
def test_the_size_is_never_under_the_floor_in_force_but_where_nothing_may_be_started(spec, seen, memory):
    decision = decided(spec, seen, memory)
    assert decision.size >= decision.bounds.floor or is_held(decision)


@given(pools(), LOOKS, MEMORIES)
def test_nothing_grows_a_pool_over_the_cap_in_force_but_an_outage_up_to_its_own(spec, seen, memory):
    decision = decided(spec, seen, memory)
    outage = next((stage.reason for stage in decision.trail if stage.name == "outage"), Reason.AS_EXPECTED)
    cap = decision.bounds.cap if outage is Reason.AS_EXPECTED else spec.max_replicas
    assert decision.size <= max(decision.current, cap)


@given(pools(force=st.just(value=False)), LOOKS, MEMORIES)
def test_without_force_a_window_takes_one_step_at_most(spec, seen, memory):
    decision = decided(spec, seen, memory)
    assert decision.size >= decision.current - spec.queue.down.step


@given(pools(force=st.just(value=True)), LOOKS, MEMORIES)
def test_force_takes_no_more_than_the_cap_asks_for(spec, seen, memory):
    decision = decided(spec, seen, memory)
    assert decision.size >= min(decision.bounds.cap, decision.current - spec.queue.down.step)


@given(pools(), LOOKS, MEMORIES)
def test_a_look_at_nothing_whole_never_lowers_the_size(spec, seen, memory):
    decision = decided(spec, replace(seen, readings=(*seen.readings, FAILED)), memory)
    assert decision.size >= decision.current


@given(pools(), LOOKS, MEMORIES)
def test_the_first_decision_never_lowers_the_size(spec, seen, memory):
    decision = decided(spec, seen, replace(memory, edits=replace(memory.edits, asked=None, edit=None)))
    assert decision.size >= decision.current


@given(pools(), LOOKS, MEMORIES)
def test_a_rollout_never_shrinks(spec, seen, memory):
    decision = decided(spec, replace(seen, target=replace(seen.target, rolling=True)), memory)
    assert decision.size >= decision.current


@given(any_specs(), LOOKS, MEMORIES)
def test_a_schedule_that_limits_nothing_changes_nothing(spec, seen, memory):
    idle = Schedule((Window("idle", "0 9 * * *", "0 18 * * *"),), "UTC")
    with_it, without = (decided(replace(spec, schedule=one), seen, memory) for one in (idle, None))
    assert (with_it.size, with_it.shares) == (without.size, without.shares)


@given(pools(force=st.just(value=False)), LOOKS, MEMORIES)
def test_a_window_is_as_if_its_bounds_were_the_pools_own(spec, seen, memory):
    """In an outage no window caps, so the pool's own maximum stands there."""
    decision = decided(spec, seen, memory)
    outage = any(stage.name == "outage" and stage.reason is not Reason.AS_EXPECTED for stage in decision.trail)
    cap = spec.max_replicas if outage else decision.bounds.cap
    plain = replace(spec, schedule=None, min_replicas=decision.bounds.floor, max_replicas=cap)
    as_if = decided(plain, seen, memory)
    assert (decision.size, decision.shares) == (as_if.size, as_if.shares) or decision.frozen


@given(pools(), LOOKS, MEMORIES)
def test_a_decision_looks_ahead_and_in_order(spec, seen, memory):
    ahead = [prospect.at for prospect in decided(spec, seen, memory).prospects]
    assert ahead == sorted(ahead)
    assert all(moment > at(0) for moment in ahead)


# Afternoons: a pool whose world carries out what was decided; each is a thousand decisions

AFTERNOONS = settings(max_examples=max(1, settings.default.max_examples // 6))
MOMENTS = st.lists(st.tuples(st.integers(1, 60), st.sampled_from([0, 500, 1500, None])), min_size=5, max_size=20)


def lived(spec: PoolSpec, replicas: int, moments: list[tuple[int, int | None]], step: int) -> list[Decision]:
    """Return the decisions of an afternoon; each moment is so many half minutes of a queue, None: unknown."""
    rig, second, decisions = Rig(spec, replicas), 0, []
    for halves, waiting in moments:
        until = second + 30 * halves
        while second < until:
            look = replace(FAILED, at=at(second)) if waiting is None else reading(waiting, second)
            decisions.append(rig.look(second, look))
            second += step
    return decisions


@AFTERNOONS
@given(schedules(), st.integers(0, 8), MOMENTS)
def test_through_an_afternoon_the_bounds_hold(schedule, replicas, moments):
    for one in lived(published(schedule=schedule), replicas, moments, 30):
        assert one.size >= one.bounds.floor
        assert one.size <= max(one.current, one.bounds.cap if one.depth is not None else 8)


@AFTERNOONS
@given(schedules(), st.integers(0, 8), MOMENTS)
def test_through_an_afternoon_nothing_is_cut_while_the_metrics_are_gone(schedule, replicas, moments):
    decisions = lived(published(schedule=schedule), replicas, moments, 30)
    assert all(one.size >= one.current for one in decisions if one.depth is None)


@AFTERNOONS
@given(schedules(), st.integers(0, 8), st.sampled_from([0, 500]), st.sampled_from([10, 15]))
def test_how_often_it_is_looked_does_not_matter(schedule, replicas, waiting, step):
    spec, moments = published(schedule=schedule), [(120, waiting)]
    often, seldom = ([one.size for one in lived(spec, replicas, moments, pace)] for pace in (step, 30))
    assert often[:: 30 // step] == seldom
