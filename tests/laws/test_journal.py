"""What the journal keeps of a decision is enough to make it again, whatever was seen and remembered."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from builders import at
from poolkeeper.api import journal
from poolkeeper.api.journal_records import answer, pack_inputs, unpack_inputs
from poolkeeper.core.account import Account
from poolkeeper.core.decide import decide
from strategies import any_specs, memories, observations, split_memories, split_observations

LOOKS = observations() | split_observations()
MEMORIES = memories() | split_memories()


@given(LOOKS, MEMORIES)
def test_what_was_seen_and_remembered_comes_back_as_it_was(seen, memory):
    assert unpack_inputs(pack_inputs(seen, memory, memory)) == (seen, memory)


@given(any_specs(), LOOKS, MEMORIES)
def test_the_decision_is_the_same_when_it_is_made_again(spec, seen, memory):
    decision, after = decide(spec, seen, memory, at(0))
    assert decide(spec, *unpack_inputs(pack_inputs(seen, memory, after)), at(0)) == (decision, after)


@given(any_specs(), LOOKS, MEMORIES)
def test_what_a_decision_leaves_behind_comes_back_too(spec, seen, memory):
    after = replace(decide(spec, seen, memory, at(0))[1], account=Account())
    assert unpack_inputs(pack_inputs(seen, after, after))[1] == after


@given(any_specs(), LOOKS, MEMORIES)
def test_the_answer_is_the_same_when_it_is_made_again(spec, seen, memory):
    decision, after = decide(spec, seen, memory, at(0))
    again = decide(spec, *unpack_inputs(pack_inputs(seen, memory, after)), at(0))
    assert answer(*again) == answer(decision, after)


@given(st.binary(max_size=400))
def test_records_that_are_none_are_told_and_never_a_crash(packed):
    assert all(isinstance(one, str) for one in journal.unpack(packed))


@given(st.binary(max_size=400))
def test_a_chunk_that_is_none_is_told_and_never_a_crash(pressed):
    assert journal.unpress(pressed)[1]
