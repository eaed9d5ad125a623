"""The figures that a peer's experts would find, and how old metrics are."""

from dataclasses import replace
from datetime import timedelta

import pytest

from poolkeeper.core.engine import Engine
from poolkeeper.simulate.peers import Terms
from poolkeeper.simulate.peers.terms import Pipeline


@pytest.mark.parametrize(("prompt", "output"), [(1155, 211), (1632, 106), (2048, 28)])
@pytest.mark.parametrize("share", [0.3, 0.8])
def test_at_its_concurrency_an_engine_serves_the_share(prompt, output, share):
    terms = Terms(Engine(), prompt, output, timedelta(minutes=4))
    rate = share * terms.capacity
    decoding = terms.concurrency(share) - rate * prompt / terms.engine.prefill_rate
    assert decoding * terms.engine.pace(decoding) / output == pytest.approx(rate)


def test_where_decoding_limits_a_full_batch_is_all_there_is(terms):
    assert terms.concurrency(1.0) == terms.batch == 64


def test_where_prefill_limits_slots_stay_empty(terms):
    assert replace(terms, prompt=2048, output=28).concurrency(1.0) == pytest.approx(3.8, abs=0.1)


@pytest.mark.parametrize(
    ("lag", "every", "age"), [(0, 15, 0), (15, 15, 15), (15, 5, 15), (5, 15, 0), (15, 60, 0), (30, 15, 30)]
)
def test_metrics_are_as_old_as_the_looks_allow(show, lag, every, age):
    pipeline, last = Pipeline(timedelta(seconds=lag)), 10 * every
    samples = [pipeline.sample(show(now=at, waiting=at)) for at in range(0, last + 1, every)]
    assert last - samples[-1].waiting == age
