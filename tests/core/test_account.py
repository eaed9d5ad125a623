"""An account: what goes into which day, what is filed when, and when a budget is used up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from builders import START, published, seen
from poolkeeper.core.account import (
    Account,
    Measured,
    Month,
    Past,
    balance,
    file,
    history,
    keep,
    month_to_date,
    per_hour,
    settled,
    untargeted,
)
from poolkeeper.core.costing import Baseline, Budget, Costing, Enforce
from poolkeeper.core.days import NOTHING, OVERHEAD, Amount, Day, Line, Use, total
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edits, Memory
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import Mode, PoolSpec
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental
from poolkeeper.core.use import Counting

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)
NOON = MIDNIGHT + timedelta(hours=12)
TODAY, TOMORROW, YESTERDAY = date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 21)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
OWN = {"on-demand": Decimal(3)}
BUDGET = Budget(Decimal(300), enforce=Enforce.HOLD_SCALE_UP)
RENTAL = Rental("on-demand", Place(), Decimal(1))


def pool(mode=Mode.ACTIVE, **costing):
    return PoolSpec(1, 8, mode=mode, cost=Costing(**{"prices": OWN} | costing))


SPEC = pool()


def bill(count=2, since=MIDNIGHT):
    return Bill(tuple(Billed(f"uid-{number}", RENTAL, since) for number in range(count)), BOOK)


BOOK = Bill().book


def kept(*looks, spec=SPEC, account=Account()):  # noqa: B008  a frozen value
    """Return an account after looks: (instant, bill), or (instant, bill, spec)."""
    for at, found, *other in looks:
        account = keep(account, *other or (spec,), found, None, at)
    return account


def costs(days):
    return {day.on: day.amount.cost for day in days}


def spent(cost, on=TODAY):
    return Day(on, Amount({"on-demand": Line(effective=Decimal(cost))}))


def test_a_look_that_changes_nothing_leaves_the_account_as_it_is():
    same = bill()
    account = kept((NOON, same))
    assert keep(account, SPEC, same, None, NOON + HOUR) is account


def test_what_has_come_together_by_now_is_in_no_day_until_something_changes():
    account = kept((NOON, bill()))
    assert (account.days, costs(settled(account, NOON + HOUR))) == ((), {TODAY: 6})


def test_midnight_is_a_change():
    assert costs(kept((NOON, bill()), (MIDNIGHT + DAY, bill())).days) == {TODAY: 72}


def test_days_are_those_of_the_pools_zone():
    account = kept((NOON, bill()), spec=pool(timezone="Asia/Kathmandu"))  # +05:45
    assert costs(settled(account, NOON + 12 * HOUR)) == {TODAY: Decimal("37.5"), TOMORROW: Decimal("34.5")}


def test_an_empty_account_has_no_days():
    assert settled(Account(), NOON) == ()


def test_the_month_to_date_is_what_is_filed_and_what_is_not():
    account = replace(kept((NOON, bill())), month=Month(date(2026, 11, 1), spent(100).amount))
    assert month_to_date(account, NOON + HOUR, TODAY).cost == 106


def test_a_new_month_begins_at_nothing():
    last = datetime(2026, 11, 30, 23, tzinfo=UTC)
    account = replace(kept((last, bill())), month=Month(date(2026, 11, 1), spent(100).amount))
    assert month_to_date(account, last + 2 * HOUR, date(2026, 12, 1)).cost == 6


def test_an_hour_costs_what_is_rented_now():
    assert per_hour(kept((NOON, bill(3))), NOON).cost == 9


def test_an_hour_of_a_pool_that_was_never_metered_costs_nothing():
    assert per_hour(Account(), NOON) is NOTHING


def closed():
    """Return an account with a day that is over, and that day."""
    account = kept((NOON, bill()), (MIDNIGHT + DAY, bill()))
    return account, account.days[0]


def test_a_filed_day_moves_to_the_month_and_to_the_past():
    account, day = closed()
    filed = file(account, [day], TOMORROW)
    assert (filed.days, filed.month) == ((), Month(date(2026, 11, 1), replace(day.amount, machines={})))
    assert filed.past == (Past(TODAY, Decimal(72), (("on-demand", Decimal(24), Decimal(72)),)),)


def test_a_day_without_a_price_is_remembered_as_such():
    lost = Day(TODAY, Amount({"on-demand": Line(unpriced=Decimal(1))}))
    assert [one.whole for one in history(Account(days=(spent(3, YESTERDAY), lost)), TOMORROW)] == [True, False]


def test_a_day_is_filed_once():
    account, day = closed()
    filed = file(account, [day], TOMORROW)
    assert file(filed, [day], TOMORROW) is filed


def test_the_month_to_date_is_the_same_before_and_after_filing():
    account, day = closed()
    before, after = (
        month_to_date(one, MIDNIGHT + 25 * HOUR, TOMORROW) for one in (account, file(account, [day], TOMORROW))
    )
    assert before == replace(after, machines=before.machines)


def test_a_day_that_is_not_over_is_not_filed():
    account, day = closed()
    assert file(account, [day], TODAY) is account


def test_a_day_that_has_changed_since_it_was_written_is_not_filed():
    account, _ = closed()
    assert file(account, [spent(71)], TOMORROW) is account


def test_a_day_that_the_meter_has_not_left_is_not_filed():
    account = replace(kept((NOON, bill(0))), days=(spent(5),))
    assert file(account, [spent(5)], TOMORROW) is account


def test_nothing_is_filed_of_an_account_that_was_not_looked_at():
    account = Account(days=(spent(5),))
    assert file(account, [spent(5)], TOMORROW) is account


def test_what_comes_late_for_a_filed_day_goes_to_the_next():
    account, day = closed()
    filed = file(account, [day], TOMORROW)
    late = Bill((*bill().items, Billed("late", RENTAL, MIDNIGHT + DAY - 30 * SECOND)), BOOK)
    days = keep(filed, SPEC, late, None, MIDNIGHT + DAY + 30 * SECOND).days
    assert {on: round(cost, 9) for on, cost in costs(days).items()} == {TOMORROW: Decimal("0.1")}


def test_a_day_filed_late_of_a_month_that_is_over_changes_no_month():
    account = replace(kept((NOON + 30 * DAY, bill(0))), days=(spent(5, date(2026, 11, 30)),))
    december = Month(date(2026, 12, 1), spent(7).amount)
    filed = file(replace(account, month=december), account.days, date(2026, 12, 22))
    assert (filed.month, filed.past[0].cost) == (december, 5)


def test_a_months_first_filed_day_begins_it_anew():
    account = replace(kept((NOON + 30 * DAY, bill(0))), days=(spent(5, date(2026, 12, 1)),))
    november = Month(date(2026, 11, 1), spent(7).amount)
    assert file(replace(account, month=november), account.days, date(2026, 12, 22)).month.amount.cost == 5


def test_the_past_goes_back_fourteen_weeks():
    long_ago = (Past(TOMORROW - 99 * DAY, Decimal(1)), Past(TOMORROW - 98 * DAY, Decimal(2)))
    account, day = closed()
    assert [one.cost for one in file(replace(account, past=long_ago), [day], TOMORROW).past] == [2, 72]


def test_history_has_all_days_that_are_over_filed_or_not():
    account = Account(days=(spent(2, YESTERDAY), spent(3)), past=(Past(YESTERDAY - 2 * DAY, Decimal(1)),))
    assert [(one.on, one.cost) for one in history(account, TODAY)] == [
        (YESTERDAY - 2 * DAY, 1),
        (YESTERDAY - DAY, 0),  # nothing was rented
        (YESTERDAY, 2),
    ]


def test_an_account_without_days_has_no_history():
    assert history(Account(), TODAY) == ()


def test_use_is_that_of_the_day_in_which_it_was_counted():
    account = replace(kept((NOON, bill())), counting=Counting(use=Use(requests=5)))
    assert [(day.on, day.amount.use.requests) for day in settled(account, MIDNIGHT + DAY + SECOND)] == [
        (TODAY, 5),
        (TOMORROW, 0),
    ]


def test_use_is_noted_once():
    account = replace(kept((NOON, bill())), counting=Counting(use=Use(requests=5)))
    noted = kept((NOON + HOUR, bill(3)), (NOON + 2 * HOUR, bill(4)), account=account)
    assert total(day.amount for day in noted.days).use.requests == 5


def test_a_balance_is_what_the_account_has_come_to():
    account = replace(kept((NOON, bill())), counting=Counting(use=Use(requests=5)))
    balanced = balance(account, SPEC, NOON + HOUR)
    assert (balanced.meter.at, balanced.days, balanced.counting.use) == (
        NOON + HOUR,
        settled(account, NOON + HOUR),
        Use(),
    )


@pytest.mark.parametrize(("account", "at"), [(Account(), NOON), (kept((NOON, bill())), NOON)])
def test_what_has_come_to_nothing_more_is_balanced(account, at):
    assert balance(account, SPEC, at) is account


def holding(**costing):
    return pool(budget=BUDGET, **costing)


def test_a_budget_is_used_up_at_the_instant_at_which_it_is():
    account = kept((NOON, bill(10)), spec=holding())
    assert account.spent_at == NOON + 10 * HOUR
    assert month_to_date(account, account.spent_at, TODAY).cost == 300


def test_that_instant_is_right_to_the_microsecond():
    account = kept((NOON, bill(7)), spec=holding(prices={"on-demand": Decimal("3.70")}))
    before, after = (
        month_to_date(account, account.spent_at + step, TODAY).cost for step in (-SECOND / 1e6, SECOND / 1e6)
    )
    assert before < 300 < after


def test_a_budget_that_outlasts_the_day_is_looked_at_again_at_midnight():
    account = kept((NOON, bill(5)), spec=holding())
    assert (account.spent_at, kept((MIDNIGHT + DAY, bill(5)), spec=holding(), account=account).spent_at) == (
        None,
        MIDNIGHT + DAY + 8 * HOUR,
    )


def test_a_budget_that_is_used_up_already_is_used_up_now():
    account = replace(Account(), month=Month(date(2026, 11, 1), spent(300).amount))
    assert kept((NOON, bill(1)), spec=holding(), account=account).spent_at == NOON


def test_a_pool_that_costs_nothing_uses_nothing_up():
    assert kept((NOON, bill(0)), spec=holding()).spent_at is None


@pytest.mark.parametrize("budget", [None, replace(BUDGET, enforce=Enforce.ALERT)])
def test_a_budget_that_holds_nothing_is_not_waited_for(budget):
    assert kept((NOON, bill(10)), spec=pool(budget=budget)).spent_at is None


OBSERVE, ACTIVE, PAUSED = (pool(mode) for mode in (Mode.OBSERVE, Mode.ACTIVE, Mode.PAUSED))


def baseline(account, spec=ACTIVE):
    return kept(
        (NOON + DAY, bill(1)), (NOON + DAY + SECOND, bill(1)), spec=spec, account=account
    ).meter.setting.baseline


def test_the_size_measured_in_observe_is_the_baseline_once_the_pool_is_active():
    seen = kept((NOON, bill(2)), (NOON + HOUR, bill(5)), (NOON + 3 * HOUR, bill(5), ACTIVE), spec=OBSERVE)
    assert baseline(seen) == Baseline(Decimal(4))


def test_a_pool_that_never_changed_in_observe_was_measured_too():
    seen = kept((NOON, bill(2)), (NOON + HOUR, bill(2), ACTIVE), spec=OBSERVE)
    assert baseline(seen) == Baseline(Decimal(2))


def test_a_baseline_is_frozen_at_the_first_active():
    seen = kept((NOON, bill(2)), (NOON + HOUR, bill(2), ACTIVE), spec=OBSERVE)
    again = kept((NOON + 2 * HOUR, bill(8)), (NOON + 9 * HOUR, bill(8), ACTIVE), spec=OBSERVE, account=seen)
    assert baseline(again) == Baseline(Decimal(2))


def test_what_nobody_saw_is_not_measured():
    seen = kept((NOON, bill(2)), spec=OBSERVE)
    restarted = replace(seen, meter=replace(seen.meter, billed=None, tariff=None, until=None))
    assert kept((NOON + HOUR, bill(5)), spec=OBSERVE, account=restarted).measured == Measured(observing=True)


def test_overhead_is_no_replica_of_the_baseline():
    rest = Bill((*bill(2).items, Billed("node", replace(RENTAL, tier=OVERHEAD), MIDNIGHT)), BOOK)
    assert baseline(kept((NOON, rest), (NOON + HOUR, rest, ACTIVE), spec=OBSERVE)) == Baseline(Decimal(2))


@pytest.mark.parametrize("spec", [ACTIVE, PAUSED])
def test_only_observe_measures(spec):
    assert kept((NOON, bill(2)), (NOON + HOUR, bill(3)), spec=spec).measured == Measured()


def test_while_a_pool_observes_it_has_no_baseline():
    assert kept((NOON, bill(2)), (NOON + HOUR, bill(3)), spec=OBSERVE).meter.setting.baseline is None


def test_the_specs_own_baseline_counts_before_the_measured_one():
    given = Baseline(Decimal(8))
    seen = kept((NOON, bill(2)), (NOON + HOUR, bill(2), ACTIVE), spec=OBSERVE)
    assert baseline(seen, pool(baseline=given)) == given


def test_a_budget_that_was_used_up_holds_from_the_first_look_after_a_restart_on():
    """Before prices are read again, nothing is billed: what was stored counts."""
    held, free = (
        decide(published(), seen(1500), Memory(edits=Edits(asked=2), account=account), START)[0].size
        for account in (Account(spent_at=START), Account())
    )
    assert (held, free) == (2, 3)


def test_without_a_target_no_replica_is_what_savings_are_counted_by():
    account = kept((NOON, bill()))
    assert account.meter.setting.unit == RENTAL
    assert untargeted(account).meter == replace(account.meter, setting=replace(account.meter.setting, unit=None))


def test_without_a_target_nothing_changes_where_nothing_was_rented():
    account = kept((NOON, Bill()))
    assert untargeted(account) is account


def test_another_currency_begins_anew():
    """Amounts of two currencies are never added: the ledger keeps what it has of the first."""
    euros = pool(currency="EUR")
    account = kept((MIDNIGHT, bill()), (NOON, bill()), (NOON + HOUR, bill(), euros), (NOON + 2 * HOUR, bill(), euros))
    assert (account.currency, month_to_date(account, NOON + 2 * HOUR, TODAY).cost) == ("EUR", 6)
