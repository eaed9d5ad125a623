"""Money: what pods cost by the watch, what the operator says that it may be off by, and all that is beyond."""

import json

import pytest

from chaos import money
from chaos.evidence import Span
from chaos.money import Account, Looks, Stay

AWAKE = Looks([Span(0, 5000)], [0.0], {})
RESTARTED = Looks([Span(0, 1100), Span(1130, 5000)], [0.0, 1130.0], {"chat": [1060.0]})


def month(**tiers):
    return {
        "data": {
            "pool": json.dumps({"name": "chat"}),
            "2026-11-23.USD": json.dumps({"tiers": {name: {"cost": cost} for name, cost in tiers.items()}}),
        }
    }


def test_a_second_costs_a_cent_and_half_of_that_on_spot():
    stays = [Stay("chat", "on-demand", 1000, 1100), Stay("chat", "spot", 1000, 1100)]
    assert money.reckon(stays, AWAKE, 2000)["chat"].due == pytest.approx(150)


def test_one_that_is_there_counts_until_the_end():
    assert money.reckon([Stay("chat", "on-demand", 1000, float("inf"))], AWAKE, 2000)["chat"].due == pytest.approx(1000)


def test_under_one_leader_no_more_is_stated_than_what_goes_unseen():
    found = money.reckon([Stay("chat", "on-demand", 1000, 1100)], AWAKE, 2000)["chat"]
    assert (found.over, found.under) == pytest.approx((4, 4))


def test_one_that_went_while_nobody_looked_may_count_until_somebody_did():
    found = money.reckon([Stay("chat", "on-demand", 1000, 1110)], RESTARTED, 2000)["chat"]
    assert (found.over, found.under) == pytest.approx((24, 4))


def test_one_that_went_after_the_last_store_may_count_until_the_next_leader_looked():
    found = money.reckon([Stay("chat", "on-demand", 1000, 1090)], RESTARTED, 2000)["chat"]
    assert found.over == pytest.approx(44)


def test_one_that_came_and_went_after_the_last_store_may_not_count():
    found = money.reckon([Stay("chat", "on-demand", 1070, 1090)], RESTARTED, 2000)["chat"]
    assert found.under == pytest.approx(24)


def test_one_that_is_there_when_somebody_begins_with_no_account_may_not_count_before():
    looks = Looks([Span(0, 1100), Span(1130, 5000)], [0.0, 1130.0], {"chat": [1200.0]})
    found = money.reckon([Stay("chat", "on-demand", 1100, float("inf"))], looks, 2000)["chat"]
    assert (found.over, found.under) == pytest.approx((4, 34))


def test_a_ledger_within_what_is_stated_is_right():
    assert money.check({"chat": Account(1000, 4, 4)}, {"chat": 1003.9}, 2000) == []


def test_money_that_is_counted_twice_is_found():
    found = money.check({"chat": Account(1000, 4, 4)}, {"chat": 1050}, 2000)
    assert [(wrong.what, wrong.words.split()[0]) for wrong in found] == [("money counted twice", "46.0")]


def test_money_that_is_lost_is_found():
    found = money.check({"chat": Account(1000, 4, 4)}, {"chat": 900}, 2000)
    assert [(wrong.what, wrong.words.split()[0]) for wrong in found] == [("money lost", "96.0")]


def test_a_pool_of_which_the_ledger_has_nothing_is_found():
    assert len(money.check({"chat": Account(1000, 4, 4)}, {}, 2000)) == 1


def test_the_ledger_s_lines_of_tiers_are_added_up_and_overhead_is_not():
    assert money.filed([month(spot="1.50", **{"on-demand": "2.25"}, overhead="9")]) == {"chat": 375.0}


def test_as_of_when_an_account_was_stored_is_read_from_the_status(writes):
    made = {"status": {"memory": {"account": {"at": "1970-01-01T00:16:40Z"}}}}
    assert money.stored([writes("inferencepools/status", made)]) == {"chat": [1000.0]}
