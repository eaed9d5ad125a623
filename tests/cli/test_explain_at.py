"""What explain tells of the past, from the journal's ConfigMaps as a cluster has them."""

import json

import msgspec
import pytest
from tests.contract.fake_api import FakeApi, RefusalError
from typer.testing import CliRunner

from builders import BODY, at, seen, target
from poolkeeper.api import journal
from poolkeeper.api.journal_records import Decided, Ended, Foreign, Said, answer, pack_inputs
from poolkeeper.api.journal_told import past
from poolkeeper.api.spec import parse_spec
from poolkeeper.api.writers import Writer
from poolkeeper.cli import why
from poolkeeper.cli.explain_past import Known, NoJournalError, gather
from poolkeeper.cli.main import app
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.shell.kube import KubeClient

POOLS, CONFIGMAPS = "/apis/poolkeeper.io/v1alpha1/inferencepools", "/api/v1/configmaps"
LEASES = "/apis/coordination.k8s.io/v1/leases"
SPEC = BODY["spec"] | {"cost": {"timezone": "America/New_York"}}
WHO = Writer("kubectl-edit", "Update", "", "2026-03-02T12:01:00Z", ("minReplicas",))


def said(second=0, begins=False, looked_until=None, **changed):  # noqa: FBT002  said(0, begins=True)
    known = {"version": "0.1.0", "identity": "rig", "generation": 1, "spec": SPEC} | changed
    return Said(at=at(second), begins=begins, looked_until=looked_until, **known)


def decided(second, waiting=0, spec=SPEC, **changes):
    found, memory = seen(waiting, second, **changes), Memory()
    decision, after = decide(parse_spec(spec).to_core(), found, memory, at(second))
    return Decided(at(second), at(second), 0, False, answer(decision, after), pack_inputs(found, memory, after))  # noqa: FBT003


RAISED = SPEC | {"minReplicas": 3}
REST, GROWTH = decided(10), decided(100, waiting=40, spec=RAISED)
AFTER = decided(130, spec=RAISED, target=target(3))
NIGHT = (said(begins=True), REST, said(60, spec=RAISED, writers=(WHO,)), GROWTH, AFTER)


def known(records=NIGHT, **changes):
    told = {"spec": SPEC, "looked_until": at(3600), "problems": ()} | changes
    return Known("inference", "chat", at(3600), "poolkeeper", past(records), **told)


@pytest.fixture
def explain(monkeypatch):
    """Return a way to ask about a pool's past, as it is known."""

    def ask(*words, of=None):
        monkeypatch.setattr(why, "ask", lambda _, __: of or known())
        return CliRunner().invoke(app, ["explain", "chat", *words])

    return ask


def test_it_tells_what_stood_and_that_it_is_the_same_when_it_is_decided_again(explain):
    text = explain("--at", "2026-03-02T12:01:50Z").stdout
    assert "ipool/chat in inference, Mon 2026-03-02 07:01:50 EST" in text
    assert "again   decided again: the same" in text
    assert "stood   from 03-02 07:01:40 to 03-02 07:02:10 (30s)" in text


HELD = decided(110, paused_until=at(9000))


def test_what_held_the_size_is_listed_though_it_stayed(explain):
    text = explain("--since", "2h", of=known(records=(said(begins=True), REST, HELD))).stdout
    assert "03-02 07:01:50  Paused  the pool is paused" in text


def test_it_tells_what_stood_before_and_after(explain):
    lines = explain("--at", "2026-03-02T12:01:50Z").stdout.splitlines()
    assert [line[:38] for line in lines if line.startswith(("before", "after"))] == [
        "before  03-02 07:00:10 size 2, Adopted",
        "after   03-02 07:02:10 size 3, Adopted",
    ]


def test_it_tells_which_decision_gave_the_size(explain):
    text = explain("--at", "12:50", "--timezone", "UTC").stdout
    assert "sized   03-02 12:01:40 2 -> " in text
    assert "and still stands" in text


