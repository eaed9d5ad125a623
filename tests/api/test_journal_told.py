"""What a journal tells: what stood when, who had changed what, what is not known, and the same decision again."""

import json
from dataclasses import replace

import msgspec
import pytest

from builders import at, seen, target
from poolkeeper.api.journal_records import Decided, Ended, Lost, Said, answer, pack_inputs
from poolkeeper.api.journal_told import changes, decide_again, differences, past
from poolkeeper.api.spec import parse_spec
from poolkeeper.api.writers import Writer
from poolkeeper.core.account import Account
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edit, Edits, Memory
from poolkeeper.core.meter import Bill
from poolkeeper.core.prices import Book

SPEC = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
OVERRIDE = json.dumps({"until": "2026-03-02T14:00:00Z", "by": "ann: launch", "spec": {"minReplicas": 5}})
EDGE = {"name": "edge", "prometheus": {"query": "q"}}


def said(second=0, begins=False, looked_until=None, **changed):  # noqa: FBT002  said(0, begins=True)
    known = {"version": "0.1.0", "identity": "rig", "generation": 1, "spec": SPEC} | changed
    return Said(at=at(second), begins=begins, looked_until=looked_until, **known)


def decided(second, spec=SPEC, memory=None, overlaid=False, **look):  # noqa: FBT002  decided(0, overlaid=True)
    memory, found = memory or Memory(), seen(**look)
    decision, after = decide(parse_spec(spec).to_core(), found, memory, at(second))
    told = answer(decision, after)
    return Decided(at(second), at(second), 0, overlaid, told, pack_inputs(found, memory, after))


FIRST, SECOND = decided(10, waiting=0), decided(60, waiting=0, target=target(3))


def test_a_decision_stands_until_the_next():
    told = past([said(), FIRST, SECOND])
    assert [(one.since, one.until) for one in told.stretches] == [(at(10), at(60)), (at(60), None)]


@pytest.mark.parametrize(("second", "found"), [(9, None), (10, FIRST), (59, FIRST), (60, SECOND), (9999, SECOND)])
def test_what_stood_at_a_moment_is_found(second, found):
    stood = past([said(), FIRST, SECOND]).stood(at(second))
    assert (stood and stood.decided) == found


def test_a_decision_of_which_nothing_tells_what_was_asked_is_passed_over():
    assert past([FIRST]).stretches == []


def test_while_nobody_looked_nothing_stood():
    later = replaced(SECOND, since=at(310))
    told = past([said(), FIRST, said(300, begins=True, looked_until=at(100)), later])
    assert (told.stood(at(99)).decided, told.stood(at(100)), told.stretches[0].cut) == (FIRST, None, True)
    assert (told.gap(at(200)).until, told.gap(at(300)), told.gap(at(99))) == (at(300), None, None)


@pytest.mark.parametrize("looked_until", [at(295), at(400)])
def test_who_takes_over_at_once_leaves_no_gap(looked_until):
    told = past([said(), FIRST, said(300, begins=True, looked_until=looked_until)])
    assert told.gaps == []


def test_a_first_leader_leaves_no_gap():
    assert past([said(begins=True), FIRST]).gaps == []


def test_records_that_were_lost_leave_a_gap():
    told = past([said(), FIRST, Lost(at(90), at(50), 7), SECOND])
    assert (told.gap(at(60)).words, told.stretches[0].until) == ("7 records could not be written", at(50))


def test_a_pool_that_ended_has_no_decision_after():
    told = past([said(), FIRST, Ended(at(70))])
    assert (told.ended, told.stood(at(69)).decided, told.stood(at(70))) == (at(70), FIRST, None)


def test_a_pool_that_ended_before_anything_was_decided_has_an_end():
    assert past([said(), Ended(at(70))]).ended == at(70)


def test_a_gap_may_last():
    told = past([said(), FIRST])
    assert told.gap(at(20)) is None


def test_a_decision_made_again_is_the_same():
    (stretch,) = past([said(), FIRST]).stretches
    again = decide_again(stretch)
    assert (again.answer == FIRST.answer, differences(FIRST.answer, again.answer)) == (True, [])


def test_an_override_that_was_part_of_the_spec_is_part_of_it_again():
    raised = decided(10, SPEC | {"minReplicas": 5}, overlaid=True)
    (stretch,) = past([said(override=OVERRIDE), raised]).stretches
    assert decide_again(stretch).answer == raised.answer


def test_an_override_that_can_not_be_read_is_none():
    (stretch,) = past([said(override="{"), replaced(FIRST, overlaid=True)]).stretches
    assert decide_again(stretch).answer == FIRST.answer


