"""The journal against an API server: what is told, how often it is written, and what becomes of it when that fails."""

import asyncio
from datetime import timedelta
from threading import get_ident

import pytest
from structlog.testing import capture_logs
from tests.contract.fake_api import FakeApi, RefusalError

from builders import BODY, at, published, seen, target
from poolkeeper.api import journal as pages
from poolkeeper.api.journal_records import Decided, Ended, Lost, Said
from poolkeeper.api.journal_told import decide_again, past
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Mode
from poolkeeper.shell import diary
from poolkeeper.shell.diary import Deed
from poolkeeper.shell.journal import Journal
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.settings import JournalTerms
from poolkeeper.shell.telemetry import Telemetry

CONFIGMAPS = "/api/v1/configmaps"
HOLDING, LONG, SHORT = 500, 1500, 50
DAY = 86400
QUEUE = {"thresholdsPer": "Pool", "scaleUp": {"above": 1000}, "scaleDown": {"below": 100}}


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


class Desk:
    """A journal over one pool, whose looks a test makes up."""

    def __init__(self, api, kube, **terms):
        self.api = api
        self.journal = Journal(kube, Telemetry(), "poolkeeper", JournalTerms(**terms))
        self.journal.begin("rig", None)
        self.pool = Pools().take(BODY | {"spec": BODY["spec"] | {"queue": QUEUE}})
        self.memory = Memory()

    def look(self, second, waiting=HOLDING, **changes):
        """Decide on a queue, and tell the journal."""
        found = seen(waiting, second, **changes)
        decision, after = decide(self.pool.core, found, self.memory, at(second))
        self.journal.note(self.pool, Deed(found, self.memory, decision, after, at(second)))
        self.memory = after

    async def write(self, second):
        await self.journal.turn(at(second))

    @property
    def chunks(self):
        found = self.api.collection(CONFIGMAPS).objects
        return [pages.pages(found[key]) for key in sorted(found)]

    @property
    def records(self):
        return pages.in_order(self.chunks)

    @property
    def writes(self):
        return [asked.method for asked in self.api.requests if asked.method in {"POST", "PATCH"}]


@pytest.fixture
async def desk(api):
    async with KubeClient(api.access) as kube:
        await kube.list(CONFIGMAPS, item=dict)  # sets the clock
        yield Desk(api, kube)


async def test_a_pool_begins_with_what_is_asked_of_it_and_its_first_decision(desk):
    desk.look(0)
    await desk.write(30)
    said, decided = desk.records
    assert (said.begins, said.spec["minReplicas"], decided.answer.size) == (True, 2, 2)


async def test_a_pool_at_rest_writes_nothing_more(desk):
    for second in range(0, 600, 5):
        desk.look(second)
        await desk.write(second)
    assert desk.writes == ["PATCH", "POST"]


async def test_a_pool_at_rest_is_told_of_once_a_day(desk):
    for second in (0, 10, DAY, DAY + 20, DAY + 40):
        desk.look(second)
    await desk.write(2 * DAY)
    assert [one.at for one in desk.records if isinstance(one, Decided)] == [at(0), at(10), at(DAY + 20)]


async def test_what_happens_within_a_minute_is_one_write(desk):
    for second, waiting in ((0, HOLDING), (10, LONG), (20, HOLDING), (65, SHORT)):
        desk.look(second, waiting)
        await desk.write(second + 21)
    await desk.write(90)
    assert desk.writes == ["PATCH", "POST", "PATCH"]


async def test_a_change_of_size_can_be_decided_again(desk):
    for second, waiting in ((0, HOLDING), (1, LONG), (2, LONG)):
        desk.look(second, waiting)
    await desk.write(60)
    moved = next(one for one in past(desk.records).stretches if one.decided.answer.size == 3)
    assert (moved.decided.answer.current, decide_again(moved).answer) == (2, moved.decided.answer)


async def test_a_reason_that_comes_and_goes_is_told_once_in_ten_minutes(desk):
    desk.look(0)
    for second in range(1, 600, 2):
        desk.look(second, SHORT)
        desk.look(second + 1, HOLDING)
    await desk.write(600)
    assert len([one for one in desk.records if isinstance(one, Decided)]) < 6


async def test_that_a_reason_came_and_went_is_told_with_the_next(desk):
    desk.look(0)
    for second in range(1, 21, 2):
        desk.look(second, SHORT)
        desk.look(second + 1, HOLDING)
    desk.look(30, LONG)
    await desk.write(60)
    assert max(one.wavered for one in desk.records if isinstance(one, Decided)) >= 8


async def test_a_state_that_stands_for_a_minute_is_told_with_since_when(desk):
    for second, waiting in ((0, HOLDING), (1, HOLDING), (2, SHORT), (3, HOLDING), (62, HOLDING), (63, HOLDING)):
        desk.look(second, waiting)
    await desk.write(120)
    last = [one for one in desk.records if isinstance(one, Decided)][-1]
    assert (last.at, last.since) == (at(63), at(3))