def test_it_tells_which_program_changed_what_and_where_the_person_is_found(explain):
    text = explain("--at", "2026-03-02T12:01:50Z").stdout
    assert "changed 03-02 07:01:00 spec.minReplicas: 2 -> 3, by kubectl-edit (Update)" in text
    assert 'jq \'select(.objectRef.resource=="inferencepools"' in text


def test_times_are_read_on_the_pools_own_clock(explain):
    assert "07:01:50 EST" in explain("--at", "07:01:50").stdout


@pytest.mark.parametrize(
    ("moment", "of", "words"),
    [
        ("2026-03-02T12:00:05Z", known(), "the journal begins at Mon 2026-03-02 07:00:10 EST"),
        ("2026-03-02T12:00:05Z", known(()), "the journal holds no decision that can be read"),
        ("2026-03-02T12:09:00Z", known((*NIGHT, Ended(at(500)))), "the pool was deleted at Mon 2026-03-02 07:08:20"),
        (
            "2026-03-02T12:05:00Z",
            known((*NIGHT, said(600, begins=True, looked_until=at(200)))),
            "no operator looked at the pool from 03-02 07:03:20 to 03-02 07:10:00",
        ),
        (
            "2026-03-02T12:03:25Z",
            known((*NIGHT, said(205, begins=True, looked_until=at(200)))),
            "nothing is known of this time",
        ),
    ],
)
def test_what_is_not_known_is_said_and_it_leaves_with_1(explain, moment, of, words):
    done = explain("--at", moment, of=of)
    assert (done.exit_code, words in done.stdout) == (1, True)


LATER = msgspec.structs.replace(AFTER, since=at(130), at=at(700), wavered=7)


@pytest.mark.parametrize(
    ("moment", "of", "words"),
    [
        ("2026-03-02T12:03:10Z", known((*NIGHT, said(300, begins=True, looked_until=at(200)))), "may be missing"),
        ("2026-03-02T12:50:00Z", known(looked_until=at(600)), "no operator has looked since Mon 2026-03-02 07:10:00"),
        ("2026-03-02T12:05:00Z", known((*NIGHT[:4], LATER)), "what it saw is that of 03-02 07:11:40"),
        ("2026-03-02T12:01:50Z", known((*NIGHT[:4], LATER)), "the reason came and went 7 times more"),
        ("2026-03-02T12:30:00Z", known(NIGHT[:4]), "all that time it found 2 and asked for "),
        ("2026-03-02T12:01:50Z", known(problems=("configmap/x: it is torn",)), "configmap/x: it is torn"),
        (
            "2026-03-02T12:00:50Z",
            known((said(refused=("spec.x: no",)), REST)),
            "a newer spec was refused then: spec.x: no",
        ),
    ],
)
def test_what_is_not_sure_is_said(explain, moment, of, words):
    assert words in explain("--at", moment, of=of).stdout


def test_a_foreign_write_that_was_in_force_is_told(explain):
    foreign = Foreign("hpa", at(5), 2, 4)
    record = msgspec.structs.replace(REST, answer=msgspec.structs.replace(REST.answer, foreign=foreign))
    of = known((said(), record))
    assert "hpa had written 4 over our 2 at 03-02 07:00:05" in explain("--at", "07:30", of=of).stdout
    assert "2 -> 4 by hpa" in explain("--since", "2h", of=of).stdout


def test_another_outcome_is_told_with_what_was_written(explain):
    other = msgspec.structs.replace(GROWTH, answer=msgspec.structs.replace(GROWTH.answer, size=7))
    text = explain("--at", "07:30", of=known((said(spec=RAISED), other))).stdout
    assert "size    7 replicas" in text
    assert "again   decided again: not the same" in text
    assert "size was 7, is " in text
    assert "version 0.1.0" in text


def test_what_cannot_be_decided_again_is_told_as_it_was_written(explain):
    bare = msgspec.structs.replace(GROWTH, inputs=b"")
    text = explain("--at", "07:30", of=known((said(), bare))).stdout
    assert "again   what it was made from was too large to be kept" in text
    assert "why     QueueAbove" in text


