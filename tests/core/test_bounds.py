"""R0: floors, holds and caps, one stage at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, published, target
from poolkeeper.core import bounds
from poolkeeper.core.depth import Depth
from poolkeeper.core.edits import Ruling
from poolkeeper.core.forecast import Outlook
from poolkeeper.core.look import Look
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import OnOutage, OutageBehavior
from poolkeeper.core.reasons import Reason
from poolkeeper.core.schedule import Bounds
from poolkeeper.core.startup import Capacity

SPEC = published()
AT_LEAST = published(queue={"on_outage": OnOutage(timedelta(seconds=30), OutageBehavior.AT_LEAST, 5)})


def view(current: int = 4, *, since: float | None = None, **capacity) -> Look:
    known = {"ready": current, "settled": current, "coming": 0} | capacity
    memory = Memory(outage_since=None if since is None else at(since))
    return Look(target(current), Depth(fault=Reason.METRIC_TIMEOUT), Capacity(**known), memory, Bounds(2, 8))


@pytest.mark.parametrize(
    ("ruling", "after", "reason"),
    [
        (Ruling(), 4, Reason.AS_EXPECTED),
        (Ruling(restore=6), 6, Reason.EDIT_RESTORED),
        (Ruling(restore=3), 4, Reason.AS_EXPECTED),
        (Ruling(keep=True), 4, Reason.EDIT_KEPT),
        (Ruling(waiting=True), 4, Reason.EDIT_GRACE),
    ],
)
def test_a_foreign_write_lifts_the_size_once_its_time_has_come(ruling, after, reason):
    stage = bounds.edited(4, ruling)
    assert (stage.before, stage.after, stage.reason) == (4, after, reason)


@pytest.mark.parametrize(
    ("since", "now", "before", "after", "reason"),
    [
        (None, 99, 3, 3, Reason.AS_EXPECTED),
        (0, 0, 3, 4, Reason.OUTAGE_AT_LEAST),
        (0, 0, 4, 4, Reason.OUTAGE),
        (0, 29, 4, 4, Reason.OUTAGE),
        (0, 30, 4, 5, Reason.OUTAGE_AT_LEAST),
        (0, 30, 6, 6, Reason.OUTAGE),
    ],
)
def test_an_outage_holds_and_later_keeps_at_least_what_was_asked_for(since, now, before, after, reason):
    stage = bounds.outage(before, AT_LEAST, view(since=since), at(now))
    assert (stage.after, stage.reason) == (after, reason)


def test_an_outage_only_holds_where_nothing_else_was_asked_for():
    assert bounds.outage(4, SPEC, view(since=0), at(9999)).after == 4


def test_an_outage_says_how_long_and_what():
    facts = bounds.outage(4, SPEC, view(since=0), at(12)).facts
    assert facts == {"lasted": 12, "after": 30, "fault": Reason.METRIC_TIMEOUT}


@pytest.mark.parametrize(("before", "after", "reason"), [(1, 2, Reason.BELOW_MINIMUM), (2, 2, Reason.AS_EXPECTED)])
def test_the_floor_lifts(before, after, reason):
    stage = bounds.floor(before, SPEC, view())
    assert (stage.after, stage.reason) == (after, reason)


@pytest.mark.parametrize(
    ("before", "current", "expected", "after", "reason"),
    [
        (6, 4, 0, 4, Reason.BUDGET_HELD),
        (6, 4, 6, 4, Reason.BUDGET_HELD),
        (6, 1, 6, 2, Reason.BUDGET_HELD),
        (2, 1, 0, 2, Reason.AS_EXPECTED),
        (3, 4, 6, 3, Reason.AS_EXPECTED),
    ],
)
def test_a_budget_that_is_used_up_holds_what_a_forecast_asks_for_beyond_the_floor(
    before, current, expected, after, reason
):
    stage = bounds.hold(before, replace(view(current), spent=True, outlook=Outlook(expected)))
    assert (stage.after, stage.reason) == (after, reason)


def test_nothing_is_held_while_the_budget_lasts():
    assert bounds.hold(6, view()).after == 6


@pytest.mark.parametrize(
    ("before", "current", "after", "reason"),
    [
        (8, 7, 8, Reason.AS_EXPECTED),
        (9, 8, 8, Reason.AT_MAXIMUM),
        (8, 8, 8, Reason.AS_EXPECTED),
        (20, 20, 20, Reason.ABOVE_MAXIMUM),
        (22, 20, 20, Reason.ABOVE_MAXIMUM),
        (19, 20, 19, Reason.ABOVE_MAXIMUM),
        (8, 9, 8, Reason.ABOVE_MAXIMUM),
    ],
)
def test_the_maximum_caps_growth_and_never_cuts(before, current, after, reason):
    stage = bounds.maximum(before, SPEC, view(current))
    assert (stage.after, stage.reason) == (after, reason)


@pytest.mark.parametrize(
    ("before", "blocked", "after", "reason"),
    [
        (6, False, 6, Reason.AS_EXPECTED),
        (6, True, 4, Reason.STARTUP_BLOCKED),
        (4, True, 4, Reason.AS_EXPECTED),
        (3, True, 3, Reason.AS_EXPECTED),
    ],
)
def test_stuck_starts_stop_growth_alone(before, blocked, after, reason):
    stage = bounds.startable(before, view(blocked=blocked, overdue=2, words="no node"))
    assert (stage.after, stage.reason) == (after, reason)


def test_a_stop_repeats_the_words_of_what_is_stuck():
    stage = bounds.startable(6, view(blocked=True, overdue=2, words="no node"))
    assert stage.facts == {"overdue": 2, "words": "no node"}


def test_limits_are_named():
    facts = [bounds.floor(4, SPEC, view()).facts, bounds.maximum(4, SPEC, view()).facts]
    assert facts == [{"minReplicas": 2}, {"maxReplicas": 8}]
