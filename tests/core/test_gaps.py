"""Days whose cost is not known: taken for days like them."""

from dataclasses import replace

import pytest

from past_days import past
from poolkeeper.core.gaps import costs_of, known

WEEK = (1, 2, 3, 4, 5, 6, 7)


def lacking(costs, *places):
    """Return days of these costs, those at some places not known whole."""
    return tuple(replace(day, whole=number not in places) for number, day in enumerate(past(costs)))


def test_days_that_are_known_cost_what_they_did():
    assert costs_of(past(WEEK)) == WEEK


def test_only_days_that_are_known_whole_are_known():
    assert [day.cost for day in known(lacking(WEEK, 0, 3))] == [2, 3, 5, 6, 7]


@pytest.mark.parametrize(
    ("costs", "places", "found"),
    [
        ((*WEEK, 0, 9), [7], (*WEEK, 1, 9)),  # as a week before
        ((0, *WEEK[1:], 8, 9, *WEEK[2:], 99), [0], (8, *WEEK[1:], 8, 9, *WEEK[2:], 99)),  # as a week after
        ((1, 0, 3), [1], (1, 2, 3)),  # a mean day
        ((5, 6), [0, 1], (0, 0)),
        ((), [], ()),
    ],
)
def test_a_day_that_is_not_known_costs_what_days_like_it_do(costs, places, found):
    assert costs_of(lacking(costs, *places)) == found
