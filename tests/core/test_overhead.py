"""What nodes cost beyond the replicas on them: what it is charged at, and from when until when."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from poolkeeper.core.costing import Costing
from poolkeeper.core.days import OVERHEAD
from poolkeeper.core.model import CapacityType, PoolSpec, Tier
from poolkeeper.core.prices import Book, Place
from poolkeeper.core.rates import Rental, Setting, rates, tariff_of

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
