"""Whole decisions, and the ones that follow from them."""

from datetime import timedelta

import pytest

from builders import Rig, at, loading, pod, published, reading, sample, seen, target
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edit, Edits, Grace, Load, Memory
from poolkeeper.core.model import Mode, OnOutage, OutageBehavior, Per, PoolSpec, Queue, ScaleDown, ScaleUp
from poolkeeper.core.observation import FOR_GOOD, Conflict, Observation, Reading
from poolkeeper.core.reasons import Reason

SPEC = published()
KNOWN = Memory(edits=Edits(asked=4))
RAN = Memory(grace=Grace(short_since=at(-300), sampled_at=at(-1)), edits=Edits(asked=4))
FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)
HPA = Conflict(Reason.CONFLICT_AUTOSCALER, "HorizontalPodAutoscaler chat")


def decided(waiting=500, *, spec=SPEC, memory=KNOWN, **changes):
    return decide(spec, seen(waiting, **{"target": target(4)} | changes), memory, at(0))[0]


# The published case


def test_one_replica_is_added_over_the_threshold_and_only_one_while_it_loads():
    assert set(Rig(SPEC, 2, load=300).run(range(330), 1001)) == {3}


def test_three_replicas_are_added_at_once_where_three_are_justified():
    assert Rig(SPEC, 2, load=300).queue(0, 3500).size == 5


def test_a_constant_queue_does_not_cascade_while_models_load():
    sizes = Rig(published(max_replicas=64), 2, load=300).run(range(0, 330, 5), 2001)
    assert set(sizes) == {4}


def test_a_queue_that_stays_after_the_model_has_loaded_adds_the_next_one():
    assert Rig(SPEC, 2, load=300).run(range(332), 1001)[-2:] == [4, 4]


def test_a_queue_under_the_threshold_removes_one_after_five_minutes():
    sizes = Rig(SPEC, 4).run(range(301), 99)
    assert (sizes[299], sizes[300]) == (4, 3)


def test_a_queue_between_the_thresholds_changes_nothing():
    assert set(Rig(SPEC, 4).run(range(0, 3600, 10), 500)) == {4}


def test_replicas_leave_one_by_one_down_to_the_floor():
    sizes = Rig(SPEC, 4).run(range(0, 1500, 10), 0)
    assert [sizes.count(size) for size in (4, 3, 2)] == [30, 30, 90]


# The first decision


@pytest.mark.parametrize("waiting", [0, 500])
def test_the_first_decision_starts_from_the_size_that_was_found(waiting):
    found = decided(waiting, memory=Memory())
    assert (found.size, found.reason) == (4, Reason.ADOPTED)


def test_the_first_decision_never_shrinks_even_without_a_grace_period():
    hasty = published(queue={"down": ScaleDown(below=100, grace_period=timedelta(0))})
    assert decided(0, spec=hasty, memory=Memory()).size == 4


def test_the_first_decision_may_grow():
    assert decided(1001, memory=Memory()).reason is Reason.QUEUE_ABOVE


def test_the_first_decision_lifts_a_pool_to_its_floor():
    found = decided(target=target(1), memory=Memory())
    assert (found.size, found.reason) == (2, Reason.BELOW_MINIMUM)


def test_a_live_target_of_twenty_leaves_by_one_step_per_grace_period():
    sizes = Rig(SPEC, 20).run(range(0, 3900, 10), 500)
    assert [sizes.count(size) for size in range(20, 8, -1)] == 12 * [30]


def test_what_is_over_the_maximum_is_said():
    assert decided(target=target(20), memory=Memory(edits=Edits(asked=20))).reason is Reason.ABOVE_MAXIMUM


# Bounds and their order


def test_the_cap_is_named_with_what_was_wanted():
    found = decided(3500, target=target(7), memory=Memory(edits=Edits(asked=7)))
    assert (found.wanted, found.size, found.clamps, found.reason) == (10, 8, (Reason.AT_MAXIMUM,), Reason.QUEUE_ABOVE)


