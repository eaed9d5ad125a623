"""An account comes out of the store as it went in."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.api import account as module
from poolkeeper.api import memo
from poolkeeper.api.account import dump, load
from poolkeeper.core.account import Account, Measured, Month, Past, Told
from poolkeeper.core.costing import Baseline
from poolkeeper.core.days import Amount, Day, Line, Machine, Part, Savings, Use
from poolkeeper.core.memory import Edits, Memory
from poolkeeper.core.meter import Billed, Meter
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental, Setting
from poolkeeper.core.use import Counting

NOON = datetime(2026, 11, 22, 12, 0, 0, 5, tzinfo=UTC)
TODAY, YESTERDAY = date(2026, 11, 22), date(2026, 11, 21)
PLACE = Place("aws", "us-east-1", "us-east-1a", "p5.48xlarge", "NVIDIA-H100", spot=True, node_gpus=Decimal(8))
RENTALS = ((Rental("spot", PLACE, Decimal(8), "i-1"), 2), (Rental("spot", PLACE, Decimal(8), "i-2", parts=4), 1))
UNKNOWN = ((Rental("on-demand", Place(), None), 1),)
AMOUNT = Amount(
    lines={
        "spot": Line(*map(Decimal, ("24", "24", "0", "72", "24", "24"))),
        "on-demand": Line(*map(Decimal, ("1.5", "12", "3", "9.25", "8", "7", "6", "5", "4"))),
    },
    savings=Savings(Decimal(1), Decimal(-2), Decimal("0.5"), Decimal(0)),
    use=Use(5, 700, 80, 23.5, 1.25, 0.125, 0.75),
    gap=Decimal("0.000000001"),
    machines={Machine("spot", PLACE, "i-1"): Part(Decimal(24), Decimal(24)), Machine("spot", PLACE): Part()},
)
FULL = Account(
    meter=Meter(
        NOON, RENTALS + UNKNOWN, Setting(Baseline(Decimal("7.5"), spot=True), 0, UNKNOWN[0][0]), frozenset({"b"})
    ),
    days=(Day(YESTERDAY, Amount()), Day(TODAY, AMOUNT)),
    month=Month(date(2026, 11, 1), AMOUNT),
    past=(
        Past(YESTERDAY, Decimal("31.25"), (("on-demand", Decimal(12), Decimal("7.0001")),), Decimal(1)),
        Past(TODAY, Decimal("0.5"), whole=False),
    ),
    told=Told(date(2026, 11, 1), ("80 Actual of 15000", "50 Forecast of 15000"), YESTERDAY),
    measured=Measured(Decimal(96), Decimal(24), frozen=True),
    spent_at=NOON,
    currency="EUR",
)
LITTLE = Account(Meter(NOON))


def stored(account):
    """Return what comes out of the store."""
    return load(json.loads(json.dumps(dump(account))), NOON + timedelta(hours=1))


@pytest.mark.parametrize("account", [Account(), LITTLE, FULL, replace(FULL, measured=Measured(), told=Told())])
def test_an_account_comes_out_as_it_went_in(account):
    assert stored(account) == account


def test_an_account_that_was_never_metered_takes_no_room():
    assert dump(Account(told=Told(judged=TODAY))) == {}


def test_what_is_of_this_process_alone_is_not_stored():
    alive = replace(FULL, meter=replace(FULL.meter, billed=(Billed("b", RENTALS[0][0], NOON),), until=NOON))
    assert stored(alive) == FULL


MONEY = st.decimals(0, 10**12, places=12)


@given(MONEY, st.lists(MONEY, max_size=3))
def test_sums_are_stored_to_nine_decimals(cost, others):
    lines = {f"tier-{number}": Line(effective=other) for number, other in enumerate([cost, *others])}
    found = stored(replace(LITTLE, days=(Day(TODAY, Amount(lines)),))).days[0].amount
    assert abs(found.cost - sum([cost, *others])) <= len(lines) * Decimal("5e-10")


def test_a_sum_of_any_size_is_stored():
    month = Month(TODAY, Amount({"spot": Line(effective=Decimal(10) ** 30)}))
    assert stored(replace(LITTLE, month=month)).month == month


def test_what_is_a_hair_below_zero_is_zero():
    assert dump(replace(FULL, days=(Day(TODAY, Amount(gap=Decimal("-1e-12"))),)))["days"]["2026-11-22"] == {"gap": "0"}


def test_days_that_cannot_be_filed_take_little_room():
    days = tuple(Day(TODAY - timedelta(ago), AMOUNT) for ago in range(9, -1, -1))
    found = stored(replace(FULL, days=days)).days
    assert [bool(day.amount.machines) for day in found] == 7 * [False] + 3 * [True]


def weeks(count, nodes):
    """Return an account of so many weeks on so many nodes."""
    lines = tuple((tier, Decimal("47.98765"), Decimal("143.962949876")) for tier in ("on-demand", "spot"))
    past = tuple(Past(TODAY - timedelta(number), Decimal("287.925899753"), lines) for number in range(7 * count, 0, -1))
    rented = tuple((Rental("spot", PLACE, Decimal(1), f"i-0123456789abcdef{number}"), 1) for number in range(nodes))
    return replace(FULL, past=past, meter=replace(FULL.meter, rented=rented))


def test_fourteen_weeks_take_little_room():
    assert len(json.dumps(dump(weeks(14, nodes=8)))) < 10_000


def test_an_account_that_has_not_changed_is_not_made_into_json_again():
    account = weeks(14, nodes=8)
    assert dump(replace(account, counting=Counting(at=NOON))) is dump(account)


def test_one_that_has_changed_is():
    account = weeks(1, nodes=1)
    assert dump(replace(account, told=Told(judged=TODAY))) != dump(account)


def test_the_same_is_only_the_same_as_its_like():
    assert module.Same(1, 1) != 1


@pytest.mark.parametrize(
    "garbage",
    [
        "text",
        ["list"],
        {"at": "yesterday"},
        {"days": {}},
        {"at": "2026-11-22T12:00:00Z", "rented": [{"tier": "spot"}]},
        {"at": "2026-11-22T12:00:00Z", "days": {"2026-11-22": {"tiers": {"spot": {"cost": "much"}}}}},
        {"at": "2026-11-22T12:00:00Z", "days": {"2026-11-22": {"gap": "NaN"}}},
        {"at": "2026-11-22T12:00:00Z", "month": {"first": "2026-13-01"}},
    ],
)
def test_an_account_that_cannot_be_read_begins_anew(garbage):
    assert load(garbage, NOON) == Account()


@pytest.mark.parametrize(
    ("part", "garbage", "left"),
    [
        ("past", ["2026-11-21 1"], replace(FULL, past=())),
        ("past", ["2026-11-21 1 0 spot 2"], replace(FULL, past=())),
        ("told", {"judged": "yesterday"}, replace(FULL, told=Told())),
        ("measured", {"hours": "many"}, replace(FULL, measured=Measured())),
        ("measured", "many", replace(FULL, measured=Measured())),
        ("spentAt", "soon", replace(FULL, spent_at=None)),
    ],
)
def test_what_is_no_sum_costs_no_sums(part, garbage, left):
    assert load(dump(FULL) | {part: garbage}, NOON) == left


@pytest.mark.parametrize(
    "garbage", [{"leadsTo": "soon"}, {"asked": 3, "edit": {}}, {"tiers": {"asked": {"spot": 1e999}}}]
)
def test_another_memory_that_cannot_be_read_costs_no_money(garbage):
    assert memo.load({"account": dump(FULL)} | garbage, None, NOON) == Memory(account=FULL)


def test_it_costs_no_other_memory():
    assert memo.load({"asked": 3, "account": "garbage"}, None, NOON) == Memory(edits=Edits(asked=3))


def test_the_memory_holds_the_account():
    memory = Memory(account=FULL)
    assert memo.load(memo.dump(memory, timedelta(minutes=5), {}), None, NOON) == memory


def test_a_pool_that_is_not_metered_stores_no_account():
    assert "account" not in memo.dump(Memory(), timedelta(minutes=5), {})


def test_what_a_later_version_adds_is_passed_over():
    later = json.loads(json.dumps(dump(FULL)))
    later["more"] = later["days"]["2026-11-22"]["more"] = later["days"]["2026-11-22"]["tiers"]["spot"]["more"] = "1"
    assert load(later, NOON) == FULL


@pytest.mark.parametrize(
    ("ahead", "at"), [(timedelta(minutes=59), NOON), (timedelta(hours=2), NOON - timedelta(hours=2))]
)
def test_what_was_stored_ahead_of_time_is_not_counted_again_but_for_a_clock_that_was_set_back(ahead, at):
    assert load(dump(FULL), NOON - ahead).meter.at == at