async def test_what_is_asked_of_the_pool_is_told_when_it_changes(desk):
    desk.look(0)
    desk.pool.override_text = '{"until": "2026-03-02T14:00:00Z", "spec": {"minReplicas": 5}}'
    desk.look(5)
    await desk.write(20)
    assert [one.override != "" for one in desk.records if isinstance(one, Said)] == [False, True]


async def test_the_end_of_a_pool_is_told_and_then_it_is_forgotten(desk):
    desk.look(0)
    desk.journal.end(desk.pool)
    await desk.journal.close()
    assert isinstance(desk.records[-1], Ended)
    desk.look(1)
    await desk.journal.close()
    assert [one.begins for one in desk.records if isinstance(one, Said)] == [True, True]


async def test_a_pool_that_was_never_looked_at_ends_without_a_word(desk):
    desk.journal.end(desk.pool)
    await desk.journal.close()
    assert desk.records == ()


async def test_without_room_there_is_no_journal(api):
    async with KubeClient(api.access) as kube:
        desk = Desk(api, kube, quota=0)
        desk.look(0)
        await desk.write(60)
        assert desk.writes == []


async def test_the_next_leader_goes_on_where_the_last_one_stopped(desk, api):
    desk.look(0)
    await desk.write(30)
    async with KubeClient(api.access) as kube:
        other = Desk(api, kube)
        other.journal.begin("other", at(20))
        other.look(60)
        await other.write(90)
    begins = [(one.identity, one.looked_until) for one in other.records if isinstance(one, Said)]
    assert (len(other.chunks), begins) == (1, [("rig", None), ("other", at(20))])


async def test_a_chunk_that_cannot_be_read_is_left_and_a_new_one_begun(desk, api):
    await api.put(
        CONFIGMAPS,
        "poolkeeper",
        "poolkeeper-journal-uid-1-20260302t110000z",
        metadata={"labels": {"poolkeeper.io/journal": "2026-03-02", "poolkeeper.io/pool-uid": "uid-1"}},
        binaryData={"records": "bm9uZQ=="},
    )
    desk.look(0)
    await desk.write(30)
    assert (len(desk.chunks), len(desk.records)) == (2, 2)


async def test_what_is_three_days_old_is_left_for_a_chunk_that_begins_with_what_is_asked(desk):
    desk.look(0)
    await desk.write(30)
    desk.look(3 * DAY + 100, LONG)
    await desk.write(3 * DAY + 200)
    assert [(type(one.records[0]), one.records[0].begins) for one in desk.chunks] == [(Said, True), (Said, False)]


