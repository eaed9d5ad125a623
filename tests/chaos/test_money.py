"""Money: what pods cost by the watch, what the operator says that it may be off by, and all that is beyond."""

import json

import pytest

from chaos import money
from chaos.evidence import Span
from chaos.money import Account, Line, Looks, Stay

AWAKE = Looks([Span(0, 5000)], [0.0], {})
RESTARTED = Looks([Span(0, 1100), Span(1130, 5000)], [0.0, 1130.0], {"chat": [1060.0]})


def month(**tiers):
    return {
        "data": {
            "pool": json.dumps({"name": "chat"}),
            "2026-11-23.USD": json.dumps({"tiers": {name: {"cost": cost} for name, cost in tiers.items()}}),
        }
    }


def line(filed, due=1000.0, over=4.0, under=4.0, tier="on-demand"):
    return Line("chat", tier, Account(due, over, under), filed)


def told(lines):
    return [(wrong.what, wrong.words.split()[0]) for wrong in money.check(lines, 2000)]


def test_a_second_costs_a_cent_and_half_of_that_on_spot():
    stays = [Stay("chat", "on-demand", 1000, 1100), Stay("chat", "spot", 1000, 1100)]
    found = money.reckon(stays, AWAKE, 2000)
    assert [found["chat", tier].due for tier in money.PRICES] == pytest.approx([100, 50])


def test_one_that_is_there_counts_until_the_end():
    assert money.reckon([Stay("chat", "on-demand", 1000, float("inf"))], AWAKE, 2000)[
        "chat", "on-demand"
    ].due == pytest.approx(1000)


def test_under_one_leader_no_more_is_stated_than_what_goes_unseen():
    found = money.reckon([Stay("chat", "on-demand", 1000, 1100)], AWAKE, 2000)["chat", "on-demand"]
    assert (found.over, found.under) == pytest.approx((4, 4))


def test_one_that_went_while_nobody_looked_may_count_until_somebody_did():
    found = money.reckon([Stay("chat", "on-demand", 1000, 1110)], RESTARTED, 2000)["chat", "on-demand"]
    assert (found.over, found.under) == pytest.approx((24, 4))


def test_one_that_went_after_the_last_store_may_count_until_the_next_leader_looked():
    found = money.reckon([Stay("chat", "on-demand", 1000, 1090)], RESTARTED, 2000)["chat", "on-demand"]
    assert found.over == pytest.approx(44)


def test_one_that_went_before_several_were_killed_may_count_until_the_last_of_them_looked():
    looks = Looks(
        [Span(0, 1100), Span(1130, 1140), Span(1160, 5000)], [0.0, 1130.0, 1160.0], {"chat": [1060.0, 1170.0]}
    )
    found = money.reckon([Stay("chat", "on-demand", 1000, 1090)], looks, 2000)["chat", "on-demand"]
    assert found.over == pytest.approx(74)


def test_one_that_came_and_went_after_the_last_store_may_not_count():
    found = money.reckon([Stay("chat", "on-demand", 1070, 1090)], RESTARTED, 2000)["chat", "on-demand"]
    assert found.under == pytest.approx(24)


def test_one_that_is_there_when_somebody_begins_with_no_account_may_not_count_before():
    looks = Looks([Span(0, 1100), Span(1130, 5000)], [0.0, 1130.0], {"chat": [1200.0]})
    found = money.reckon([Stay("chat", "on-demand", 1100, float("inf"))], looks, 2000)["chat", "on-demand"]
    assert (found.over, found.under) == pytest.approx((4, 34))


def test_a_ledger_within_what_is_stated_is_right():
    assert told([line(1003.9), line(996.1)]) == []


def test_money_that_is_counted_twice_is_found():
    assert told([line(1050)]) == [("money counted twice", "46.0")]


def test_money_that_is_lost_is_found():
    assert told([line(900)]) == [("money lost", "96.0")]


def test_what_one_tier_has_too_much_hides_nothing_that_the_other_lacks():
    assert told([line(1050), line(950, tier="spot")]) == [("money counted twice", "46.0"), ("money lost", "46.0")]


def test_a_pool_of_which_the_ledger_has_nothing_is_found():
    found = money.ruled(["chat"], {("chat", "on-demand"): Account(1000, 4, 4)}, {})
    assert told(found) == [("money lost", "996.0")]


def test_money_on_a_tier_on_which_there_was_nothing_is_found():
    assert told(money.ruled(["chat"], {}, {("chat", "spot"): 5.0})) == [("money counted twice", "5.0")]


def test_a_line_that_may_be_anything_tells_nothing():
    assert [line(0, over=over).tells for over in (90, 100)] == [True, False]


def test_the_ledger_s_lines_of_tiers_are_read_and_overhead_is_not():
    found = money.filed([month(spot="1.50", **{"on-demand": "2.25"}, overhead="9")])
    assert found == {("chat", "on-demand"): 225.0, ("chat", "spot"): 150.0}


def test_as_of_when_an_account_was_stored_is_read_from_the_status(writes):
    made = {"status": {"memory": {"account": {"at": "1970-01-01T00:16:40Z"}}}}
    assert money.stored([writes("inferencepools/status", made)]) == {"chat": [1000.0]}
