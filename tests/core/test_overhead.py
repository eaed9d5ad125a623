"""What nodes cost beyond the replicas on them: what it is charged at, and from when until when."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from poolkeeper.core.costing import Commitment, Costing
from poolkeeper.core.days import OVERHEAD
from poolkeeper.core.meter import Billed, Meter, turn
from poolkeeper.core.model import CapacityType, PoolSpec, Tier
from poolkeeper.core.prices import Book, Place
from poolkeeper.core.rates import Rental, Setting, Tariff, rates, tariff_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIERS = (Tier("cheap", CapacityType.SPOT), Tier("sure", CapacityType.ON_DEMAND))
OWN = {"sure": Decimal(3), "cheap": Decimal(1)}


def tariff(tiers=TIERS, **prices):
    return tariff_of(PoolSpec(1, 8, tiers=tiers, cost=Costing(prices=OWN | prices)), Book())


@pytest.mark.parametrize(("spot", "price"), [(False, 3), (True, 1)])
def test_it_is_charged_at_the_own_price_of_the_tier_whose_machines_it_is_on(spot, price):
    rented = ((Rental(OVERHEAD, Place(spot=spot), Decimal(7)), 1),)
    assert rates(tariff(), rented, Setting(), NOON).cost == 7 * price


def test_it_may_have_a_price_of_its_own():
    rented = ((Rental(OVERHEAD, Place(), Decimal(7)), 1),)
    assert rates(tariff(overhead=Decimal(2)), rented, Setting(), NOON).cost == 14


def test_machines_on_spot_of_a_pool_without_such_a_tier_cost_what_its_replicas_do():
    rented = ((Rental(OVERHEAD, Place(spot=True), Decimal(7)), 1),)
    assert rates(tariff(TIERS[1:]), rented, Setting(), NOON).cost == 21


def billed(uid, gpus, since, until=None, tier=OVERHEAD):
    ends = None if until is None else at(until)
    return Billed(uid, Rental(tier, Place(instance="p5"), Decimal(gpus), uid.removesuffix("/boot")), at(since), ends)


def at(minute):
    return NOON + timedelta(minutes=minute)


def run(*looks):
    """GPU-minutes by line, after looks of (minute, rentals); the meter restarts before a look that is told `again`."""
    meter, totals = Meter(), defaultdict(Decimal)
    for minute, items, *again in looks:
        meter = Meter(meter.at, meter.rented, meter.setting) if again else meter
        meter, days = turn(meter, items, Setting(), tariff(), at(minute))
        for day in days:
            for name, line in day.amount.lines.items():
                totals[name] += line.gpu_hours * 60
    return {name: round(total, 9) for name, total in totals.items() if round(total, 9)}


REPLICA = billed("p1", 1, 4, tier="sure")
BOOT = billed("node/a/boot", 8, -1, until=4)
SPARE = billed("node/a", 7, 4)


class TestBoot:
    """A node that booted from minute -1 to 4, longer ago than LATE: its first pod told whose it was."""

    def test_it_counts_as_a_whole_once_it_is_told(self):
        assert run((0, ()), (5, (REPLICA, BOOT))) == {OVERHEAD: 40, "sure": 1}

    def test_commitments_cover_nodes_that_boot_at_once_only_once(self):
        costing = Costing(prices=OWN, commitments=(Commitment(Decimal(8), Decimal(1)),))
        other = replace(BOOT, uid="node/b/boot")
        meter, _ = turn(Meter(), (), Setting(), Tariff(costing, on_demand="sure"), at(0))
        _, days = turn(meter, (BOOT, other), Setting(), Tariff(costing, on_demand="sure"), at(5))
        covered = sum(line.covered for day in days for line in day.amount.lines.values())
        assert round(covered * 60, 9) == 40

    def test_it_counts_once(self):
        after = (REPLICA, BOOT, SPARE)
        assert run((0, ()), (5, (REPLICA, BOOT)), (6, after), (7, after)) == {OVERHEAD: 47, "sure": 3}

    def test_it_counts_once_however_soon_something_changes(self):
        assert run((0, ()), (4.25, (REPLICA, BOOT)), (4.5, (REPLICA, BOOT, SPARE)))[OVERHEAD] == 40 + Decimal("3.5")

    def test_also_where_something_else_has_changed_since_the_pod_came(self):
        other = billed("p0", 1, 0, tier="cheap")
        assert run((0, ()), (4.5, (other,)), (5, (other, REPLICA, BOOT)))[OVERHEAD] == 40

    def test_after_a_restart_it_counts_if_it_ended_since_the_last_change(self):
        assert run((0, ()), (3, ()), (9, (REPLICA, BOOT), "again"))[OVERHEAD] == 40

    def test_after_a_restart_it_does_not_count_again(self):
        assert run((0, ()), (5, (REPLICA, BOOT)), (9, (REPLICA, BOOT), "again"))[OVERHEAD] == 40

    def test_one_that_was_long_over_when_the_pool_was_first_seen_is_left_out(self):
        assert OVERHEAD not in run((20, ()), (21, (REPLICA, BOOT)))


class TestSpare:
    def test_a_replica_that_comes_is_not_counted_as_spare_from_its_first_second(self):
        fewer, second = billed("node/a", 6, 7), billed("p2", 1, 7, tier="sure")
        looks = (4, (REPLICA, SPARE)), (10, (REPLICA, second, fewer))
        assert run(*looks) == {"sure": 9, OVERHEAD: 3 * 7 + 3 * 6}

    def test_nor_where_its_news_comes_after_another_change(self):
        fewer, second = billed("node/a", 6, 7), billed("p2", 1, 7, tier="sure")
        other = billed("p0", 1, 7.5, tier="cheap")
        looks = (4, (REPLICA, SPARE)), (7.5, (REPLICA, other, SPARE)), (10, (REPLICA, other, second, fewer))
        assert run(*looks)[OVERHEAD] == 3 * 7 + 3 * 6

    def test_nor_after_a_restart(self):
        fewer, second = billed("node/a", 6, 7), billed("p2", 1, 7, tier="sure")
        assert run((4, (REPLICA, SPARE)), (10, (REPLICA, second, fewer), "again"))[OVERHEAD] == 3 * 7 + 3 * 6

    def test_after_a_restart_what_was_there_counts_until_then(self):
        new = billed("node/b", 7, 7)
        assert run((4, (REPLICA, SPARE)), (10, (REPLICA, new), "again"))[OVERHEAD] == 6 * 7 + 3 * 7

    def test_after_a_restart_a_new_node_is_one_more(self):
        new = billed("node/b", 7, 7)
        assert run((4, (REPLICA, SPARE)), (10, (REPLICA, SPARE, new), "again"))[OVERHEAD] == 6 * 7 + 3 * 7

    def test_one_that_goes_leaves_its_gpus_to_spare_from_when_it_was_seen_to_be_gone(self):
        empty = billed("node/a", 8, 10)
        assert run((4, (REPLICA, SPARE)), (10, (empty,)), (12, (empty,)), (13, ())) == {"sure": 6, OVERHEAD: 42 + 24}