async def test_the_oldest_chunks_go_when_there_is_no_room(api):
    async with KubeClient(api.access) as kube:
        await kube.list(CONFIGMAPS, item=dict)
        desk = Desk(api, kube, quota=8192)
        for number in range(40):
            desk.look(number * 100, LONG if number % 2 else HOLDING, target=target(2 + number % 3))
            await desk.write(number * 100 + 70)
        sizes = [len(found["binaryData"]["records"]) * 3 // 4 for found in api.collection(CONFIGMAPS).objects.values()]
        assert (sum(sizes) <= 8192, len(sizes) > 2) == (True, True)


async def test_what_is_too_large_goes_without_inputs(api):
    async with KubeClient(api.access) as kube:
        await kube.list(CONFIGMAPS, item=dict)
        desk = Desk(api, kube, quota=2048)
        desk.look(0)
        await desk.write(30)
        assert [one.inputs for one in desk.records if isinstance(one, Decided)] == [b""]


@pytest.mark.parametrize(("code", "kept"), [(500, True), (403, True), (413, False), (422, False)])
async def test_what_is_refused_waits_and_is_written_later(desk, api, code, kept):
    def refuse(asked):
        if asked.method in {"POST", "PATCH"}:
            raise RefusalError(code, "no")

    api.intercept = refuse
    desk.look(0)
    await desk.write(30)
    assert desk.journal.problems() == ["journal: no"]
    api.intercept = lambda _: None
    await desk.write(60)
    told = [bool(one.inputs) for one in desk.records if isinstance(one, Decided)]
    assert (told, desk.journal.problems()) == ([kept], [])


async def test_a_write_whose_answer_was_lost_is_there_once(desk, api):
    api.lose = lambda asked: asked.method == "POST"
    desk.look(0)
    await desk.write(30)
    await desk.write(60)
    assert len(desk.records) == 2


async def test_a_chunk_that_another_leader_made_meanwhile_is_written_over(desk, api):
    async def race(asked):
        if asked.method == "POST":
            await api.put(CONFIGMAPS, "poolkeeper", "poolkeeper-journal-uid-1-20260302t120000z", binaryData={})

    api.intercept = race
    desk.look(0)
    await desk.write(30)
    assert len(desk.records) == 2


async def test_what_waits_too_long_is_lost_and_that_is_told(desk, monkeypatch):
    monkeypatch.setattr(diary, "WAITING", 5)
    for number in range(12):
        desk.look(number, LONG, target=target(2 + number % 4))
    await desk.write(100)
    lost = (
        desk.records[0] if isinstance(desk.records[0], Lost) else next(r for r in desk.records if isinstance(r, Lost))
    )
    assert (lost.count, lost.since) == (9, at(0))


async def test_what_is_old_is_deleted_whosever_it_is(desk, api):
    desk.look(0)
    await desk.write(30)
    await desk.journal.prune(at(0) + timedelta(days=6))
    assert len(desk.chunks) == 1
    await desk.journal.prune(at(0) + timedelta(days=8))
    assert desk.chunks == []


async def test_of_many_records_that_wait_the_newest_keep_what_they_were_made_from(desk, monkeypatch):
    monkeypatch.setattr(diary, "WHOLE", 2)
    for number in range(5):
        desk.look(number, LONG, target=target(2 + number))
    await desk.write(30)
    assert [bool(one.inputs) for one in desk.records if isinstance(one, Decided)] == [False] * 3 + [True] * 2


async def test_that_nothing_can_be_deleted_is_told(desk, api):
    def refuse(_):
        raise RefusalError(403, "no")

    api.intercept = refuse
    await desk.journal.prune(at(0))
    assert desk.journal.problems() == ["old pages of the journal: no"]


async def test_a_paused_pool_is_told_of_too(desk):
    desk.pool.core = published(mode=Mode.PAUSED)
    desk.look(0)
    await desk.write(30)
    assert desk.records[-1].answer.reason == "Paused"


async def test_in_one_second_only_some_pools_are_written(desk, monkeypatch):
    monkeypatch.setattr("poolkeeper.shell.journal.PER_SECOND", 2)
    for number in range(5):
        desk.pool.uid = f"uid-{number}"
        desk.look(0)
    await desk.write(30)
    assert len(desk.chunks) == 2


async def test_what_containers_get_in_their_environment_is_not_written(desk):
    engine = {"name": "engine", "image": "vllm", "env": [{"name": "TOKEN", "value": "hf_secret"}]}
    template = {"metadata": {"labels": {"app": "chat"}}, "spec": {"containers": [engine]}}
    desk.pool.accepted = {"template": template, "minReplicas": 2, "maxReplicas": 8}
    desk.look(0)
    await desk.write(30)
    assert "hf_secret" not in str(desk.records[0].spec)


@pytest.fixture
def broken(monkeypatch):
    """Return how often a write fails in a way that nobody thought of, as long as anything is in it."""
    fails = []

    def fail(*_):
        if fails:
            raise RuntimeError(fails.pop())

    monkeypatch.setattr("poolkeeper.shell.journal.appended", fail)
    with capture_logs():
        yield fails


async def test_what_an_unexpected_error_costs_is_told(desk, broken):
    broken.append("no idea")
    desk.look(0)
    await desk.write(30)
    await desk.write(90)
    assert desk.records[-1] == Lost(at(30), at(0), 2)


async def test_an_error_that_stays_costs_each_record_once(desk, broken):
    broken += ["still no idea", "no idea"]
    desk.look(0)
    for second in (30, 90, 150):
        await desk.write(second)
    assert desk.records[-1] == Lost(at(90), at(0), 2)


async def test_after_an_unexpected_error_the_decision_that_stands_is_told_again(desk, broken):
    broken.append("no idea")
    desk.look(0)
    desk.look(10)
    await desk.write(30)
    desk.look(40)
    await desk.write(90)
    assert past(desk.records).stood(at(41)).decided.at == at(40)


async def test_an_unexpected_error_does_not_cost_the_end_of_a_pool(desk, broken):
    broken.append("no idea")
    desk.look(0)
    desk.journal.end(desk.pool)
    await desk.write(30)
    await desk.write(90)
    assert isinstance(desk.records[-1], Ended)


async def test_who_ends_does_not_wait_long_for_the_journal(desk, api, monkeypatch):
    monkeypatch.setattr("poolkeeper.shell.journal.LAST", timedelta(milliseconds=20))
    answers = asyncio.Event()
    api.intercept = lambda _: answers.wait()
    desk.look(0)
    async with asyncio.timeout(2):
        await desk.journal.close()
    answers.set()
    assert desk.records == ()


async def test_what_another_leader_wrote_is_read_beside_the_loop(desk, api, monkeypatch):
    desk.look(0)
    await desk.write(30)
    readers, read = [], pages.pages
    monkeypatch.setattr(pages, "pages", lambda found: readers.append(get_ident()) or read(found))
    async with KubeClient(api.access) as kube:
        other = Desk(api, kube)
        other.look(60)
        await other.write(90)
    assert get_ident() not in readers
