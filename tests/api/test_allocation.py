"""Who spent what: groups that add up, and amounts that are rounded so that they do."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import MONDAY, entry, line
from poolkeeper.api.allocation import Group, allocate, naming, newest, rounded, within
from poolkeeper.core.days import Amount, Savings, Use

TUESDAY = MONDAY + timedelta(days=1)
AMOUNTS = st.lists(st.decimals(-1000, 1000, places=9), max_size=20)


def names(entries, kind):
    """Return the groups of the only currency, with their cost."""
    (found,) = allocate(entries, kind)
    return {group.name: group.cost for group in found.groups}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("team", "search"),
        ("label:cost-center", "cc-1"),
        ("pool", "inference/chat"),
        ("namespace", "inference"),
        ("day", "2026-11-02"),
        ("tier", "on-demand"),
    ],
)
def test_a_day_belongs_to_the_group_of_its_kind(kind, name):
    assert names([entry(labels={"team": "search", "cost-center": "cc-1"})], kind) == {name: 3}


@pytest.mark.parametrize("kind", ["cost", "label:", "pools"])
def test_another_kind_is_refused(kind):
    with pytest.raises(ValueError, match="must be one of team, model"):
        naming(kind)


def test_what_bears_no_label_is_unallocated_and_last():
    found = names([entry(labels={"team": ""}), entry(labels={"team": "search"}), entry()], "team")
    assert list(found.items()) == [("search", 3), (None, 6)]


def test_pools_of_one_name_in_several_clusters_are_told_apart():
    assert set(names([entry(), entry(cluster="dev", uid="uid-2")], "pool")) == {
        "prod/inference/chat",
        "dev/inference/chat",
    }


def test_the_dearest_group_is_first():
    dear = entry(Amount({"spot": line(cost="5")}), name="dear")
    assert list(names([entry(), dear], "pool")) == ["inference/dear", "inference/chat"]


def test_days_stand_in_their_order():
    dear = entry(Amount({"spot": line(cost="5")}), on=TUESDAY)
    assert list(names([dear, entry()], "day")) == ["2026-11-02", "2026-11-03"]


def test_a_day_is_shared_out_over_its_tiers():
    both = Amount({"spot": line(cost="1"), "on-demand": line()}, savings=Savings(baseline=Decimal(9)))
    assert names([entry(both)], "tier") == {"on-demand": 3, "spot": 1}


def test_currencies_are_never_added():
    found = allocate([entry(), entry(currency="EUR")], "team")
    assert [(one.currency, one.total.cost) for one in found] == [("EUR", 3), ("USD", 3)]


def test_all_groups_are_the_total():
    (found,) = allocate([entry(), entry(name="other"), entry(on=TUESDAY)], "pool")
    assert (found.total.cost, found.total.gpu_hours, found.total.listed) == (9, 3, 9)


@pytest.mark.parametrize("unknown", ["unpriced", "uncounted"])
def test_a_cost_that_is_not_known_is_not_zero(unknown):
    assert Group("chat", Amount({"spot": line(cost="0", **{unknown: Decimal(1)})})).cost is None


def test_a_cost_that_is_zero_is_told():
    assert Group("chat", Amount()).cost == 0


def test_savings_without_a_baseline_are_not_known():
    assert Group("chat", Amount()).savings is None


def test_savings_are_those_of_all_causes():
    saved = Savings(Decimal(1), Decimal(2), Decimal(3), Decimal(20))
    assert Group("chat", Amount(savings=saved)).savings == 6


@pytest.mark.parametrize(("use", "share"), [(Use(), None), (Use(ready_hours=4, idle_hours=1), 0.25)])
def test_idle_is_a_share_of_ready_hours(use, share):
    assert Group("chat", Amount(use=use)).idle == share


def used(**changes):
    return Group("chat", Amount({"spot": line(cost="3", **changes)}, use=Use(6, 1_000_000, 500_000)))


def test_a_request_and_a_million_tokens_have_a_price():
    group = used()
    assert (group.per_request, group.per_million_tokens) == (Decimal("0.5"), 2)


def test_output_is_dearer_than_prompts():
    assert float(used().per_million_generated / used().per_million_prompt) == pytest.approx(2.5)


@pytest.mark.parametrize("unknown", ["unpriced", "uncounted"])
def test_a_part_that_is_not_known_leaves_no_price_for_a_request(unknown):
    assert used(**{unknown: Decimal(1)}).per_request is None


def test_nothing_that_was_done_has_no_price():
    assert Group("chat", Amount({"spot": line()})).per_million_tokens is None


def test_days_from_one_to_another_are_both_included():
    days = [entry(on=MONDAY + timedelta(days=number)) for number in range(4)]
    found = within(days, lambda _: TUESDAY, lambda _: TUESDAY + timedelta(days=1))
    assert [one.day.on for one in found] == [TUESDAY, TUESDAY + timedelta(days=1)]


def test_the_last_source_of_a_day_counts_once():
    newer = entry(Amount({"on-demand": line(cost="4")}))
    assert newest([entry(), entry(on=TUESDAY)], [newer]) == [newer, entry(on=TUESDAY)]


def test_amounts_are_rounded_by_largest_remainder():
    third = Decimal(1) / 3
    assert rounded([third, third, third]) == [Decimal("0.34"), Decimal("0.33"), Decimal("0.33")]


@given(AMOUNTS)
def test_what_is_shown_adds_up_to_the_total_that_is_shown(amounts):
    assert sum(rounded(amounts), Decimal(0)) == rounded([sum(amounts, Decimal(0))])[0]


@given(AMOUNTS)
def test_nothing_is_rounded_by_a_cent_or_more(amounts):
    assert all(abs(shown - amount) < Decimal("0.01") for shown, amount in zip(rounded(amounts), amounts, strict=True))


def test_a_day_in_two_currencies_is_two():
    euros = replace(entry(), currency="EUR")
    assert newest([entry(), euros], [entry()]) == [euros, entry()]
