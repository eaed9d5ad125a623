"""What explain says of times of which the journal tells nothing, and of pools that had the name before."""

import json
from dataclasses import replace

import msgspec
import pytest
from tests.cli.test_explain_at import (
    CONFIGMAPS,
    LEASES,
    NIGHT,
    POOLS,
    REST,
    SPEC,
    decided,
    gathered,
    known,
    said,
)
from tests.contract.fake_api import FakeApi
from typer.testing import CliRunner

from builders import at, target
from poolkeeper.api import journal
from poolkeeper.api.journal_records import Ended, Lost
from poolkeeper.cli import why
from poolkeeper.cli.main import app

UNWATCHED = known((said(begins=True), REST, said(3000, begins=True, looked_until=at(300)), decided(3010)))
DELETED = known((said(begins=True), REST, Ended(at(200))), spec=None)
GONE = known((said(begins=True), REST), spec=None)


@pytest.fixture
def explain(monkeypatch):
    """Return a way to ask about a pool's past in UTC, as it is known."""

    def ask(*words, of):
        monkeypatch.setattr(why, "ask", lambda _, __: of)
        return CliRunner().invoke(app, ["explain", "chat", "--timezone", "UTC", *words])

    return ask


@pytest.mark.parametrize(
    ("span", "of", "words"),
    [
        (("12:10", "12:40"), UNWATCHED, "no operator looked at the pool from 03-02 12:05:00 to 03-02 12:50:00"),
        (("12:00:30", "12:40"), UNWATCHED, "no operator looked at the pool from 03-02 12:05:00 to 03-02 12:50:00"),
        (("12:00", "12:40"), known((said(3000), decided(3010))), "the journal begins at Mon 2026-03-02 12:50:10 UTC"),
        (("12:10", "12:40"), DELETED, "the pool was deleted at Mon 2026-03-02 12:03:20 UTC"),
        (("12:10", "12:40"), GONE, "the pool is gone; nobody wrote down when"),
        (("12:10", "12:40"), known(looked_until=at(700)), "no operator has looked since Mon 2026-03-02 12:11:40"),
        (("12:20", "12:40"), known(looked_until=at(700)), "no operator has looked since Mon 2026-03-02 12:11:40"),
        (("12:10", "12:40"), known(()), "the journal holds no decision that can be read"),
    ],
)
def test_a_span_in_which_something_is_not_known_says_so(explain, span, of, words):
    text = explain("--since", span[0], "--until", span[1], of=of).stdout
    assert (words in text, "nothing changed the size" in text) == (True, False)


def test_what_is_not_known_is_told_once(explain):
    found = json.loads(explain("--since", "12:10", "--until", "12:40", "-o", "json", of=UNWATCHED).stdout)
    assert [(one["at"], one["what"]) for one in found] == [("2026-03-02T12:10:00Z", "unknown")]


def test_records_that_were_lost_before_a_span_and_within_it_are_told(explain):
    lost = Lost(at(900), at(300), 7)
    of = known((said(begins=True), REST, lost, decided(1000)))
    assert "7 records could not be written" in explain("--since", "12:10", "--until", "12:20", of=of).stdout


def test_a_span_that_ends_before_it_begins_is_refused(explain):
    done = explain("--since", "1h", "--until", "2h", of=known())
    assert (done.exit_code, "ends before it begins" in " ".join(done.stderr.split())) == (2, True)


def test_a_pool_that_is_gone_does_not_still_stand(explain):
    text = explain("--at", "12:59", of=GONE).stdout
    assert ("the pool is gone; nobody wrote down when" in text, "still stands" in text) == (True, False)


def test_that_a_reason_may_have_come_and_gone_since_is_said_while_the_decision_stands(explain):
    flap = decided(100, waiting=0, target=target(3))
    of = known((said(begins=True), REST, flap))
    assert "may have come and gone" in explain("--at", "12:05", of=of).stdout
    assert "may have come and gone" not in explain("--at", "12:30", of=of).stdout


WRITTEN = msgspec.structs.replace(NIGHT[2].writers[0], at="2026-03-02T12:10:00Z")
LATE = said(3000, spec=NIGHT[2].spec, writers=(WRITTEN,))


@pytest.mark.parametrize(("heard", "words"), [(LATE, ", written 03-02 12:10:00"), (NIGHT[2], "(Update)\n")])
def test_when_a_change_was_written_is_told_where_it_was_heard_later(explain, heard, words):
    assert words in explain("--at", "12:49", of=known((said(begins=True), REST, heard))).stdout + "\n"


@pytest.fixture
async def again():
    """Return an API server with a pool that was deleted and made anew, and both journals."""
    async with FakeApi() as api:
        made = await api.put(POOLS, "inference", "chat", spec=SPEC)
        old, new = (*NIGHT, Ended(at(600))), (said(1200, begins=True), decided(1210))
        for uid, records in (("old", old), (made["metadata"]["uid"], new)):
            whose, pressed = ("inference", "chat", uid), journal.press(journal.pack(records))
            chunk = journal.configmap(whose, records[0].at, pressed, records[-1].at)
            await api.put(CONFIGMAPS, "poolkeeper", chunk["metadata"]["name"], **chunk)
        await api.put(LEASES, "poolkeeper", "poolkeeper", spec={"renewTime": "2026-03-02T13:00:00.000000Z"})
        yield api


def at_one(found):
    """Return what was gathered as if it were one o'clock."""
    return replace(found, now=at(3600))


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("12:02:30", "an earlier pool of this name, which is gone"),
        ("12:15", "the pool was deleted at Mon 2026-03-02 12:10:00 UTC"),
        ("12:30", "and still stands"),
        ("11:59", "the journal begins at Mon 2026-03-02 12:00:10 UTC"),
    ],
)
async def test_a_moment_is_told_by_the_journal_of_the_pool_that_was_there_then(again, explain, moment, words):
    assert words in explain("--at", moment, of=at_one(await gathered(again))).stdout


async def test_a_night_has_the_lines_of_all_pools_of_the_name(again, explain):
    text = explain("--since", "90m", of=at_one(await gathered(again))).stdout
    rows = [line.split()[2] for line in text.splitlines() if line.startswith("03-02")]
    assert rows == ["begins", "changed", "QueueAbove", "deleted", "begins"]


async def test_a_pool_without_a_journal_yet_hides_none_of_an_earlier_one(again, explain):
    await again.remove(POOLS, "inference", "chat")
    await again.put(POOLS, "inference", "chat", spec=SPEC)
    assert "which is gone" in explain("--at", "12:02:30", of=at_one(await gathered(again))).stdout


def test_what_cannot_be_read_of_an_earlier_pool_is_told_of_a_night(explain):
    of = replace(known(), earlier=(known(problems=("configmap/x: it is torn",), spec=None),))
    assert "configmap/x: it is torn" in explain("--since", "2h", of=of).stdout
