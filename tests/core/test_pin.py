"""A size that the pool itself was asked for (R0)."""

from datetime import timedelta

import pytest

from builders import Rig, at, loading, pod, published, reading, sample, seen, target
from poolkeeper.core import pin
from poolkeeper.core.decide import decide
from poolkeeper.core.edits import NO_RULING, Ruling
from poolkeeper.core.memory import Edit, Edits, Grace, Memory, Pin, Served
from poolkeeper.core.model import Limits, Mode, OnOutage, OutageBehavior, Schedule, Slo
from poolkeeper.core.observation import Conflict, Pinned, Reading
from poolkeeper.core.reasons import Reason

SPEC = published()
KNOWN = Memory(edits=Edits(asked=4))
FOUR_HOURS = 4 * 3600
FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)


def pinned(replicas, waiting=500, *, spec=SPEC, memory=KNOWN, second=0, **changes):
    known = {"target": target(4), "pinned": Pinned(replicas, "kubectl")}
    return decide(spec, seen(waiting, second, **known | changes), memory, at(second))[0]


# What it is


@pytest.mark.parametrize(("stamped", "since"), [(None, 60), (30, 30), (90, 60)])
def test_it_counts_from_when_it_was_written_or_else_first_seen(stamped, since):
    found = pin.notice(None, Pinned(6, "kubectl", None if stamped is None else at(stamped)), at(60))
    assert found == Pin(6, "kubectl", at(since))


@pytest.mark.parametrize("writer", ["kubectl", "argocd-controller"])
def test_the_same_number_again_makes_it_no_younger(writer):
    before = Pin(6, "kubectl", at(0))
    assert pin.notice(before, Pinned(6, writer, at(50)), at(60)) is before


def test_another_number_makes_a_new_one():
    assert pin.notice(Pin(6, "kubectl", at(0)), Pinned(5, "kubectl"), at(60)).since == at(60)


def test_it_goes_with_the_field():
    assert pin.notice(Pin(6, "kubectl", at(0)), None, at(60)) is None


@pytest.mark.parametrize(("second", "counts"), [(0, True), (FOUR_HOURS - 1, True), (FOUR_HOURS, False)])
def test_it_counts_for_four_hours(second, counts):
    assert (pin.in_force(Pin(6, "kubectl", at(0)), at(second)) is not None) is counts


# What it does


@pytest.mark.parametrize(("replicas", "size"), [(6, 6), (3, 3), (1, 1), (0, 0), (4, 4), (12, 8)])
def test_it_is_wanted_whatever_the_queue_says_and_within_the_maximum(replicas, size):
    found = pinned(replicas)
    assert (found.size, found.trail[0].reason) == (size, Reason.PINNED)


@pytest.mark.parametrize("waiting", [0, 9000])
def test_the_queue_neither_lifts_nor_lowers_it(waiting):
    assert pinned(5, waiting).size == 5


def test_a_shrink_waits_for_no_grace_period():
    assert (pinned(2).size, pinned(2).reason) == (2, Reason.PINNED)


def test_a_busy_replica_is_waited_for():
    busy = Reading("pods", at(0), pods=tuple(sample(number, 0, running=5) for number in range(4)))
    assert pinned(2, readings=(busy,)).reason is Reason.DRAINING


def test_after_four_hours_it_is_ignored():
    memory = Memory(edits=Edits(asked=4), pin=Pin(6, "kubectl", at(-FOUR_HOURS)))
    found = pinned(6, memory=memory)
    assert (found.size, found.pin) == (4, memory.pin)


def test_nothing_changes_when_it_ends_but_by_the_queue():
    rig = Rig(SPEC, 2)
    sizes = [rig.queue(second, 500, pinned=Pinned(6)).size for second in (0, 60, FOUR_HOURS - 1, FOUR_HOURS + 60)]
    assert sizes == [6, 6, 6, 6]


def test_the_decision_stands_until_the_pin_ends():
    assert pinned(4).until == at(FOUR_HOURS)


# What goes before it


def test_the_first_decision_never_shrinks():
    assert (pinned(2, memory=Memory()).size, pinned(2, memory=Memory()).reason) == (4, Reason.ADOPTED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"readings": (FAILED,)}, Reason.OUTAGE),
        ({"target": target(4, rolling=True)}, Reason.ROLLING_OUT),
        ({"conflict": Conflict(Reason.CONFLICT_AUTOSCALER, "hpa/chat")}, Reason.CONFLICT_AUTOSCALER),
    ],
)
def test_what_holds_a_shrink_holds_this_one(changes, reason):
    found = pinned(2, **changes)
    assert (found.size, found.reason) == (4, reason)


def test_in_an_outage_it_still_grows():
    assert pinned(6, readings=(FAILED,)).size == 6


def test_what_an_outage_should_have_at_least_is_not_asked_for_beside_it():
    lift = published(queue={"on_outage": OnOutage(timedelta(0), OutageBehavior.AT_LEAST, 8)})
    assert pinned(5, spec=lift, readings=(FAILED,)).size == 5


def test_a_paused_pool_stays():
    assert pinned(6, spec=published(mode=Mode.PAUSED)).size == 4


def test_an_slo_at_risk_holds_a_shrink():
    late = Memory(edits=Edits(asked=4), served=Served(minutes=((at(-60), 10, 100),)))
    assert pinned(2, spec=published(slo=Slo(timedelta(seconds=2))), memory=late).reason is Reason.SLO_AT_RISK


def test_a_window_with_a_lower_maximum_takes_it_down_by_steps():
    low = published(schedule=Schedule(outside=Limits(cap=3)), min_replicas=1)
    ripe = Memory(edits=Edits(asked=4), grace=Grace(at(-301), None, at(-1)))
    assert pinned(6, spec=low, memory=ripe).size == 3


def test_a_window_with_a_lower_maximum_holds_it_meanwhile():
    low = published(schedule=Schedule(outside=Limits(cap=3)), min_replicas=1)
    found = pinned(6, spec=low)
    assert (found.size, found.reason) == (4, Reason.ABOVE_WINDOW)


def test_starts_that_do_not_end_stop_its_growth():
    stuck = target(4, pods=(pod(0), *(loading(number, -1200) for number in (1, 2, 3))))
    assert pinned(6, target=stuck).size == 4


# Beside somebody else's writes


@pytest.mark.parametrize(
    ("ruling", "added", "kept"),
    [
        (Ruling(keep=True), 10, True),
        (Ruling(keep=True), -10, False),
        (Ruling(waiting=True), 10, False),
        (Ruling(restore=6), 10, False),
        (Ruling(conflict=True), -10, True),
    ],
)
def test_a_foreign_growth_after_it_stays_and_all_else_is_over(ruling, added, kept):
    edit = Edit("kubectl", at(added), 4, 6)
    assert pin.over(ruling, Pin(3, "kubectl", at(0)), edit) == (ruling if kept else NO_RULING)


def test_without_one_a_foreign_write_means_what_it_means():
    ruling = Ruling(waiting=True)
    assert pin.over(ruling, None, None) is ruling


def test_a_size_that_was_written_to_the_target_before_is_over():
    edited = Memory(edits=Edits(asked=4, edit=Edit("kubectl", at(-60), 6, 4)))
    _, memory = decide(SPEC, seen(target=target(4), pinned=Pinned(3, "kubectl")), edited, at(0))
    assert memory.edits.edit is None