def test_as_json_it_has_every_figure(explain):
    found = json.loads(explain("--at", "2026-03-02T12:01:50Z", "-o", "json").stdout)
    assert (found["stood"]["reason"], found["decidedAgain"]["same"]) == ("QueueAbove", True)
    assert found["decision"]["trail"][0]["inputs"]["queue"] == 40
    assert [one["manager"] for one in found["changes"]] == ["kubectl-edit"]


def test_as_json_what_is_not_known_is_null(explain):
    found = json.loads(explain("--at", "2026-03-02T12:00:05Z", "-o", "json").stdout)
    assert (found["stood"], len(found["remarks"])) == (None, 1)


def test_a_night_is_a_line_for_each_change(explain):
    text = explain("--since", "2h").stdout
    rows = [line.split()[2] for line in text.splitlines()[2:] if line.startswith("03-02")]
    assert rows == ["begins", "changed", "QueueAbove"]


def test_a_part_of_a_night_has_its_own_lines(explain):
    found = json.loads(explain("--since", "07:00", "--until", "07:01:30", "-o", "json").stdout)
    assert [one["what"] for one in found] == ["begins", "changed"]


def test_a_night_in_which_nothing_happened_is_told(explain):
    assert "nothing changed the size" in explain("--since", "5m").stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--at", "soon"), "is no time"),
        (("--since", "soon"), "is no time"),
        (("--at", "02:10", "--since", "1h"), "either --at or --since"),
        (("--until", "02:10"), "--until belongs to --since"),
        (("--at", "02:10", "--timezone", "Mars"), "is no IANA time zone"),
    ],
)
def test_what_cannot_be_meant_is_refused(explain, words, told):
    done = explain(*words)
    assert (done.exit_code, told in " ".join(done.stderr.split())) == (2, True)


@pytest.fixture
async def cluster():
    """Return an API server with the journal of a pool."""
    async with FakeApi() as api:
        made = await api.put(POOLS, "inference", "chat", spec=SPEC)
        whose = ("inference", "chat", made["metadata"]["uid"])
        chunk = journal.configmap(whose, at(0), journal.press(journal.pack(NIGHT)), at(200))
        await api.put(CONFIGMAPS, "poolkeeper", chunk["metadata"]["name"], **chunk)
        await api.put(LEASES, "poolkeeper", "poolkeeper", spec={"renewTime": "2026-03-02T12:10:00.000000Z"})
        yield api


async def gathered(api, name="chat"):
    async with KubeClient(api.access) as kube:
        return await gather(kube, ("inference", name), "poolkeeper")


async def test_the_past_is_found_by_the_uid_while_the_pool_is_there(cluster):
    found = await gathered(cluster)
    assert (len(found.past.stretches), found.looked_until) == (3, at(600))


async def test_the_past_is_found_by_the_name_once_the_pool_is_gone(cluster):
    await cluster.remove(POOLS, "inference", "chat")
    found = await gathered(cluster)
    assert (len(found.past.stretches), found.spec) == (3, None)


async def test_a_pool_that_never_was_has_no_past(cluster):
    with pytest.raises(NoJournalError, match="there is no ipool/other in inference, and no journal in poolkeeper"):
        await gathered(cluster, "other")


async def test_a_pool_that_has_no_journal_is_told_why_that_may_be(cluster):
    await cluster.put(POOLS, "inference", "young", spec=SPEC)
    with pytest.raises(NoJournalError, match="less than a minute"):
        await gathered(cluster, "young")


async def test_who_may_not_read_it_is_told_what_is_needed(cluster):
    def refuse(asked):
        if asked.collection == CONFIGMAPS:
            raise RefusalError(403, "no")

    cluster.intercept = refuse
    with pytest.raises(NoJournalError, match="must be allowed to list ConfigMaps in poolkeeper"):
        await gathered(cluster)


async def test_without_a_lease_nobody_can_tell_until_when(cluster):
    await cluster.remove(LEASES, "poolkeeper", "poolkeeper")
    assert (await gathered(cluster)).looked_until is None