def test_a_pool_at_its_maximum_says_so():
    found = decided(3500, target=target(8), memory=Memory(edits=Edits(asked=8)))
    assert (found.size, found.reason, found.clamps) == (8, Reason.AT_MAXIMUM, (Reason.AT_MAXIMUM,))


def test_stuck_starts_stop_the_growth():
    stuck = target(4, pods=(pod(0), pod(1), pod(2, ready_at=None), pod(3, ready_at=None)))
    found = decided(5000, target=stuck)
    assert (found.size, found.reason, found.clamps) == (4, Reason.STARTUP_BLOCKED, (Reason.STARTUP_BLOCKED,))


def test_both_caps_are_named():
    stuck = target(7, pods=(*target(5).pods, pod(5, ready_at=None), pod(6, ready_at=None)))
    found = decided(50000, target=stuck, memory=Memory(edits=Edits(asked=7)))
    assert found.clamps == (Reason.AT_MAXIMUM, Reason.STARTUP_BLOCKED)


def test_stuck_starts_do_not_stop_a_shrink():
    stuck = target(4, pods=(pod(0), pod(1), pod(2, ready_at=None), pod(3, ready_at=None)))
    assert decided(0, target=stuck, memory=RAN).size == 3


def test_the_trail_names_each_stage_in_order():
    names = [stage.name for stage in decided().trail]
    assert names == ["demand", "lead", "grace", "edits", "outage", "floor", "budget", "maximum", "startup", "drain"]


def test_each_stage_starts_where_the_one_before_ended():
    trail = decided(3500, target=target(7), memory=Memory(edits=Edits(asked=7))).trail
    assert [stage.before for stage in trail[1:]] == [stage.after for stage in trail[:-1]]


# Metrics that cannot be trusted


def test_an_outage_holds_the_size():
    found = decided(readings=(FAILED,), memory=RAN)
    assert (found.size, found.reason, found.depth) == (4, Reason.OUTAGE, None)


def test_a_partial_sample_still_grows_the_pool():
    found = decided(readings=(reading(1001), FAILED))
    assert (found.size, found.reason) == (5, Reason.QUEUE_ABOVE)


def test_an_outage_can_be_answered_with_a_size():
    spec = published(queue={"on_outage": OnOutage(timedelta(seconds=30), OutageBehavior.AT_LEAST, 6)})
    rig = Rig(spec, 4)
    sizes = [rig.look(second, reading(None, second, fault=Reason.METRIC_EMPTY)).size for second in range(32)]
    assert sizes[28:] == [4, 4, 6, 6]


def test_an_outage_does_not_lift_over_the_maximum():
    spec = published(queue={"on_outage": OnOutage(timedelta(0), OutageBehavior.AT_LEAST, 60)})
    assert decided(spec=spec, readings=(FAILED,)).size == 8


# What freezes a pool


@pytest.mark.parametrize(
    ("spec", "changes", "reason", "detail"),
    [
        (published(mode=Mode.PAUSED), {}, Reason.PAUSED, "spec.mode is Paused"),
        (SPEC, {"paused_until": at(1)}, Reason.PAUSED, "until 2026-03-02T12:00:01+00:00"),
        (SPEC, {"conflict": HPA}, Reason.CONFLICT_AUTOSCALER, "HorizontalPodAutoscaler chat"),
        (published(mode=Mode.PAUSED), {"conflict": HPA}, Reason.PAUSED, "spec.mode is Paused"),
    ],
)
def test_a_frozen_pool_stays_as_it_is_and_says_why(spec, changes, reason, detail):
    found = decided(5000, spec=spec, target=target(1), **changes)
    assert (found.frozen, found.size, found.reason, found.detail) == (True, 1, reason, detail)


def test_a_frozen_pool_still_reports_what_it_sees():
    found = decided(readings=(FAILED,), conflict=HPA)
    assert (found.ready, found.current, found.wanted, found.health.metrics) == (4, 4, 4, Reason.METRIC_TIMEOUT)


