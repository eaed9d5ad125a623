"""What holds for every single decision, whatever was seen and remembered."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from builders import at, pod, reading
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edits, Served
from poolkeeper.core.model import Mode, OnOutage
from poolkeeper.core.observation import Conflict, Observation
from poolkeeper.core.plan import Plan, plan
from poolkeeper.core.reasons import Reason
from strategies import depths, memories, observations, specs, targets

FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)


def size(spec, seen, memory) -> int:
    return decide(spec, seen, memory, at(0))[0].size


@given(specs(), observations(), memories())
def test_the_size_stays_within_bounds(spec, seen, memory):
    current = seen.target.replicas
    assert min(current, spec.min_replicas) <= size(spec, seen, memory) <= max(current, spec.max_replicas)


@given(specs(), observations(), memories())
def test_a_pool_shrinks_by_one_step_at_most(spec, seen, memory):
    assert size(spec, seen, memory) >= seen.target.replicas - spec.queue.down.step


@given(specs(), observations(), memories())
def test_the_same_look_gives_the_same_decision(spec, seen, memory):
    assert decide(spec, seen, memory, at(0)) == decide(spec, seen, memory, at(0))


@given(specs(), observations(), memories(), st.randoms(use_true_random=False))
def test_the_order_of_pods_does_not_matter(spec, seen, memory, random):
    shuffled = random.sample(seen.target.pods, len(seen.target.pods))
    other = replace(seen, target=replace(seen.target, pods=tuple(shuffled)))
    assert size(spec, seen, memory) == size(spec, other, memory)


@given(specs(), targets(), memories(), depths(), depths(), st.sampled_from([(), (FAILED,)]))
def test_a_longer_queue_never_asks_for_less(spec, target, memory, one, other, rest):  # noqa: PLR0913, PLR0917  drawn
    short, long = (Observation(target, (reading(depth), *rest)) for depth in sorted((one, other)))
    assert size(spec, short, memory) <= size(spec, long, memory)


@given(specs(queue={"on_outage": OnOutage()}), observations(), memories())
def test_a_missing_part_holds_and_lets_growth_through(spec, seen, memory):
    newest = max((one.at for one in seen.readings), default=at(0))
    partial = replace(seen, readings=(*seen.readings, replace(FAILED, at=newest)))
    assert size(spec, partial, memory) == max(seen.target.replicas, size(spec, seen, memory))


@given(specs(), observations(), memories())
def test_a_look_at_nothing_whole_never_lowers_the_size(spec, seen, memory):
    partial = replace(seen, readings=(*seen.readings, FAILED))
    assert size(spec, partial, memory) >= seen.target.replicas


@given(specs(), observations(), memories())
def test_the_first_decision_never_lowers_the_size(spec, seen, memory):
    first = replace(memory, edits=replace(memory.edits, asked=None, edit=None))
    assert size(spec, seen, first) >= seen.target.replicas


@given(specs(), observations(), memories())
def test_a_rollout_never_shrinks(spec, seen, memory):
    rolling = replace(seen, target=replace(seen.target, rolling=True))
    assert size(spec, rolling, memory) >= seen.target.replicas


@given(specs(), observations(), memories(), st.integers(2, 9))
def test_stuck_starts_never_grow(spec, seen, memory, stuck):
    overdue = {"ready_at": None, "scheduled_at": None, "created_at": at(-9999)}
    dead = [pod(100 + number, **overdue) for number in range(stuck)]
    target = replace(seen.target, replicas=seen.target.replicas + stuck, pods=(*seen.target.pods, *dead))
    assert size(spec, replace(seen, target=target), memory) <= target.replicas


@given(specs(), observations(), memories())
def test_an_slo_out_of_bounds_blocks_shrinks_and_nothing_else(spec, seen, memory):
    free, missed = (replace(memory, served=Served(minutes=((at(0), share, 100),))) for share in (100, 0))
    seen = replace(seen, readings=tuple(replace(one, pods=(), waiting=3) if one.pods else one for one in seen.readings))
    allowed, vetoed = size(spec, seen, free), size(spec, seen, missed)
    assert vetoed == (max(allowed, seen.target.replicas) if spec.slo else allowed)


@given(
    specs(),
    observations(),
    memories(),
    st.sampled_from(
        [
            {"paused_until": at(1)},
            {"conflict": Conflict(Reason.CONFLICT_POOL, "chat")},
        ],
    ),
)
def test_a_pause_and_a_conflict_write_nothing(spec, seen, memory, halt):
    decision, _ = decide(spec, replace(seen, **halt), memory, at(0))
    assert (plan(spec, decision), decision.frozen) == (Plan(), True)


@given(st.sampled_from([Mode.PAUSED, Mode.OBSERVE]).flatmap(lambda mode: specs(mode=mode)), observations(), memories())
def test_only_an_active_pool_writes(spec, seen, memory):
    decision, _ = decide(spec, seen, memory, at(0))
    assert plan(spec, decision) == Plan()


@given(specs(), observations(), memories(), st.integers(1, 9))
def test_a_third_revert_within_the_hour_writes_nothing(spec, seen, memory, taken):
    foreign = replace(seen.target, ours=False)
    asked = Edits(asked=foreign.replicas + taken, restored=(at(-3599), at(-600)))
    decision, _ = decide(spec, replace(seen, target=foreign), replace(memory, edits=asked), at(0))
    assert (decision.reason, plan(spec, decision)) == (Reason.CONFLICT_REVERTS, Plan())


@given(specs(), observations(), memories())
def test_what_was_just_carried_out_leaves_nothing_to_do(spec, seen, memory):
    decision, after = decide(spec, seen, memory, at(0))
    left = len(seen.target.pods) - max(0, decision.current - decision.size)
    ready = sorted(seen.target.pods, key=lambda one: one.ready_at is None)
    done = replace(seen.target, replicas=decision.size, ours=True, pods=tuple(ready[: max(0, left)]))
    again, _ = decide(spec, replace(seen, target=done), after, at(0))
    assert plan(spec, again) == Plan()


@given(specs(), observations(), memories())
def test_each_stage_starts_where_the_one_before_ended(spec, seen, memory):
    decision, _ = decide(spec, seen, memory, at(0))
    trail = decision.trail
    assert [trail[0].before, *(stage.after for stage in trail)] == [
        *(stage.before for stage in trail),
        decision.size,
    ]


@given(specs(), observations(), memories())
def test_a_decision_looks_ahead_and_in_order(spec, seen, memory):
    ahead = [prospect.at for prospect in decide(spec, seen, memory, at(0))[0].prospects]
    assert ahead == sorted(ahead)
    assert all(moment > at(0) for moment in ahead)
