"""What a report says of a week, from the ledger's days."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

import ledger_weeks
from ledger_weeks import LAST, POOLS, entries
from poolkeeper.api.allocation import allocate
from poolkeeper.api.periods import week_before
from poolkeeper.api.report import report, share_saved, standing
from poolkeeper.api.reported import Aside, Standing
from poolkeeper.core.days import Amount, Day, Line
from poolkeeper.core.teams import Overhead

MADE = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
WEEK = week_before(MADE.date())
BEFORE = week_before(WEEK.first)
LEDGER = list(entries())


def told(known=LEDGER, by="team"):
    return report(known, (WEEK, BEFORE), by, MADE, Aside())


@pytest.fixture(scope="module")
def part():
    (found,) = told().sections
    return found


def daily(cost, days, uid="u", **changes):
    """Return as many days that cost as much, the last one the week's last."""
    first = ledger_weeks.entry("chat", Day(LAST, Amount({"on-demand": Line(effective=Decimal(cost))})))
    days = [LAST - timedelta(days=number) for number in range(days)]
    return [replace(first, uid=uid, day=replace(first.day, on=on), **changes) for on in days]


def test_the_groups_are_the_whole(part):
    assert sum(row.now.amount.cost for row in part.groups) == part.total.now.amount.cost


def test_the_whole_is_what_the_ledger_has_of_the_week(part):
    mine = [entry for entry in LEDGER if WEEK.holds(entry.day.on)]
    assert part.total.now.amount.cost == sum(entry.day.amount.cost for entry in mine)


def test_what_bears_no_label_is_a_group(part):
    assert part.groups[-1].now.name is None


def test_a_group_stands_beside_what_it_was(part):
    (before,) = allocate([entry for entry in LEDGER if BEFORE.holds(entry.day.on)], "team")
    assert {row.now.name: row.before for row in part.groups} == {group.name: group for group in before.groups}


def test_the_trend_is_that_of_a_day(part):
    whole = part.total
    assert whole.trend == pytest.approx(float(whole.now.amount.cost / whole.before.amount.cost) - 1)


def test_nothing_is_compared_with_a_period_that_the_ledger_lacks_a_day_of():
    late = [entry for entry in LEDGER if entry.day.on > BEFORE.first]
    found = told(late)
    assert (found.is_compared, found.sections[0].total.trend) == (False, None)


def test_a_new_group_has_no_trend():
    fresh = daily(10, 7, uid="new", labels={"team": "new"})
    rows = {row.now.name: row for row in told([*LEDGER, *fresh]).sections[0].groups}
    assert rows["new"].trend is None


def test_what_came_after_the_period_is_not_in_it():
    later = [replace(entry, day=replace(entry.day, on=entry.day.on + timedelta(days=7))) for entry in LEDGER]
    known = [*LEDGER, *(entry for entry in later if entry.day.on > LAST)]
    assert told(known).sections == told().sections


def test_the_days_are_all_of_them_up_to_the_periods_last(part):
    assert [len(part.history), part.history[-1].on] == [91, LAST]


def test_a_day_without_entries_cost_nothing():
    known = [entry for entry in daily(10, 30) if entry.day.on != LAST - timedelta(days=3)]
    assert [day.cost for day in told(known).sections[0].history[-4:]] == [0, 10, 10, 10]


def test_the_next_ninety_days_are_expected_with_their_interval(part):
    assert (len(part.coming), part.coming[0][0]) == (90, LAST + timedelta(days=1))
    assert all(one.low <= one.amount <= one.high for _, one in part.coming)


def test_a_sum_is_that_of_its_days(part):
    month, quarter = part.sums
    assert float(month.expected.amount) == pytest.approx(sum(float(one.amount) for _, one in part.coming[:30]))
    assert float(quarter.expected.amount) == pytest.approx(sum(float(one.amount) for _, one in part.coming))


def test_a_forecast_says_how_far_off_such_were_where_there_are_days_enough(part):
    month, quarter = part.sums
    assert 0 < month.error < 0.05
    assert quarter.error is None


def test_a_ledger_of_one_day_expects_nothing():
    (found,) = told(daily(10, 1)).sections
    assert (found.sums, found.coming) == ((), ())


def test_days_that_rarely_cost_anything_tell_nothing_of_those_to_come():
    rare = [entry for entry in daily(10, 30) if entry.day.on.weekday() == 2]
    (found,) = told(rare + daily(0, 30, uid="idle")).sections
    assert (found.sums, found.coming) == ((), ())


def test_days_that_the_ledger_has_nothing_of_are_named_and_cost_no_zero():
    missing = {LAST, LAST - timedelta(days=3)}
    found = told([entry for entry in daily(10, 30) if entry.day.on not in missing])
    (part,) = found.sections
    assert (found.lacking, part.total.trend, part.sums[0].expected.amount) == (tuple(sorted(missing)), 0, 300)


def test_days_before_the_ledger_begins_are_not_named_one_by_one():
    assert told(daily(10, 3)).lacking == ()


def test_the_day_that_was_off_is_told_with_its_pool_and_its_driver(part):
    (odd,) = part.odd
    assert (odd.pool, odd.day.on) == ("inference/code", ledger_weeks.ODD)
    assert "on-demand" in odd.day.drivers[0]


def test_a_day_off_in_another_week_is_none_of_this_one():
    found = report(LEDGER, (BEFORE, week_before(BEFORE.first)), "team", MADE, Aside())
    assert found.sections[0].odd == ()


def test_an_overhead_is_borne_in_its_own_currency():
    aside = Aside(overheads=(Overhead("network", Decimal(300)), Overhead("people", Decimal(900), "EUR")))
    (found,) = report(LEDGER, (WEEK, BEFORE), "team", MADE, aside).sections
    assert [(one.overhead.name, one.amount) for one in found.overheads] == [("network", 70)]


def test_currencies_are_never_added():
    euros = daily(10, 7, uid="eu", currency="EUR")
    found = told([*LEDGER, *euros]).sections
    assert [(one.currency, len(one.pools)) for one in found] == [("EUR", 1), ("USD", len(POOLS))]


def test_a_pool_of_several_clusters_says_which():
    far = [replace(entry, cluster="far") for entry in LEDGER]
    odd = {one.pool for one in told([*LEDGER, *far]).sections[0].odd}
    assert odd == {"prod/inference/code", "far/inference/code"}


def test_an_empty_ledger_is_reported_as_such():
    found = told([])
    assert (found.sections, found.begins, found.is_compared, found.clusters) == ((), None, False, ())


def test_a_kind_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="must be one of"):
        told(by="mood")


def test_savings_are_a_share_of_what_the_baselines_would_have_cost(part):
    saved = part.total.now.amount.savings
    assert share_saved(part.total.now) == saved.total / saved.baseline


def test_without_a_baseline_no_share_is_saved():
    assert share_saved(told(daily(10, 7)).sections[0].total.now) is None


STATUS = {"slo": "99.2%", "cost": {"budget": {"monthly": "100"}}}


@pytest.mark.parametrize(
    ("status", "known"),
    [({"status": STATUS}, Standing("99.2%", {"monthly": "100"})), ({}, Standing()), ({"status": {}}, Standing())],
)
def test_a_pools_status_says_what_the_ledger_does_not(status, known):
    pool = {"metadata": {"namespace": "inference", "name": "chat"}, **status}
    assert standing(pool) == ("inference/chat", known)


def test_the_ledgers_days_begin_where_it_does():
    assert told().begins == date(2026, 8, 24)