def test_a_frozen_pool_has_a_trail_of_one_stage():
    (stage,) = decided(conflict=HPA).trail
    assert (stage.name, stage.before, stage.after, stage.facts) == ("freeze", 4, 4, {"detail": HPA.detail})


@pytest.mark.parametrize(("changes", "until"), [({"paused_until": at(60)}, at(60)), ({"conflict": HPA}, None)])
def test_a_frozen_pool_tells_until_when(changes, until):
    assert decided(**changes).until == until


def test_a_pause_ends_at_its_instant():
    assert not decided(paused_until=at(0)).frozen


def test_observing_refuses_nothing():
    assert decided(1001, spec=published(mode=Mode.OBSERVE), conflict=HPA).size == 5


def test_a_pause_starts_the_clock_anew():
    rig = Rig(SPEC, 4)
    rig.run(range(200), 0)
    rig.queue(200, 0, paused_until=at(201))
    sizes = rig.run(range(201, 502), 0)
    assert (sizes[-2], sizes[-1]) == (4, 3)


def test_what_others_write_during_a_pause_is_what_is_meant():
    rig = Rig(SPEC, 6)
    rig.queue(0, 500)
    rig.write(4, 1)
    rig.queue(1, 500, paused_until=at(2))
    assert set(rig.run(range(2, 400), 500)) == {4}


def test_a_target_that_does_not_exist_is_left_alone():
    found, memory = decide(SPEC, seen(target=None), RAN, at(0))
    assert (found.frozen, found.size, found.reason, memory) == (True, 0, Reason.TARGET_NOT_FOUND, RAN)


# Other writers


def edited(size: int, *, waiting=500) -> Rig:
    """Return a pool of six of which somebody else makes another size at second 10."""
    rig = Rig(published(max_replicas=12), 6)
    rig.queue(0, waiting)
    rig.write(size, 10)
    return rig


def test_a_write_under_the_floor_is_restored_at_once():
    found = edited(1).queue(10, 500)
    assert (found.size, found.reason) == (6, Reason.EDIT_RESTORED)


def test_a_shrink_by_somebody_else_is_restored_after_the_grace_period():
    sizes = edited(4).run(range(10, 312), 500)
    assert (sizes[299], sizes[300]) == (4, 6)


def test_a_shrink_by_somebody_else_is_said_while_it_waits():
    assert edited(4).queue(10, 500).reason is Reason.EDIT_GRACE


def test_nothing_more_is_given_away_while_a_size_waits_to_be_restored():
    rig = edited(4, waiting=0)
    assert set(rig.run(range(10, 310), 0)) == {4}


def test_a_restored_size_is_not_given_away_at_once():
    rig = edited(4, waiting=0)
    assert set(rig.run(range(10, 610), 0)[300:]) == {6}


def test_a_growth_by_somebody_else_stays_for_an_hour():
    sizes = edited(9, waiting=0).run(range(10, 3620, 10), 0)
    assert (sizes[-2], sizes[-1]) == (9, 8)


def test_a_growth_by_somebody_else_may_be_outgrown():
    assert edited(9).queue(10, 5000).size == 10


def test_the_third_write_back_within_an_hour_is_a_conflict():
    rig = edited(1)
    reasons = []
    for second in (10, 20, 30):
        rig.write(1, second)
        reasons.append(rig.queue(second, 500).reason)
    assert reasons == [Reason.EDIT_RESTORED, Reason.EDIT_RESTORED, Reason.CONFLICT_REVERTS]


def test_a_fight_against_the_queues_growth_is_a_conflict_too():
    rig = Rig(SPEC, 2)
    reasons = []
    for second in (0, 10, 20, 30):
        reasons.append(rig.queue(second, 1001).reason)
        rig.write(2, second + 5)
    assert reasons == [*3 * [Reason.QUEUE_ABOVE], Reason.CONFLICT_REVERTS]


