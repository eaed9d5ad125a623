"""A status is not made where it would have no news; what is told, and when, stays as it is."""

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import BODY, at, published, reading, seen, target
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision, Health
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Slo
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import publish
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.stillness import Stillness, gist

SPEC = published(slo=Slo(timedelta(seconds=2)))
NONE_OF_IT = {"wanted", "depth", "trail", "prospects", "detail", "needs"}
APART = {"health", "pin", "counterfactual"}
LOOKS = st.lists(
    st.tuples(st.sampled_from((0, 50, 99, 500, 500, 500, 5000, None)), st.integers(1, 40), st.booleans()), max_size=40
)


class Walked:
    """A pool that is looked at, and the status that each look was to write; a refused one is not told."""

    def __init__(self, due_status):
        self.pool, self.size, self.second = Pools().take(BODY), 3, 0
        self.pool.core = SPEC
        self.due_status, self.written = due_status, []

    def look(self, waiting, after, refused):
        self.second += after
        sight = seen(waiting, self.second, target=target(self.size)) if waiting is not None else self.outage()
        decision, self.pool.memory = decide(SPEC, sight, self.pool.memory, at(self.second))
        if decision.changes:
            publish.note_change(self.pool, decision, at(self.second))
        status = self.due_status(self.pool, decision, at(self.second))
        self.size = decision.size
        if status is not None:
            self.written.append((self.second, status))
            if not refused:
                self.pool.told(status)

    def outage(self):
        silent = reading(None, self.second, fault=Reason.METRIC_TIMEOUT)
        return seen(0, self.second, target=target(self.size), readings=(silent,))


@settings(max_examples=200, deadline=None)
@given(LOOKS)
def test_every_look_writes_what_it_would_write_anyway(looks):
    """Noise, growth, shrinks, outages and refused writes: the statuses and their seconds are the same."""
    plain, quick = Walked(publish.due_status), Walked(Stillness().due_status)
    for one in looks:
        plain.look(*one)
        quick.look(*one)
    assert quick.written == plain.written


@pytest.fixture
def still():
    """A pool at rest, its decision, and who knows that there is no news of it."""
    stillness = Stillness()
    walked = Walked(stillness.due_status)
    for _ in range(3):
        walked.look(500, 1, refused=False)
    return walked.pool, Decision(3, 3, 3, Reason.STEADY)


def test_a_pool_at_rest_has_no_status_made(monkeypatch):
    walked = Walked(Stillness().due_status)
    for _ in range(3):
        walked.look(500, 1, refused=False)
    monkeypatch.setattr(publish, "status_of", None)
    walked.look(600, 1, refused=False)
    assert walked.second == 4


@pytest.mark.parametrize("name", ["generation", "selector", "scaled_by", "invalid", "unknown", "accepted"])
def test_what_the_pool_itself_holds_counts(still, name):
    pool, decision = still
    before = gist(pool, decision)
    setattr(pool, name, "another")
    assert gist(pool, decision) != before


@pytest.mark.parametrize("name", sorted({one.name for one in fields(Decision)} - NONE_OF_IT - APART))
def test_what_is_decided_counts(still, name):
    pool, decision = still
    assert gist(pool, replace(decision, **{name: "another"})) != gist(pool, decision)


@pytest.mark.parametrize("name", ["metrics", "startup", "slo", "split", "lost", "lost_since", "slo_share"])
def test_what_is_wrong_counts(still, name):
    pool, decision = still
    other = replace(decision, health=replace(Health(), **{name: 0.5}))
    assert gist(pool, other) != gist(pool, decision)


def test_words_do_not_count(still):
    pool, decision = still
    assert gist(pool, replace(decision, detail="other words", depth=7.0)) == gist(pool, decision)


@pytest.mark.parametrize("name", ["untold", "override"])
def test_what_waits_or_moves_with_the_time_is_looked_at_anew(still, name):
    pool, decision = still
    setattr(pool, name, ["something"])
    assert gist(pool, decision) is None


def test_money_that_is_owed_is_looked_at_anew(still):
    pool, decision = still
    pool.reckoning.owed = True
    assert gist(pool, decision) is None


def test_a_clock_counts_once_it_is_old_enough_to_be_stored(still):
    pool, decision = still
    young = replace(pool.memory.grace, short_since=at(0), sampled_at=at(5))
    pool.memory = replace(Memory(), grace=young)
    first = gist(pool, decision)
    pool.memory = replace(Memory(), grace=replace(young, sampled_at=at(30)))
    assert first != gist(pool, decision)


def test_a_pool_that_is_gone_is_forgotten(still):
    pool, decision = still
    stillness = Stillness()
    stillness.due_status(pool, decision, at(9))
    stillness.forget(pool.key)
    stillness.forget(pool.key)
    assert stillness.due_status(pool, decision, at(9)) == Stillness().due_status(pool, decision, at(9))
