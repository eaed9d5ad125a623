"""Each machine's part of what a pool costs, and what commitments paid of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from poolkeeper.core.account import Account, Month, file
from poolkeeper.core.costing import Commitment, Costing
from poolkeeper.core.days import COMMITMENTS, OVERHEAD, Amount, Day, Line, Machine, Part
from poolkeeper.core.meter import Billed, Meter, due, turn
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental, Setting, Tariff, anonymous, rates

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PRICES = {"on-demand": Decimal(3), "spot": Decimal(1), OVERHEAD: Decimal(3)}
COMMITTED = (Commitment(Decimal(3), Decimal(2)),)


def rental(node, tier="on-demand", gpus=1):
    return Rental(tier, Place(instance="p5", spot=tier == "spot"), Decimal(gpus), node)


def machine(node, tier="on-demand"):
    return Machine(tier, Place(instance="p5", spot=tier == "spot"), node)


def tariff(*commitments):
    return Tariff(Costing(prices=PRICES, commitments=commitments))


def hour(rented, *commitments):
    return rates(tariff(*commitments), rented, Setting(), NOON)


def test_replicas_on_one_machine_are_one_part():
    amount = hour(((rental("a"), 2), (rental("a", OVERHEAD), 6)))
    assert amount.machines == {
        machine("a"): Part(Decimal(2), Decimal(6)),
        machine("a", OVERHEAD): Part(Decimal(6), Decimal(18)),
    }


def test_the_parts_of_machines_are_the_cost():
    amount = hour(((rental("a"), 2), (rental("b", "spot"), 3)))
    assert sum(part.cost for part in amount.machines.values()) == amount.cost == 9


def test_what_commitments_pay_of_machines_alike_they_pay_of_each():
    assert hour(((rental("a"), 1), (rental("b", gpus=3), 1)), Commitment(Decimal(1), Decimal(1))).machines == {
        machine("a"): Part(Decimal(1), Decimal("2.5")),
        machine("b"): Part(Decimal(3), Decimal("7.5")),
    }


def test_a_replica_that_needs_no_gpu_is_part_of_no_machine():
    assert hour(((rental("a", gpus=0), 1),)).machines == {}


def test_what_is_left_of_a_commitment_belongs_to_no_machine():
    amount = hour(((rental("a"), 1),), *COMMITTED)
    assert amount.cost - sum(part.cost for part in amount.machines.values()) == amount.lines[COMMITMENTS].effective == 4


def test_a_line_tells_what_commitments_paid_of_it():
    line = hour(((rental("a", gpus=4), 1),), *COMMITTED).lines["on-demand"]
    assert (line.covered, line.spared, line.committed, line.effective) == (3, 9, 6, 9)


def test_spot_is_never_paid_by_commitments():
    assert hour(((rental("a", "spot"), 2),), *COMMITTED).lines["spot"].covered == 0


def test_parts_grow_with_time():
    billed = (Billed("1", rental("a"), NOON), Billed("2", rental("b"), NOON))
    meter, _ = turn(Meter(), billed, Setting(), tariff(), NOON)
    (day,) = due(meter, NOON + timedelta(hours=2))
    assert day.amount.machines[machine("b")] == Part(Decimal(2), Decimal(6))


@pytest.mark.parametrize("empty", [Amount(), Amount(gap=Decimal(1))])
def test_nothing_added_changes_no_part(empty):
    whole = hour(((rental("a"), 1),))
    assert (whole + empty).machines == (empty + whole).machines == whole.machines


def test_two_amounts_have_the_machines_of_both():
    both = hour(((rental("a"), 1), (rental("b"), 1))) + hour(((rental("a"), 1),))
    assert both.machines == {
        machine("a"): Part(Decimal(2), Decimal(6)),
        machine("b"): Part(Decimal(1), Decimal(3)),
    }


def test_a_filed_month_forgets_machines():
    day = Day(date(2026, 11, 21), Amount({"on-demand": Line()}, machines={machine("a"): Part()}))
    account = file(Account(Meter(NOON, tariff=tariff()), (day,)), [day], date(2026, 11, 22))
    assert account.month == Month(date(2026, 11, 1), Amount({"on-demand": Line()}))


def test_without_their_names_machines_alike_are_counted_together():
    assert anonymous(((rental("a"), 1), (rental("b"), 2))) == ((rental(""), 3),)