def test_a_conflict_names_the_writer_and_its_end():
    edits = Edits(asked=1, edit=Edit("argocd", at(0), 6, 1), restored=(at(-9), at(-5)))
    found = decided(target=target(1), memory=Memory(edits=edits))
    assert (found.detail, found.until) == (
        "argocd keeps writing spec.replicas; drop it there or ignore it",
        at(3591),
    )


def test_a_conflict_with_a_nameless_writer_is_with_somebody():
    edits = Edits(asked=1, edit=Edit("", at(0), 6, 1), restored=(at(-9), at(-5)))
    assert decided(target=target(1), memory=Memory(edits=edits)).detail.startswith("somebody keeps")


def test_a_conflict_ends_and_what_was_taken_comes_back():
    edits = Edits(asked=1, edit=Edit("argocd", at(0), 6, 1), restored=(at(-3600), at(-5)))
    assert decided(target=target(1), memory=Memory(edits=edits)).size == 6


def test_a_restore_ends_at_the_maximum_and_is_not_tried_again():
    edits = Edits(asked=7, edit=Edit("kubectl", at(-300), 20, 7))
    found, memory = decide(SPEC, seen(target=target(7)), Memory(edits=edits), at(0))
    assert (found.size, memory.edits) == (8, Edits(asked=8, restored=(at(0),)))


# Observe


def test_a_size_that_was_only_observed_is_not_remembered_as_asked_for():
    _, memory = decide(published(mode=Mode.OBSERVE), seen(3500, target=target(4)), KNOWN, at(0))
    assert memory.edits == Edits(asked=4)


def test_writes_by_others_are_followed_while_observing():
    foreign = target(2, ours=False, writer="keda")
    assert decided(spec=published(mode=Mode.OBSERVE), target=foreign).reason is Reason.STEADY


# Writes that fail


def test_a_failed_write_is_decided_again_from_the_old_memory():
    first, _ = decide(SPEC, seen(1001, target=target(4)), KNOWN, at(0))
    again, _ = decide(SPEC, seen(1001, target=target(4)), KNOWN, at(1))
    assert (first.size, again.size) == (5, 5)


def test_a_crash_between_write_and_memory_takes_no_second_step():
    stored = Memory(grace=RAN.grace, edits=Edits(asked=4))
    assert decided(0, target=target(3), memory=stored).size == 3


def test_what_somebody_else_wrote_last_is_no_write_of_ours():
    assert decided(0, target=target(4, ours=False), memory=RAN).size == 3


def test_a_write_that_got_through_unheard_is_our_own():
    found, memory = decide(SPEC, seen(1001, target=target(5, pods=target(4).pods)), KNOWN, at(1))
    assert (found.size, memory.edits) == (5, Edits(asked=5))


# Unusual states of the target


@pytest.mark.parametrize("ready", [0, 3])
def test_replicas_that_are_not_ready_leave_first(ready):
    pods = tuple(pod(number, ready_at=at(-99) if number < ready else None) for number in range(4))
    assert decided(0, target=target(4, pods=pods), memory=RAN).size == 3


def test_no_ready_replica_still_grows_by_another_source():
    spec = published(queue={"thresholds_per": Per.REPLICA, "up": ScaleUp(above=5), "down": ScaleDown(below=1)})
    loads = target(2, pods=(loading(0, since=-5), loading(1, since=-5)))
    assert decided(100, spec=spec, target=loads, memory=Memory(edits=Edits(asked=2))).size == 4


def test_no_ready_pod_to_ask_holds_the_size():
    absent = Reading("pods", at(0), applies=False)
    found = decided(readings=(absent,), memory=RAN)
    assert (found.size, found.health.metrics) == (4, Reason.AS_EXPECTED)


def test_surge_pods_of_a_rollout_are_not_capacity_on_its_way():
    surging = target(4, rolling=True, pods=(*target(4).pods, loading(9, since=-5, template="t2")))
    assert decided(1001, target=surging).size == 5


