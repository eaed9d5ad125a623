"""What becomes of a decision that was carried out in part."""

from dataclasses import replace

import pytest

from builders import at
from poolkeeper.core.decision import Decision, Health, Share
from poolkeeper.core.memory import Edits, Grace, Memory, Tiers
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.sibling import Standing
from poolkeeper.shell.turn import carried_out, undone, with_standing

BEFORE = Memory(grace=Grace(at(0)), edits=Edits(10), tiers=Tiers(asked={"spot": 9, "on-demand": 1}))
AFTER = Memory(grace=Grace(at(9)), edits=Edits(20), tiers=Tiers(asked={"spot": 18, "on-demand": 2}))
GROWTH = Decision(10, 20, 20, Reason.QUEUE_ABOVE, shares=(Share("spot", 9, 18, 18), Share("on-demand", 1, 2, 2)))
BEHIND = Standing(Reason.SIBLING_BEHIND, "others own it")


def test_what_was_carried_out_is_remembered_as_it_was_decided():
    assert undone(AFTER, BEFORE, GROWTH, {"spot": "7", "on-demand": "8"}) is AFTER


@pytest.mark.parametrize(
    ("written", "asked"),
    [({}, {"spot": 9, "on-demand": 1}), ({"on-demand": "8"}, {"spot": 9, "on-demand": 2})],
)
def test_what_was_not_carried_out_is_asked_for_again(written, asked):
    kept = undone(AFTER, BEFORE, GROWTH, written)
    assert (kept.edits, kept.tiers.asked) == (BEFORE.edits, asked)


def test_a_tier_that_does_not_move_needs_no_write():
    still = replace(GROWTH, shares=(Share("spot", 9, 18, 18), Share("on-demand", 1, 1, 1)))
    assert undone(AFTER, BEFORE, still, {"spot": "7"}) is AFTER


@pytest.mark.parametrize(("size", "clock"), [(20, AFTER.grace), (9, BEFORE.grace)])
def test_the_grace_clock_runs_on_where_a_shrink_was_not_carried_out(size, clock):
    assert undone(AFTER, BEFORE, replace(GROWTH, size=size), {}).grace is clock


def test_a_pool_of_one_tier_remembers_no_tiers():
    one = Decision(2, 3, 3, Reason.QUEUE_ABOVE, shares=(Share("on-demand", 2, 3, 3),))
    assert undone(Memory(), Memory(), one, {}).tiers.asked == {}


def test_only_the_tiers_that_were_written_are_told_of():
    shares = carried_out(GROWTH, {"on-demand": "8"}).shares
    assert [(one.tier, one.found, one.size) for one in shares] == [("spot", 9, 9), ("on-demand", 1, 2)]


@pytest.mark.parametrize(
    ("split", "told"),
    [(Reason.AS_EXPECTED, Reason.SIBLING_BEHIND), (Reason.SPOT_SHORT, Reason.SPOT_SHORT)],
)
def test_what_is_wrong_with_the_sibling_is_told_unless_worse_is(split, told):
    found = with_standing(replace(GROWTH, health=Health(split=split)), BEHIND)
    assert found.health.split is told


def test_a_sibling_that_is_as_it_should_be_needs_no_word():
    whole = replace(GROWTH, health=Health(split=Reason.AS_EXPECTED))
    assert with_standing(whole, Standing()) is whole