def replaced(record, **changed):
    return msgspec.structs.replace(record, **changed)


def test_money_is_no_input_but_that_the_budget_is_used_up():
    look, before = seen(bill=Bill((), Book())), Memory()
    spent = replace(before, account=Account(spent_at=at(1)))
    _, kept = msgspec.msgpack.decode(pack_inputs(look, before, spent), type=tuple[type(look), Memory])
    assert kept.account.spent_at == at(1)


@pytest.mark.parametrize(
    ("spec", "inputs", "words"),
    [
        (SPEC, b"", "too large to be kept"),
        (SPEC, b"\x01", "cannot read what it was made from"),
        (SPEC | {"minReplicas": 9}, FIRST.inputs, "does not accept the spec"),
    ],
)
def test_what_cannot_be_decided_again_is_told_why(spec, inputs, words):
    (stretch,) = past([said(spec=spec), replaced(FIRST, inputs=inputs)]).stretches
    again = decide_again(stretch)
    assert (again.answer, words in again.words) == (None, True)


def test_another_answer_is_told_by_what_differs():
    found = differences(FIRST.answer, SECOND.answer)
    assert "size was 2, is 3" in found
    assert "maximum is 3 -> 3 AsExpected" in found


def test_a_foreign_write_in_force_is_part_of_the_answer():
    memory = Memory(edits=Edits(2, Edit("hpa", at(5), 2, 4)))
    told = decided(10, memory=memory, target=target(4, writer="hpa", ours=False)).answer
    assert (told.foreign.writer, told.foreign.theirs) == ("hpa", 4)


KUBECTL = Writer("kubectl-edit", "Update", "", "2026-03-02T12:00:00Z", ("minReplicas", "schedule.windows"))
NIGHT = Writer("night-shift", "Update", "", "2026-03-02T12:00:00Z", ("poolkeeper.io/override",))


@pytest.mark.parametrize(
    ("changed", "path", "before", "after", "manager"),
    [
        ({"spec": SPEC | {"minReplicas": 3}}, "spec.minReplicas", "2", "3", "kubectl-edit"),
        ({"spec": SPEC | {"mode": "Observe"}}, "spec.mode", "none", "Observe", ""),
        ({"spec": SPEC | {"replicas": 6}}, "spec.replicas", "none", "6", "/scale"),
        ({"paused": "2026-03-02T13:00:00Z"}, "paused", "none", "2026-03-02T13:00:00Z", ""),
        ({"lifted": "until 14:00 by ann"}, "budget lifted", "none", "until 14:00 by ann", ""),
        ({"refused": ("spec.x: no", "spec.y: no")}, "refused", "none", "spec.x: no; spec.y: no", ""),
    ],
)
def test_a_change_tells_the_field_and_its_writer(changed, path, before, after, manager):
    (found,) = changes(said(writers=(KUBECTL,)), said(9, writers=(KUBECTL,), **changed))
    assert (found.path, found.before, found.after, found.writer.manager, found.at) == (
        path,
        before,
        after,
        manager,
        at(9),
    )


def test_an_override_is_told_in_words():
    (found,) = changes(said(), said(9, override=OVERRIDE, writers=(NIGHT,)))
    assert found.after == "minReplicas 5, until 2026-03-02T14:00:00Z, by ann: launch"
    assert found.writer is NIGHT


def test_items_of_a_list_go_by_their_names():
    windows = [{"name": "office", "minReplicas": 4}]
    before, after = ({"schedule": {"windows": [one | {"minReplicas": count}]}} for one in windows for count in (4, 6))
    (found,) = changes(said(spec=before), said(9, spec=after, writers=(KUBECTL,)))
    assert (found.path, found.writer.manager) == ("spec.schedule.windows[office].minReplicas", "kubectl-edit")


def test_a_list_without_names_is_told_whole():
    (found,) = changes(said(spec={"days": ["Mon"]}), said(9, spec={"days": []}))
    assert (found.before, found.after) == ('["Mon"]', "[]")


def test_prices_that_are_not_known_yet_have_not_changed():
    paid = said(prices=(("spot", "0.90"),))
    told = past([paid, said(5, begins=True), said(9, prices=(("spot", "0.95"),))])
    assert [(one.path, one.before, one.after) for one in told.changes] == [("price of spot", "0.90", "0.95")]


def test_the_first_prices_are_no_change():
    assert changes(said(), said(9, prices=(("spot", "0.90"),))) == ()
