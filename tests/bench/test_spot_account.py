from decimal import Decimal

import pytest
from spot_account import HEADER, Account, Moment, Row, account, together

# a hole of two for half a minute, across the turn of a minute; a third machine of on-demand from 90 s on
HOLE = [Moment(0, 3, 1, 2, 0), Moment(50, 1, 1, 2, 1), Moment(80, 3, 1, 2, 1), Moment(90, 3, 3, 2, 4)]


def test_time_with_all_that_is_wanted_leaves_out_the_hole():
    assert (account(HOLE, 3, 120).whole, account(HOLE, 3, 120).availability) == (90, 0.75)


def test_what_is_missing_is_summed_over_replicas_and_seconds():
    assert (account(HOLE, 3, 120).missing, account(HOLE, 3, 120).served) == (60, 1 - 60 / 360)


def test_worst_minute_is_the_one_with_most_of_the_hole():
    assert account(HOLE, 3, 120).worst_minute == 3 - 2 * 20 / 60


def test_more_than_is_wanted_makes_up_for_nothing():
    assert account([Moment(0, 9, 0, 0, 0), Moment(60, 2, 0, 0, 0)], 3, 120).missing == 60


def test_machines_are_paid_while_they_stand():
    spent = account(HOLE, 3, 120)
    assert (spent.on_demand, spent.spot) == (90 + 3 * 30, 240)


def test_cost_is_the_price_of_each_kind_by_the_hour():
    assert account([Moment(0, 3, 1, 2, 0)], 3, 7200).cost == 2 * Decimal("3.00") + 4 * Decimal("0.90")


def test_writes_are_those_since_the_first_moment():
    assert account(HOLE, 3, 120).writes == 4


def test_nothing_played_gives_no_account():
    with pytest.raises(ValueError, match="nothing was played"):
        account([], 3, 120)


def test_two_pools_together_are_their_sums_and_the_worse_minute():
    one, other = account(HOLE, 3, 120), account([Moment(0, 3, 0, 3, 0)], 3, 120)
    assert together([one, other]) == Account(240, 720, 210, 60, 180, 600, 4, one.worst_minute)


def test_row_sets_the_cost_beside_that_of_the_baseline():
    spot, dear = account([Moment(0, 3, 0, 3, 0)], 3, 3600), account([Moment(0, 3, 3, 0, 0)], 3, 3600)
    row = Row.of("zone-a", "spot", spot, dear)
    assert (row.cost_dollars, row.cost_percent) == (2.7, 30.0)


def test_line_stands_under_its_header():
    row = Row("zone-a", "spot, no fallback", 99.5, 99.9, 12.34, 7, 352, 3022, 3777.2, 35.7, 62)
    assert len(row.line()) == len(HEADER.splitlines()[0])
