"""The journal's ConfigMaps: what is written can be read, and what cannot be read is told."""

import base64
import json
from datetime import UTC, datetime

import msgspec
import pytest

from builders import at
from poolkeeper.api import journal
from poolkeeper.api.journal_records import Answer, Decided, Ended, Lost, Said

WHOSE = ("inference", "chat", "uid-1")
SAID = Said(at(0), "0.1.0", "rig", begins=True, looked_until=None, generation=1, spec={"minReplicas": 2})
ANSWER = Answer(2, 2, 2, "Steady", 2, frozen=False, clamps=(), trail=(), tiers=(), message="steady")
DECIDED = Decided(at(0), at(0), 0, overlaid=False, answer=ANSWER)
RECORDS = (SAID, DECIDED, Lost(at(9), at(5), 3), Ended(at(10)))


def chunk(*records, **changes):
    return journal.configmap(WHOSE, at(0), journal.press(journal.pack(records)), at(10)) | changes


def holding(pressed):
    return {"binaryData": {"records": base64.b64encode(pressed).decode()}}


def test_what_is_written_can_be_read():
    assert journal.pages(chunk(*RECORDS)) == journal.Pages(*WHOSE, RECORDS)


def test_a_chunk_tells_whose_it_is_how_large_and_until_when():
    metadata = chunk(*RECORDS)["metadata"]
    assert (metadata["labels"]["poolkeeper.io/pool-uid"], metadata["annotations"]["poolkeeper.io/journal-of"]) == (
        "uid-1",
        "inference/chat",
    )
    assert metadata["annotations"]["poolkeeper.io/journal-until"] == "2026-03-02T12:00:10Z"


def test_the_name_tells_when_it_was_begun():
    assert journal.begun_at(chunk()["metadata"]["name"]) == at(0)


@pytest.mark.parametrize("name", ["poolkeeper-ledger-2026-03-uid", "poolkeeper-journal-uid-20261341t000000z", "else"])
def test_another_name_tells_nothing(name):
    assert journal.begun_at(name) is None


def test_of_a_torn_chunk_the_whole_records_are_read():
    pressed = journal.press(journal.pack([SAID, *[DECIDED] * 2000]))
    found = journal.pages(chunk(**holding(pressed[:-40])))
    assert (found.records[:1], "torn" in "".join(found.problems)) == ((SAID,), True)


def test_a_record_that_ends_too_early_is_told():
    packed = journal.pack([SAID, DECIDED])
    assert list(journal.unpack(packed[:-1])) == [SAID, "its last record is torn"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (holding(b"this is no xz at all, but something else"), "it is damaged"),
        ({"binaryData": {}}, "it holds no records"),
        ({"binaryData": {"records": "!"}}, "it holds no records"),
        ({"binaryData": None}, "it holds no records"),
    ],
)
def test_a_chunk_that_is_damaged_is_told_by_its_name(changes, words):
    (problem,) = journal.pages(chunk(*RECORDS) | changes).problems
    assert problem.startswith("configmap/poolkeeper-journal-uid-1-20260302t120000z: ")
    assert words in problem


@pytest.mark.parametrize("data", [None, {"pool": "no json"}, {"pool": "[]"}, {}])
def test_a_chunk_that_does_not_tell_whose_it_is_is_read_all_the_same(data):
    found = journal.pages(chunk(*RECORDS) | {"data": data})
    assert (found.uid, found.records) == ("", RECORDS)


def test_a_record_of_another_version_costs_no_other():
    foreign = msgspec.msgpack.encode(["dreamt", 1])
    packed = journal.pack([SAID]) + len(foreign).to_bytes(4, "little") + foreign + journal.pack([DECIDED])
    first, problem, last = journal.unpack(packed)
    assert (first, "by this version" in problem, last) == (SAID, True, DECIDED)


def test_what_a_later_version_adds_at_the_end_is_passed_over():
    longer = msgspec.msgpack.encode([*msgspec.to_builtins(Ended(at(10))), "more"])
    assert len(list(journal.unpack(len(longer).to_bytes(4, "little") + longer))) == 1


def test_records_of_several_chunks_are_in_order_and_there_once():
    first, second = journal.pages(chunk(SAID, DECIDED)), journal.pages(chunk(DECIDED, Ended(at(10))))
    assert journal.in_order([first, second]) == (SAID, DECIDED, Ended(at(10)))


def test_the_pool_is_named_as_json():
    assert json.loads(chunk()["data"]["pool"])["namespace"] == "inference"


def test_an_instant_comes_back_with_its_microseconds():
    found = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
    assert journal.pages(chunk(Ended(found))).records == (Ended(found),)
