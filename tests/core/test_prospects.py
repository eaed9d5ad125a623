"""What a decision says about its own end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import at, loading, pod, published, reading, seen, target
from market import SPOT, Market, spotted
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edit, Edits, Grace, Memory
from poolkeeper.core.model import ON_DEMAND, OnOutage, OutageBehavior, Recovery, ScaleDown, ScaleUp
from poolkeeper.core.observation import Wait
from poolkeeper.core.reasons import Reason

SPEC = published()
AT_LEAST = published(queue={"on_outage": OnOutage(timedelta(seconds=30), OutageBehavior.AT_LEAST, 5)})
FAILED = (reading(None, fault=Reason.METRIC_TIMEOUT),)


def ahead(waiting=500, *, spec=SPEC, clock=Grace(), edits=Edits(asked=4), **changes):  # noqa: B008  frozen values
    observation = seen(waiting, **{"target": target(4)} | changes)
    decision, _ = decide(spec, observation, Memory(grace=clock, edits=edits), at(0))
    return [(prospect.at, prospect.words) for prospect in decision.prospects]


def test_a_steady_pool_stands_for_ever():
    assert ahead() == []


def test_the_grace_clock_tells_when_it_fires():
    assert ahead(0) == [(at(300), "scale-down to 3 if the queue stays under 100")]


@pytest.mark.parametrize("waiting", [0, 500])
def test_a_pool_over_its_maximum_tells_where_it_goes(waiting):
    spec = published(queue={"down": ScaleDown(below=100, step=2)})
    words = "scale-down by 2, towards maxReplicas 8"
    assert ahead(waiting, spec=spec, target=target(20), edits=Edits(asked=20)) == [(at(300), words)]


def test_a_delayed_growth_tells_when_it_comes():
    spec = published(queue={"up": ScaleUp(above=1000, delay=timedelta(seconds=10))})
    assert ahead(1001, spec=spec) == [(at(10), "scale-up if the queue stays above 1000")]


def test_a_growth_that_waits_for_nothing_announces_nothing():
    assert ahead(1001) == []


def test_an_outage_tells_when_its_patience_ends():
    assert ahead(spec=AT_LEAST, readings=FAILED) == [(at(30), "at least 5 replicas if the metrics stay away")]


def test_an_outage_that_only_holds_announces_nothing():
    assert ahead(readings=FAILED) == []


@pytest.mark.parametrize(
    ("theirs", "until", "words"),
    [
        (3, 290, "the size from before the edit is restored"),
        (9, 3590, "the other writer's size may shrink again"),
    ],
)
def test_a_foreign_write_tells_how_long_it_stands(theirs, until, words):
    edits = Edits(asked=theirs, edit=Edit("kubectl", at(-10), 4, theirs))
    assert ahead(target=target(theirs), edits=edits, spec=published(max_replicas=20)) == [(at(until), words)]


def test_a_start_tells_when_it_settles_or_is_overdue():
    starting = target(4, pods=(pod(0), pod(1), pod(2), loading(3, since=-9, ready_at=at(-5))))
    assert [when for when, _ in ahead(target=starting)] == [at(25)]


def test_what_comes_first_is_named_first():
    starting = target(4, pods=(pod(0), pod(1), pod(2), loading(3, since=-9, ready_at=at(-5))))
    assert [when for when, _ in ahead(0, target=starting)] == [at(25), at(300)]


def test_what_has_passed_is_not_ahead():
    clock = Grace(short_since=at(-400), sampled_at=at(-1))
    assert ahead(0, clock=clock, target=target(4, rolling=True)) == []


def moves(market: Market) -> list:
    return [(prospect.at, prospect.words) for prospect in market.decision.prospects]


def test_a_spot_replica_without_a_node_tells_when_it_counts_as_lost():
    market = Market().stock_out(told=False).reclaim(1, notice=0).run(10)
    assert (at(130), "a spot replica counts as lost if it has no node, or is not ready") in moves(market)


def test_a_wrong_template_announces_no_loss():
    market = Market().stock_out(told=False)
    market.spot.wait = Wait.MISCONFIGURED
    market.reclaim(1, notice=0).run(30)
    assert not any("lost" in words for _, words in moves(market))


def test_the_way_back_tells_when_the_next_replica_counts_as_steady():
    market = Market().run(60).reclaim(3, notice=30).run(200)
    assert (at(770), "another spot replica counts as steady") in moves(market)


def test_the_way_back_tells_of_nothing_before_the_backoff_is_over():
    quick = replace(SPOT, recovery=Recovery(timedelta(seconds=60), timedelta(minutes=9)))
    market = Market(spotted(tiers=(quick, ON_DEMAND))).run(60).reclaim(3, notice=30).run(120)
    assert (at(70 + 540), "another spot replica counts as steady") in moves(market)


def test_where_nothing_is_to_go_back_nobody_waits_for_steady_replicas():
    market = Market(on_demand=2, spot=9).run(60)
    market.waiting = 1001
    market.run(10).waiting = 500
    assert not any("steady" in words for _, words in moves(market.run(120)))
