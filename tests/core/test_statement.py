"""A pool's statement: what there is to say of its money, and what of that is news."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from past_days import past, weeks
from poolkeeper.core.account import Account, Month, Told, keep
from poolkeeper.core.costing import Budget, Costing, Enforce, Unit
from poolkeeper.core.days import OVERHEAD, Amount, Day, Line, Use
from poolkeeper.core.economics import Count
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.prices import Book, Place, Row
from poolkeeper.core.rates import Rental
from poolkeeper.core.reasons import Reason
from poolkeeper.core.statement import review

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)
ON_DEMAND = Rental("on-demand", Place(gpu="H100"), Decimal(1))
SPOT = Rental("spot", Place(gpu="H100", spot=True), Decimal(1))
PRICES = {"on-demand": Decimal(2)}


def pool(budget=None, **costing):
    return PoolSpec(2, 8, cost=Costing(**{"prices": PRICES, "budget": budget} | costing))


def budget(monthly, **changes):
    return Budget(Decimal(monthly), **changes)


def renting(*rentals, spec=None, book=Book(), before=Account(), at=NOON):  # noqa: B008  frozen values
    """Return an account after a look at these rentals, there since then."""
    items = tuple(Billed(str(number), rental, at) for number, rental in enumerate(rentals))
    return keep(before, spec or pool(), Bill(items, book), None, at)


def spending(month, **changes):
    """Return an account whose month has cost so much, and that rents one GPU now."""
    filed = Month(NOON.date().replace(day=1), Amount({"on-demand": Line(effective=Decimal(month))}))
    return renting(ON_DEMAND, before=Account(month=filed), **changes)


def odd_day(share=1.5, **changes):
    """Return an account whose yesterday, a Tuesday, cost so many times what is usual."""
    days = past([*weeks(57), 150 * share], (NOON - 58 * DAY).date())
    return renting(ON_DEMAND, before=Account(past=days, **changes))


def told(account, spec=None, now=NOON, **changes):
    return [(news.key, news.reason) for news in review(account, spec or pool(), now, **changes).news]


def stated(account, spec=None, now=NOON, **changes):
    return review(account, spec or pool(), now, **changes).statement


def priced(*rentals, book=Book(), **costing):  # noqa: B008  a frozen value
    spec = pool(**costing)
    return stated(renting(*rentals, spec=spec, book=book), spec).pricing


def test_the_amounts_are_those_of_the_instant():
    found = stated(renting(ON_DEMAND, ON_DEMAND), now=NOON + 3 * HOUR)
    assert (found.hour.cost, found.month.cost, found.first.isoformat()) == (4, 12, "2026-11-01")


def test_the_month_is_that_of_the_pools_zone():
    spec = pool(timezone="Asia/Tokyo")
    new_year = datetime(2026, 12, 31, 20, tzinfo=UTC)
    assert stated(renting(ON_DEMAND, spec=spec, at=new_year), spec, new_year).first.isoformat() == "2027-01-01"


def test_the_months_end_is_expected():
    found = stated(spending(100))
    assert found.end.amount == 100 + 2 * 12 * 25


def test_idle_time_is_a_share_of_the_time_of_ready_replicas():
    used = Day(NOON.date(), Amount(use=Use(ready_hours=10, idle_hours=9)))
    assert stated(renting(before=Account(days=(used,)))).idle == 0.9


def test_without_ready_replicas_there_is_no_idle_share():
    assert stated(renting()).idle is None


def test_a_pool_with_prices_is_priced():
    found = priced(ON_DEMAND)
    assert (found.reason, found.detail) == (Reason.PRICED, "")
    assert [(tier, quote.price) for tier, quote in found.quotes] == [("on-demand", 2)]


def test_before_a_first_look_nothing_is_said_of_prices():
    assert stated(Account()).pricing.quotes == ()


def test_what_has_no_price_is_told_in_the_words_of_the_quote():
    found = priced(ON_DEMAND, SPOT)
    assert found.reason is Reason.PRICE_UNKNOWN
    assert found.detail == "spot: no price book has no spot price for H100"


def test_a_tier_that_is_priced_in_one_place_only_is_unknown():
    book = Book((Row(Decimal(1), "USD", NOON - DAY, gpu="H100", spot=True),), "prices")
    elsewhere = replace(SPOT, place=Place(gpu="A100", spot=True))
    assert "A100" in priced(elsewhere, SPOT, book=book).detail


def test_spot_at_the_price_of_on_demand_is_told():
    book = Book((Row(Decimal(1), "USD", NOON - DAY, gpu="H100"),), "prices")
    found = priced(SPOT, book=book, prices={})
    assert found.reason is Reason.PRICE_ASSUMED
    assert found.detail.startswith("spot: no spot price; on-demand's")


def test_gpus_that_nobody_counts_are_told():
    found = priced(replace(ON_DEMAND, gpus=None), replace(SPOT, gpus=None))
    assert (found.reason, found.detail) == (Reason.GPUS_UNKNOWN, "on-demand, spot")


def test_a_node_beyond_the_replicas_need_not_have_gpus():
    assert priced(ON_DEMAND, replace(ON_DEMAND, tier=OVERHEAD, gpus=None)).reason is Reason.PRICED


def test_overhead_is_priced_as_it_is_charged():
    found = priced(ON_DEMAND, replace(ON_DEMAND, tier=OVERHEAD))
    assert (found.reason, dict(found.quotes)[OVERHEAD].price) == (Reason.PRICED, 2)


def test_without_a_budget_nothing_is_said_of_it():
    assert stated(spending(5000)).budget is None
    assert told(spending(5000)) == []


def test_a_budget_is_told_in_shares():
    found = stated(spending(400), pool(budget(1000))).budget
    assert (found.used, found.expected, found.reason) == (Decimal("0.4"), 1, Reason.BUDGET_FORECAST)


def test_a_month_within_its_budget_is_no_news():
    spec = pool(budget(5000))
    assert stated(spending(100), spec).budget.reason is Reason.WITHIN_BUDGET
    assert told(spending(100), spec) == []


def test_of_thresholds_reached_at_once_the_highest_is_news():
    assert told(spending(300), pool(budget(1000))) == [("budget/2026-11/80/Forecast/1000", Reason.BUDGET_FORECAST)]


@pytest.mark.parametrize(("month", "reason"), [(850, Reason.BUDGET_ALERT), (1000, Reason.BUDGET_EXCEEDED)])
def test_what_was_spent_is_news_with_how_far_it_is(month, reason):
    assert told(spending(month), pool(budget(1000)))[0][1] is reason


def test_news_of_a_budget_has_words():
    news = review(spending(850), pool(budget(1000)), NOON).news
    assert [one.words for one in news] == [
        "850.00, 85% of the 1000 USD for 2026-11, is used up",
        "the month is expected to end at 1450.00, 145% of the 1000 USD for 2026-11",
    ]


def test_a_month_begins_with_nothing_spent_and_nothing_told():
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    spec, known = pool(budget(1000)), Told(NOON.date().replace(day=1), ("50 Actual of 1000",))
    found = review(replace(spending(900), told=known), spec, midnight)
    assert (found.statement.month.cost, found.statement.budget.used, found.news) == (0, 0, ())
    assert found.account.told.thresholds == ()


def test_what_was_told_is_no_news_also_after_a_restart():
    spec = pool(budget(1000))
    known = review(spending(850), spec, NOON).account.told
    assert told(replace(spending(860), told=known), spec) == []


def test_an_account_that_learned_nothing_is_the_same():
    account = spending(850)
    assert review(account, pool(), NOON).account is account


@pytest.mark.parametrize(
    ("enforce", "month", "holds"),
    [(Enforce.ALERT, 1000, False), (Enforce.HOLD_SCALE_UP, 999, False), (Enforce.HOLD_SCALE_UP, 1000, True)],
)
def test_a_used_up_budget_may_hold_the_pool(enforce, month, holds):
    assert stated(spending(month), pool(budget(1000, enforce=enforce))).budget.holds is holds


@pytest.mark.parametrize(
    ("until", "reason", "holds"), [(HOUR, Reason.BUDGET_LIFTED, False), (-HOUR, Reason.BUDGET_EXCEEDED, True)]
)
def test_what_holds_is_lifted_for_a_while(until, reason, holds):
    spec = pool(budget(1000, enforce=Enforce.HOLD_SCALE_UP))
    found = stated(spending(1000), spec, lifted_until=NOON + until).budget
    assert (found.reason, found.holds, found.lifted_until is not None) == (reason, holds, not holds)


def test_lifting_what_does_not_hold_leaves_the_budget_exceeded():
    assert stated(spending(1000), pool(budget(1000)), lifted_until=NOON + HOUR).budget.reason is Reason.BUDGET_EXCEEDED


def test_an_unusual_day_is_news_with_its_drivers():
    news = review(odd_day(), pool(), NOON).news
    assert [(one.key, one.reason) for one in news] == [("unusual/2026-11-17", Reason.SPENDING_UNUSUAL)]
    assert news[0].words == (
        "2026-11-17 cost 225.00 USD where 150.00 is usual, +50 %: 75.0 GPU-hours more of on-demand, 75.00 USD"
    )


def test_an_unusual_day_is_told_once():
    account = review(odd_day(), pool(), NOON).account
    assert account.told.judged.isoformat() == "2026-11-17"
    assert told(account, now=NOON + HOUR) == []


def test_an_unusual_day_stays_in_the_statement():
    account = review(odd_day(), pool(), NOON).account
    assert stated(account, now=NOON + HOUR).unusual.percent == 50


def test_a_day_without_known_lines_has_no_drivers_to_tell():
    account = odd_day()
    bare = replace(account, past=tuple(replace(day, lines=()) for day in account.past))
    assert review(bare, pool(), NOON).news[0].words.endswith("+50 %")


def test_a_usual_day_is_judged_and_no_news():
    account = review(odd_day(1), pool(), NOON).account
    assert (account.told.judged.isoformat(), told(account)) == ("2026-11-17", [])


def test_before_a_first_look_no_day_is_judged():
    stored = odd_day()
    fresh = replace(stored, meter=replace(stored.meter, tariff=None, billed=None, until=None))
    assert review(fresh, pool(), NOON).account.told == Told()


# What a unit costs

ORDERS = {"units": (Unit("order", "orders", revenue=Decimal(1)),)}


def test_a_unit_costs_its_part_of_the_last_day():
    days = past([0, 48], (NOON - 2 * DAY).date())  # of yesterday's 48, half is among the last 24 hours
    account = renting(ON_DEMAND, before=Account(past=days), at=NOON - HOUR)
    (found,) = stated(account, pool(**ORDERS), counts={"order": Count(100)}).units
    assert (found.cost, found.margin) == (Decimal("0.26"), Decimal("0.74"))


def test_a_unit_that_nobody_counted_says_so():
    (found,) = stated(renting(ON_DEMAND), pool(**ORDERS)).units
    assert (found.cost, found.words) == (None, "not counted yet")


def test_the_day_so_far_is_told_beside_the_month():
    filed = Month(NOON.date().replace(day=1), Amount({"on-demand": Line(effective=Decimal(500))}))
    found = stated(renting(ON_DEMAND, before=Account(month=filed)), now=NOON + HOUR)
    assert (found.day.cost, found.month.cost) == (2, 502)