def test_a_rollout_is_not_shrunk():
    found = decided(0, target=target(4, rolling=True), memory=RAN)
    assert (found.size, found.reason) == (4, Reason.ROLLING_OUT)


def test_a_busy_replica_that_goes_at_the_deadline_is_said_to():
    busy = reading(None, pods=tuple(sample(number, 0, running=5) for number in range(4)))
    found = decided(spec=published(drain_deadline=timedelta(0)), readings=(busy,), memory=RAN)
    assert (found.size, found.reason) == (3, Reason.FORCED_DRAIN)


def test_a_pod_that_fell_back_is_on_its_way_again():
    fallen = target(4, pods=(*target(3).pods, pod(3, ready_at=None, unready_since=at(-5))))
    found = decided(1001, target=fallen)
    assert (found.size, found.reason) == (4, Reason.STARTING)


def test_a_restore_waits_while_new_replicas_do_not_become_ready():
    """Six, two of them stuck; somebody scales to one; the stuck ones go: six again."""
    spec, stuck = published(startup_timeout=timedelta(seconds=5)), (loading(8, since=-60), loading(9, since=-60))
    memory = Memory(edits=Edits(asked=6))
    edited = target(1, writer="kubectl", ours=False, pods=(pod(0), *stuck))
    decision, memory = decide(spec, seen(500, target=edited), memory, at(0))
    assert decision.size == 1
    freed = target(1, writer="kubectl", ours=False)
    assert decide(spec, seen(500, 1, target=freed), memory, at(1))[0].size == 6


def test_a_pause_for_good_says_so_and_promises_no_end():
    decision = decided(9000, paused_until=FOR_GOOD)
    assert decision.detail.startswith("for good")
    assert (decision.frozen, decision.prospects) == (True, ())


def counted(seconds, requests, waiting=9.0):
    """Return a look at two replicas of one that have done so much, and have a queue."""
    pages = tuple(sample(number, waiting, running=8, requests=requests) for number in range(2))
    return Observation(target(2), (Reading("pods", at(seconds), pods=pages),))


def followed(spec, looks):
    """Return the last decision of looks at (second, requests that each replica has done)."""
    memory = Memory()
    for seconds, requests in looks:
        decision, memory = decide(spec, counted(seconds, requests), memory, at(seconds))
    return decision


LOOKS = [(second, 4 * second) for second in range(0, 130, 10)]


def test_a_pool_follows_its_load():
    spec = PoolSpec(2, 8, queue=Queue(up=ScaleUp(above=1000)))
    (stage,) = [one for one in followed(spec, LOOKS).trail if one.name == "lead"]
    assert (stage.reason, stage.after) == (Reason.LEAD, 3)


def test_a_pool_that_is_told_not_to_follows_nothing():
    spec = PoolSpec(2, 8, queue=Queue(up=ScaleUp(above=1000)), lead=False)
    (stage,) = [one for one in followed(spec, LOOKS).trail if one.name == "lead"]
    assert (stage.reason, stage.after, stage.facts) == (Reason.AS_EXPECTED, 2, {})


def test_a_queue_that_is_worked_off_in_time_is_none():
    chosen, widened = (
        followed(PoolSpec(2, 8, queue=Queue(up=ScaleUp(above=5), widened=wide)), LOOKS).trail[0].facts["above"]
        for wide in (False, True)
    )
    assert (chosen, widened) == (10, 16)


def test_another_template_does_other_work():
    memory = Memory(target="", load=Load(per_replica=5.0, works=1.0, requests=1.0))
    _, memory = decide(PoolSpec(2, 8), seen(0), memory, at(0))
    assert memory.load.per_replica == 5
    changed = seen(0, 5, target=target(pods=(pod(0, template="t2"), pod(1, template="t2"))))
    _, memory = decide(PoolSpec(2, 8), changed, memory, at(5))
    assert memory.load == Load()
