"""A pool on spot whose leader ends: the next one's account goes on at what was stored, and nothing is paid for twice.

12:00    one on demand, two on the spot node a; stored every minute
13:00    stored for the last time
13:00:10 the node a is reclaimed: the two are on b from then on, which the leader saw, and nobody stored
13:15:40 the next leader looks
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from poolkeeper.api.account import dump, load
from poolkeeper.core.account import Account, balance, keep, settled
from poolkeeper.core.costing import Costing
from poolkeeper.core.days import total
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental

NOON = datetime(2027, 2, 27, 12, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
SPEC = PoolSpec(1, 8, cost=Costing(prices={"on-demand": Decimal("3.00"), "spot": Decimal("0.90")}))
BOOK = Bill().book
STORED, RECLAIMED, NEXT = NOON + HOUR, NOON + HOUR + 10 * SECOND, NOON + HOUR + 15 * MINUTE + 40 * SECOND
UNSEEN = Decimal((NEXT - RECLAIMED) // SECOND) / 3600


def pod(uid: str, node: str, since: datetime = NOON) -> Billed:
    spot = node != "kept"
    return Billed(uid, Rental("spot" if spot else "on-demand", Place(spot=spot), Decimal(1), node), since)


def seen(*pods: Billed) -> Bill:
    return Bill((pod("o1", "kept"), *pods), BOOK)


def kept(account: Account, bill: Bill, at: datetime) -> Account:
    return keep(account, SPEC, bill, None, at)


def taken_over(account: Account, at: datetime = STORED) -> Account:
    """Return the account that the next leader begins with, where this one was stored at an instant."""
    return load(json.loads(json.dumps(dump(balance(account, SPEC, at)))), NEXT)


def paid(account: Account, bill: Bill) -> tuple[Decimal, Decimal]:
    """Return what the next leader's first look comes to for on-demand and for spot."""
    lines = total(day.amount for day in settled(kept(account, bill, NEXT), NEXT)).lines
    return tuple(lines[tier].effective for tier in ("on-demand", "spot"))


BEFORE = seen(pod("a1", "a"), pod("a2", "a"))
AFTER = seen(pod("b1", "b", RECLAIMED), pod("b2", "b", RECLAIMED))
LASTED = Decimal((NEXT - NOON) // SECOND) / 3600
RIGHT = (LASTED * 3, 2 * LASTED * Decimal("0.90"))


@pytest.fixture
def account() -> Account:
    return kept(kept(Account(), BEFORE, NOON), BEFORE, STORED)


def test_a_take_over_between_two_changes_is_exact(account):
    assert paid(taken_over(account), BEFORE) == pytest.approx(RIGHT)


def test_a_reclaim_that_was_stored_is_exact(account):
    changed = kept(account, AFTER, RECLAIMED)
    assert paid(taken_over(changed, RECLAIMED), AFTER) == pytest.approx(RIGHT)


def test_what_ended_after_the_last_store_is_paid_for_until_the_next_leader_looks(account):
    on_demand, spot = paid(taken_over(account), AFTER)
    late = 2 * UNSEEN * Decimal("0.90")
    assert (on_demand, spot - late) == pytest.approx(RIGHT)


def test_what_nobody_saw_is_told_as_a_gap(account):
    found = total(day.amount for day in settled(kept(taken_over(account), AFTER, NEXT), NEXT))
    assert found.gap >= 2 * UNSEEN * Decimal("0.90")


def test_a_young_pod_whose_node_was_not_known_to_both_is_paid_for_once(account):
    unknown = seen(*(Billed(uid, Rental("spot", Place(), Decimal(1)), RECLAIMED) for uid in ("b1", "b2")))
    changed = kept(account, unknown, RECLAIMED + 5 * SECOND)
    assert paid(taken_over(changed, RECLAIMED + 5 * SECOND), AFTER) == pytest.approx(RIGHT, abs=Decimal("0.003"))


def test_so_is_one_whose_node_is_gone_since(account):
    unknown = seen(*(Billed(uid, Rental("spot", Place(), Decimal(1)), RECLAIMED) for uid in ("b1", "b2")))
    changed = kept(account, AFTER, RECLAIMED)
    assert paid(taken_over(changed, RECLAIMED), unknown) == pytest.approx(RIGHT)
