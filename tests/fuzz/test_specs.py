"""Whatever a spec holds: it is taken, and decided by, or refused with a field's path."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import BODY, START, seen
from poolkeeper.api import nesting
from poolkeeper.api.spec import Spec, SpecError, parse_spec, unknown_fields
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.shell.pools import Pools
from rig import odd_specs

SEEDS = st.integers(0, 2**32)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(autouse=True, scope="module")
def _deep():
    nesting.allow()


def verdict(spec):
    """Return what the parser makes of a spec, and what it says of it where it refuses."""
    try:
        return parse_spec(spec), []
    except SpecError as refused:
        return None, refused.problems


def drawn(seed, kind=None):
    chance = random.Random(seed)  # noqa: S311  hypothesis gives the seed
    return odd_specs.MAKERS[kind](chance) if kind else next(odd_specs.cases(chance)).spec


@given(SEEDS)
def test_an_odd_spec_is_taken_or_each_problem_names_its_field(seed):
    spec, problems = verdict(drawn(seed))
    assert bool(spec) is not bool(problems)
    assert [one for one in problems if not one.startswith("spec") or ": " not in one] == []


@given(JSON)
def test_what_is_no_spec_at_all_is_refused(value):
    spec, problems = verdict(value)
    assert (spec, bool(problems)) == (None, True)


@given(SEEDS, JSON)
def test_anything_in_any_place_is_taken_or_refused(seed, value):
    chance = random.Random(seed)  # noqa: S311  as above
    raw = drawn(seed, "varied")
    path = chance.choice([place.path for place in odd_specs.places(raw, odd_specs.schema()) if place.path])
    odd_specs.put(raw, path, value)
    spec, problems = verdict(raw)
    assert bool(spec) is not bool(problems)


@given(SEEDS, st.none() | st.floats(0, 2.0**53))
def test_what_is_taken_can_be_decided_by(seed, waiting):
    spec, _ = verdict(drawn(seed, "varied"))
    if spec is not None:
        core = spec.to_core()
        decision, _ = decide(core, seen(waiting), Memory(), START)
        assert 0 <= decision.size <= max(core.max_replicas, decision.current)


@given(SEEDS)
def test_a_good_pool_that_turns_odd_keeps_a_good_spec(seed):
    pools = Pools()
    pools.take(BODY)
    pool = pools.take(BODY | {"metadata": BODY["metadata"] | {"generation": 2}, "spec": drawn(seed)})
    assert isinstance(pool.spec, Spec)
    assert bool(pool.invalid) is (pool.accepted == BODY["spec"]) or drawn(seed) == BODY["spec"]


@given(SEEDS)
def test_a_pruned_field_of_an_odd_spec_is_told_by_its_path(seed):
    assert [one for one in unknown_fields(drawn(seed)) if not one.startswith("spec.")] == []


def test_the_odd_ones_are_of_both_sorts():
    """Else none of the above says much."""
    taken = [verdict(drawn(seed))[0] is not None for seed in range(300)]
    assert 60 < sum(taken) < 240


def test_every_pattern_of_the_schema_has_texts_that_fit():
    patterns = {one["pattern"] for one in nodes(odd_specs.schema()) if "pattern" in one}
    assert [one for one in patterns if odd_specs.texts(one, 0, 300) == odd_specs.TEXTS] == []


def nodes(node):
    yield node
    inner = [*node.get("properties", {}).values(), node.get("items"), node.get("additionalProperties")]
    for one in inner:
        if isinstance(one, dict):
            yield from nodes(one)
