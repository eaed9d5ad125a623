import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from soak_oracle import Balance, Life, Rented, balances, billed, expected, told

from poolkeeper.api import ledger
from poolkeeper.core.days import Amount, Day, Line

BEGIN = datetime(2027, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
PRICES = {"on-demand": Decimal("3.00"), "spot": Decimal("0.90")}
LIFE = Life("u1", "chat", "America/New_York", BEGIN, BEGIN + 10 * HOUR)


def cost(*rented: Rented) -> float:
    return float(expected(LIFE, rented, PRICES)[0])


def test_a_pod_costs_its_time_on_its_node():
    assert cost(Rented("chat", spot=False, since=BEGIN + HOUR, until=BEGIN + 3 * HOUR)) == 6.0


def test_a_pod_on_spot_costs_spot_s_price():
    assert cost(Rented("chat", spot=True, since=BEGIN + HOUR, until=BEGIN + 3 * HOUR)) == 1.8


def test_what_lies_outside_the_pool_s_life_is_not_its_own():
    assert cost(Rented("chat", spot=False, since=BEGIN - HOUR, until=None)) == 30.0


def test_other_pools_pods_are_not_its_own():
    assert cost(Rented("other", spot=False, since=BEGIN)) == 0.0


def test_of_each_stay_two_seconds_may_go_unseen():
    found = expected(LIFE, [Rented("chat", spot=False, since=BEGIN)] * 3, PRICES)[1]
    assert found == 3 * PRICES["on-demand"] * 2 / 3600


def entry(cost_of_line: str) -> dict[str, object]:
    amount = Amount({"on-demand": Line(effective=Decimal(cost_of_line)), "overhead": Line(effective=Decimal(7))})
    day = Day(date(2027, 3, 1), amount)
    made = ledger.Entry("c", "n", "chat", "u1", "USD", "UTC", {}, day)
    return {"metadata": {"name": "poolkeeper-ledger-2027-03-u1"}, "data": ledger.data(made)}


def test_the_ledger_tells_what_replicas_cost_without_overhead():
    assert told([entry("4.5")]) == {"u1": Decimal("4.5")}


def test_months_of_a_pool_are_added():
    assert told([entry("4.5"), entry("1.5")]) == {"u1": Decimal(6)}


def test_a_ledger_that_lost_a_dollar_does_not_hold():
    rented = [Rented("chat", spot=False, since=BEGIN)]
    assert not balances([LIFE], rented, PRICES, {"u1": Decimal(29)})[0].holds


def test_a_ledger_that_missed_a_second_holds():
    rented = [Rented("chat", spot=False, since=BEGIN)]
    assert balances([LIFE], rented, PRICES, {"u1": Decimal(30) - Decimal(3) / 3600})[0].holds


def test_a_pool_that_the_ledger_does_not_know_has_lost_all():
    rented = [Rented("chat", spot=False, since=BEGIN)]
    assert balances([LIFE], rented, PRICES, {})[0].off == Decimal(-30)


def test_more_than_expected_is_off_upwards():
    assert Balance("chat", Decimal(5), Decimal(3), Decimal(0)).off == Decimal(2)


def line(hour: float, *pods: tuple[str, str], uid: str = "u1") -> str:
    """Return a bill at an hour, of pods on demand by their UID and the time they began."""
    at = BEGIN + hour * HOUR
    return json.dumps([at.isoformat(), uid, [(name, "on-demand", since) for name, since in pods]])


OLD = ("p1", "2027-02-01T00:00:00+00:00")
NEW = ("p2", "2027-03-01T04:00:00+00:00")


def test_what_was_there_at_the_first_look_is_billed_from_then_on():
    assert billed([line(1, OLD)], LIFE) == [Rented("chat", spot=False, since=BEGIN + HOUR)]


def test_what_came_later_is_billed_from_its_beginning():
    assert billed([line(1, OLD), line(5, OLD, NEW)], LIFE)[1].since == BEGIN + 4 * HOUR


def test_what_a_look_does_not_find_is_billed_no_more():
    assert billed([line(1, OLD), line(5)], LIFE)[0].until == BEGIN + 5 * HOUR


def test_other_pools_bills_are_not_its_own():
    assert billed([line(1, OLD, uid="u2")], LIFE) == []


def test_a_ledger_that_counted_a_cent_too_much_is_told():
    found = balances([LIFE], [], PRICES, {"u1": Decimal("27.01")}, [line(1, OLD)])[0]
    assert found.miscounted == Decimal("0.01")
