"""What a decision leaves of the memory."""

from dataclasses import fields, replace

from builders import at
from poolkeeper.core.memory import Edits, Grace, Memory, Tiers


def test_a_decision_changes_its_own_parts_and_keeps_all_others():
    before = Memory(**{field.name: object() for field in fields(Memory)})
    grace, edits, tiers = Grace(sampled_at=at(0)), Edits(asked=4), Tiers(asked={"spot": 2})
    assert before.decided(grace, edits, tiers) == replace(before, grace=grace, edits=edits, tiers=tiers)
