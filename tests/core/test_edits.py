"""R10: what a write by somebody else means."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, target
from poolkeeper.core.edits import Ruling, follow, notice, put_off, rule, settle
from poolkeeper.core.memory import Edit, Edits

GRACE = timedelta(minutes=5)
HOUR = 3600


def foreign(replicas: int):
    return target(replicas, ours=False, writer="kubectl")


def edit(theirs: int, ours: int = 6, second: float = 0) -> Edit:
    return Edit("kubectl", at(second), ours, theirs)


def ruled(edits: Edits, now: float) -> Ruling:
    return rule(edits, 2, GRACE, at(now))


def test_the_first_look_finds_no_edit():
    assert notice(Edits(), foreign(4), at(0)) == Edits()


def test_the_size_we_asked_for_is_no_edit():
    assert notice(Edits(asked=6), foreign(6), at(0)) == Edits(asked=6)


def test_a_size_of_our_own_from_before_a_restart_is_no_edit():
    assert notice(Edits(asked=6, edit=edit(4)), target(5), at(0)) == Edits(asked=5)


@pytest.mark.parametrize("theirs", [1, 4, 9])
def test_another_writers_size_is_an_edit(theirs):
    assert notice(Edits(asked=6), foreign(theirs), at(0)) == Edits(asked=theirs, edit=edit(theirs))


@pytest.mark.parametrize(
    ("before", "theirs", "ours"),
    [
        (Edits(asked=4, edit=edit(4)), 3, 6),
        (Edits(asked=4, edit=edit(4)), 5, 6),
        (Edits(asked=4, edit=edit(4)), 9, 6),
        (Edits(asked=9, edit=edit(9)), 7, 6),
        (Edits(asked=9, edit=edit(9)), 4, 6),
        (Edits(asked=10, edit=edit(9)), 7, 10),
        (Edits(asked=8, edit=edit(9)), 7, 8),
        (Edits(asked=5, edit=edit(4)), 3, 6),
        (Edits(asked=7, edit=edit(4)), 3, 7),
    ],
)
def test_a_second_edit_is_measured_against_our_own_size(before, theirs, ours):
    assert notice(before, foreign(theirs), at(9)).edit == edit(theirs, ours, second=9)


@pytest.mark.parametrize("before", [4, 9])
def test_an_edit_taken_back_by_hand_never_was(before):
    assert notice(Edits(asked=before, edit=edit(before)), foreign(6), at(9)) == Edits(asked=6)


def test_a_shrink_written_again_over_our_growth_counts_as_restored():
    before = Edits(asked=5, edit=edit(4))
    assert notice(before, foreign(4), at(9)).restored == (at(9),)


def test_a_shrink_that_goes_on_counts_nothing():
    assert notice(Edits(asked=4, edit=edit(4)), foreign(3), at(9)).restored == ()


def test_what_was_restored_is_forgotten_after_an_hour():
    before = Edits(asked=6, restored=(at(0), at(1)))
    assert notice(before, target(6), at(HOUR)).restored == (at(1),)


def test_without_an_edit_nothing_is_ruled():
    assert ruled(Edits(asked=6), 0) == Ruling()


def test_a_growth_stays_for_an_hour():
    edits = Edits(asked=9, edit=edit(9))
    assert ruled(edits, HOUR - 1) == Ruling(keep=True, until=at(HOUR))


def test_a_growth_is_like_any_other_size_after_an_hour():
    assert ruled(Edits(asked=9, edit=edit(9)), HOUR) == Ruling()


@pytest.mark.parametrize("theirs", [2, 5])
def test_a_shrink_waits_for_the_grace_period(theirs):
    assert ruled(Edits(asked=theirs, edit=edit(theirs)), 299) == Ruling(waiting=True, until=at(300))


def test_a_shrink_is_restored_after_the_grace_period():
    assert ruled(Edits(asked=4, edit=edit(4)), 300) == Ruling(restore=6)


def test_a_write_under_the_floor_is_restored_at_once():
    assert ruled(Edits(asked=1, edit=edit(1)), 0) == Ruling(restore=6)


@pytest.mark.parametrize("theirs", [1, 4])
def test_the_third_shrink_within_an_hour_is_a_conflict_until_the_first_is_an_hour_ago(theirs):
    edits = Edits(asked=theirs, edit=edit(theirs, second=20), restored=(at(0), at(10)))
    assert ruled(edits, 20) == Ruling(conflict=True, until=at(HOUR))


def test_the_second_shrink_within_an_hour_is_restored():
    assert ruled(Edits(asked=1, edit=edit(1, second=20), restored=(at(0),)), 20) == Ruling(restore=6)


def test_a_growth_is_never_a_conflict():
    assert ruled(Edits(asked=9, edit=edit(9), restored=(at(0), at(0), at(0))), 1).keep


def test_what_was_restored_is_counted_and_over():
    settled = settle(Edits(asked=1, edit=edit(1), restored=(at(0),)), Ruling(restore=6), 6, at(9))
    assert settled == Edits(asked=6, restored=(at(0), at(9)))


def test_what_a_cap_let_through_in_part_is_counted_as_well():
    settled = settle(Edits(asked=1, edit=edit(1, ours=10)), Ruling(restore=10), 8, at(9))
    assert settled == Edits(asked=8, restored=(at(9),))


def test_what_a_cap_did_not_let_through_at_all_is_over_and_not_counted():
    settled = settle(Edits(asked=9, edit=edit(9, ours=10)), Ruling(restore=10), 9, at(9))
    assert settled == Edits(asked=9)


def test_a_shrink_that_waits_stays_in_force():
    before = Edits(asked=4, edit=edit(4))
    assert settle(before, Ruling(waiting=True), 5, at(9)) == replace(before, asked=5)


def test_a_shrink_that_the_queue_grows_over_counts_as_restored():
    settled = settle(Edits(asked=4, edit=edit(4)), Ruling(waiting=True), 6, at(9))
    assert settled == Edits(asked=6, restored=(at(9),))


def test_a_growth_that_is_kept_stays_in_force():
    before = Edits(asked=9, edit=edit(9))
    assert settle(before, Ruling(keep=True), 10, at(9)) == replace(before, asked=10)


def test_a_growth_that_is_over_counts_nothing():
    assert settle(Edits(asked=9, edit=edit(9)), Ruling(), 10, at(9)) == Edits(asked=10)


def test_without_an_edit_only_the_size_is_remembered():
    assert settle(Edits(asked=6, restored=(at(0),)), Ruling(), 7, at(9)) == Edits(asked=7, restored=(at(0),))


def test_a_frozen_pool_follows_what_it_finds():
    before = Edits(asked=6, edit=edit(4), restored=(at(0),))
    assert follow(before, foreign(3)) == Edits(asked=3, restored=(at(0),))


def test_a_restore_that_cannot_be_had_now_waits():
    assert put_off(Ruling(restore=6)) == Ruling(waiting=True)
    assert put_off(Ruling(keep=True)) == Ruling(keep=True)
