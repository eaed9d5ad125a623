"""What is known of pools that another process keeps: what it has written into their statuses."""

from datetime import date
from decimal import Decimal

import pytest

from poolkeeper.core.teams import Share
from poolkeeper.shell import observe, others
from poolkeeper.shell.costs import shares_of
from poolkeeper.shell.ledger import Heading
from poolkeeper.shell.pools import Pools

COST = {"currency": "USD", "asOf": "2026-03-01T03:00:00Z", "monthToDate": "12.50", "forecastMonthEnd": "400.00"}
MISSING = [{"type": "Ready", "status": "False", "reason": "TargetNotFound"}]


def body(name, status=None, **spec):
    metadata = {"namespace": "inference", "name": name, "uid": f"uid-{name}", "generation": 1}
    given = {"targetRef": {"name": name}, "minReplicas": 2, "maxReplicas": 8, **spec}
    created = {"creationTimestamp": "2026-03-02T12:00:00Z"}
    return {"metadata": metadata | created, "spec": given, "status": status or {}}


def tied(status):
    """Return what a pool sees of its peer, whose status that is."""
    pools = Pools()
    pool = pools.take(body("decode", peerRef={"name": "prefill", "minPercent": 50}))
    pools.take(body("prefill", status))
    return observe.peer_of(pool, pools)


def test_a_tie_goes_by_the_size_in_the_peers_status():
    assert (tied({"memory": {"asked": 6}}).size, tied({"memory": {"asked": 6}}).needs) == (6, 6)


def test_a_peer_that_is_tied_itself_says_what_it_needs():
    assert tied({"memory": {"asked": 6, "needs": 4}}).needs == 4


@pytest.mark.parametrize("memory", [{}, {"asked": "six"}])
def test_a_peer_of_no_known_size_has_not_been_looked_at(memory):
    assert "has not been looked at yet" in tied({"memory": memory}).detail


def test_a_peer_without_a_target_is_said_to_have_none():
    assert "has no target" in tied({"memory": {"asked": 6}, "conditions": MISSING}).detail


def test_a_pool_that_is_tied_to_none_tells_nothing_of_its_needs():
    assert others.told(Pools().take(body("chat"))) == {}


def share(**changes):
    pool = Pools().take(body("chat", {"cost": COST | changes}, cost={"timezone": "America/New_York"}))
    return list(shares_of([pool], Heading("prod", ())))


def test_a_teams_budget_goes_by_the_cost_in_the_status_of_its_month_in_its_zone():
    (found,) = share()
    assert found == Share("inference/chat", found.labels, "USD", date(2026, 2, 1), Decimal("12.50"), Decimal(400))


@pytest.mark.parametrize("changes", [{"unpricedGPUHours": "3.00"}, {"uncountedReplicaHours": "1.00"}])
def test_what_has_no_price_makes_a_sum_that_is_not_whole(changes):
    assert [one.whole for one in share(**changes)] == [False]


def test_a_status_that_cannot_be_read_is_in_no_sum():
    assert share(monthToDate="much") == []


def test_a_pool_of_our_own_is_not_taken_from_its_status():
    pool = Pools().take(body("chat", {"cost": COST}))
    pool.leading = True
    assert list(shares_of([pool], Heading("prod", ()))) == []
