"""What holds for every single decision, whatever was seen and remembered."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from builders import at, is_stuck, pod, reading
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Share
from poolkeeper.core.memory import Edits, Served
from poolkeeper.core.model import Mode, OnOutage
from poolkeeper.core.observation import Conflict, Observation, Target
from poolkeeper.core.plan import Plan, plan
from poolkeeper.core.reasons import Reason
from strategies import (
    any_specs,
    depths,
    memories,
    observations,
    specs,
    split_memories,
    split_observations,
    split_specs,
    targets,
)

LOOKS = observations() | split_observations()
MEMORIES = memories() | split_memories()
FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)


def size(spec, seen, memory) -> int:
    return decide(spec, seen, memory, at(0))[0].size


def found(spec, seen, memory) -> int:
    """Return the size that was found: what the target asks for, or both halves of a split pool stand for."""
    return decide(spec, seen, memory, at(0))[0].current


def sizes(spec, seen, memory) -> list[int]:
    return [share.size for share in decide(spec, seen, memory, at(0))[0].shares]


def shuffled(one: Target, random) -> Target:
    return replace(one, pods=tuple(random.sample(one.pods, len(one.pods))))


@given(any_specs(), LOOKS, MEMORIES)
def test_the_size_stays_within_bounds(spec, seen, memory):
    current = found(spec, seen, memory)
    assert min(current, spec.min_replicas) <= size(spec, seen, memory) <= max(current, spec.max_replicas)


@given(any_specs(), LOOKS, MEMORIES)
def test_a_pool_shrinks_by_one_step_at_most(spec, seen, memory):
    assert size(spec, seen, memory) >= found(spec, seen, memory) - spec.queue.down.step


@given(any_specs(), LOOKS, MEMORIES)
def test_the_same_look_gives_the_same_decision(spec, seen, memory):
    assert decide(spec, seen, memory, at(0)) == decide(spec, seen, memory, at(0))


@given(any_specs(), LOOKS, MEMORIES, st.randoms(use_true_random=False))
def test_the_order_of_pods_does_not_matter(spec, seen, memory, random):
    beside = tuple(shuffled(one, random) for one in seen.siblings)
    other = replace(seen, target=shuffled(seen.target, random), siblings=beside)
    assert sizes(spec, seen, memory) == sizes(spec, other, memory)


@given(specs(), targets(), memories(), depths(), depths(), st.sampled_from([(), (FAILED,)]))
def test_a_longer_queue_never_asks_for_less(spec, target, memory, one, other, rest):  # noqa: PLR0913, PLR0917  drawn
    short, long = (Observation(target, (reading(depth), *rest)) for depth in sorted((one, other)))
    assert size(spec, short, memory) <= size(spec, long, memory)


@given(any_specs(queue={"on_outage": OnOutage()}), LOOKS, MEMORIES)
def test_a_missing_part_holds_and_lets_growth_through(spec, seen, memory):
    newest = max((one.at for one in seen.readings), default=at(0))
    partial = replace(seen, readings=(*seen.readings, replace(FAILED, at=newest)))
    assert size(spec, partial, memory) == max(found(spec, seen, memory), size(spec, seen, memory))


@given(any_specs(), LOOKS, MEMORIES)
def test_a_look_at_nothing_whole_never_lowers_the_size(spec, seen, memory):
    partial = replace(seen, readings=(*seen.readings, FAILED))
    assert size(spec, partial, memory) >= found(spec, seen, memory)


@given(any_specs(), LOOKS, MEMORIES)
def test_the_first_decision_never_lowers_the_size(spec, seen, memory):
    first = replace(memory, edits=replace(memory.edits, asked=None, edit=None))
    assert size(spec, seen, first) >= found(spec, seen, first)


@given(any_specs(), LOOKS, MEMORIES)
def test_a_rollout_never_shrinks(spec, seen, memory):
    rolling = replace(seen, target=replace(seen.target, rolling=True))
    assert size(spec, rolling, memory) >= found(spec, seen, memory)


@given(specs(), observations(), memories(), st.integers(2, 9))
def test_stuck_starts_never_grow(spec, seen, memory, stuck):
    overdue = {"ready_at": None, "scheduled_at": None, "created_at": at(-9999)}
    dead = [pod(100 + number, **overdue) for number in range(stuck)]
    target = replace(seen.target, replicas=seen.target.replicas + stuck, pods=(*seen.target.pods, *dead))
    assert size(spec, replace(seen, target=target), memory) <= target.replicas


@given(any_specs(), LOOKS, MEMORIES)
def test_an_slo_out_of_bounds_blocks_shrinks_and_nothing_else(spec, seen, memory):
    free, missed = (replace(memory, served=Served(minutes=((at(0), share, 100),))) for share in (100, 0))
    seen = replace(seen, readings=tuple(replace(one, pods=(), waiting=3) if one.pods else one for one in seen.readings))
    allowed, vetoed = size(spec, seen, free), size(spec, seen, missed)
    assert vetoed == (max(allowed, found(spec, seen, free)) if spec.slo else allowed)


@given(
    any_specs(),
    LOOKS,
    MEMORIES,
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


@given(st.sampled_from([Mode.PAUSED, Mode.OBSERVE]).flatmap(lambda mode: any_specs(mode=mode)), LOOKS, MEMORIES)
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


@given(any_specs(), LOOKS, MEMORIES)
def test_each_stage_starts_where_the_one_before_ended(spec, seen, memory):
    decision, _ = decide(spec, seen, memory, at(0))
    trail = decision.trail
    assert [trail[0].before, *(stage.after for stage in trail)] == [
        *(stage.before for stage in trail),
        decision.size,
    ]


@given(any_specs(), LOOKS, MEMORIES)
def test_a_decision_looks_ahead_and_in_order(spec, seen, memory):
    ahead = [prospect.at for prospect in decide(spec, seen, memory, at(0))[0].prospects]
    assert ahead == sorted(ahead)
    assert all(moment > at(0) for moment in ahead)


SPLIT = (split_specs(), split_observations(), split_memories())


@given(*SPLIT)
def test_what_was_just_asked_of_the_tiers_leaves_nothing_to_do(spec, seen, memory):
    assume(spec.spot and spec.spot.fallback.after)  # else what was asked for a moment ago is lost at once
    seen = replace(seen, target=trimmed(seen.target), siblings=tuple(trimmed(one) for one in seen.siblings))
    memory = replace(memory, tiers=replace(memory.tiers, lost_since=None))  # in a loss, what loads counts anew
    decision, after = decide(spec, seen, memory, at(0))
    assume(not decision.frozen)  # what is found is followed then
    shares = {share.tier: share for share in decision.shares}
    noticed = {one.tier for one in seen.siblings for pod in one.pods if pod.notice}
    assume(not any(shares[tier].size < shares[tier].found for tier in noticed))  # it may take what was to replace them
    halves = [carried_out(one, shares[one.tier]) for one in (seen.target, *seen.siblings)]
    made = [Target(share.size, tier=name, ours=True) for name, share in shares.items() if name not in tiers_of(seen)]
    done = replace(seen, target=halves[0], siblings=(*halves[1:], *made))
    again, _ = decide(spec, done, after, at(0))
    assert plan(spec, again) == Plan()


def trimmed(one: Target) -> Target:
    """Return a half without pods to spare: which of those a growth would keep is nothing that a look tells."""
    return replace(one, pods=one.pods[: one.replicas])


def tiers_of(seen: Observation) -> set[str]:
    return {one.tier for one in (seen.target, *seen.siblings)}


def carried_out(one: Target, share: Share) -> Target:
    """Return a half as it is once it was resized: victims gone, new pods not there yet."""
    gone = set(share.victims)
    pods = tuple(pod for pod in one.pods if pod.name not in gone)
    return replace(one, replicas=share.size, ours=True, pods=pods)


@given(*SPLIT)
def test_the_tiers_are_due_what_the_size_is(spec, seen, memory):
    decision, _ = decide(spec, seen, memory, at(0))
    kept = any(stage.reason is Reason.EDIT_KEPT for stage in decision.trail)  # what somebody added is no tier's due
    dues = sum(share.due for share in decision.shares)
    assert dues == decision.size or (kept and dues < decision.size)


@given(*SPLIT)
def test_no_tier_has_less_than_its_due_but_where_its_starts_are_stuck_or_its_replicas_busy(spec, seen, memory):
    decision, _ = decide(spec, seen, memory, at(0))
    stuck = decision.frozen or is_stuck(decision)
    assert stuck or all(share.size >= share.due for share in decision.shares)


@given(*SPLIT)
def test_no_ready_replica_that_the_size_needs_is_taken_away(spec, seen, memory):
    decision, _ = decide(spec, seen, memory, at(0))
    left = sum(min(share.ready, share.size) for share in decision.shares)
    assert left >= min(decision.size, sum(min(share.ready, share.found) for share in decision.shares))


@given(*SPLIT)
def test_victims_are_pods_of_their_tier_and_as_many_as_may_go(spec, seen, memory):
    decision, _ = decide(spec, seen, memory, at(0))
    names = {one.tier: {pod.name for pod in one.pods} for one in (seen.target, *seen.siblings)}
    for share in decision.shares:
        assert set(share.victims) <= names.get(share.tier, set())
        assert len(set(share.victims)) == len(share.victims) <= max(0, share.found - share.size)


@given(*SPLIT)
def test_a_first_decision_a_rollout_and_a_foreign_shrink_take_nothing_from_any_tier(spec, seen, memory):
    first = replace(memory, edits=replace(memory.edits, asked=None, edit=None))
    rolled = replace(seen, target=replace(seen.target, rolling=True))
    for decision in (decide(spec, seen, first, at(0))[0], decide(spec, rolled, memory, at(0))[0]):
        assert all(share.size >= share.found for share in decision.shares)
