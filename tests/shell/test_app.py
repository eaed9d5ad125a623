import asyncio

import aiohttp
import pytest
from structlog.testing import capture_logs

from poolkeeper.shell import app, complaints
from poolkeeper.shell.access import Access
from poolkeeper.shell.costs import TeamBudgets
from poolkeeper.shell.ledger import Heading
from poolkeeper.shell.settings import Settings

KEY = ("inference", "chat")


class Loop:
    """Remembers what is on its agenda."""

    def __init__(self):
        self.agenda = set()

    def note(self, pool):
        self.agenda.add(pool.key)

    def forget(self, key):
        self.agenda.discard(key)


class Elector:
    """Remembers whether it contends, and whether it has released the lease."""

    leading, problem = False, ""

    def __init__(self):
        self.contends, self.released = False, False

    async def run(self):
        self.contends = True

    async def release(self):
        self.released = True


class Cluster:
    """Caches that hold the cluster once `whole` is set."""

    def __init__(self):
        self.whole = asyncio.Event()

    async def synced(self):
        await self.whole.wait()

    def problems(self):
        return ["pods: forbidden"]


class Money:
    """Remembers whose last days are written."""

    def __init__(self):
        self.ended = []

    def end(self, pool):
        self.ended.append(pool.uid)

    def problems(self):
        return ["configmap/poolkeeper-prices: line 2: no price"]


class Journal(Money):
    """Remembers whose last words are written."""

    def problems(self):
        return ["journal: forbidden"]


def body(uid="uid-1"):
    metadata = {"namespace": KEY[0], "name": KEY[1], "uid": uid, "generation": 1}
    spec = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
    return {"metadata": metadata | {"creationTimestamp": "2026-03-02T12:00:00Z"}, "spec": spec}


@pytest.fixture
def operator():
    made = app.Operator(Settings())
    made.loop, made.elector, made.cluster, made.money, made.journal = Loop(), Elector(), Cluster(), Money(), Journal()
    made.team_budgets = TeamBudgets(None, "", (), made.telemetry, Heading("prod", ()))
    return made


async def test_who_cannot_see_the_cluster_does_not_contend_for_the_lease(operator):
    contending = asyncio.create_task(operator.contend())
    await asyncio.sleep(0)
    blind = operator.elector.contends
    operator.cluster.whole.set()
    await contending
    assert (blind, operator.elector.contends) == (False, True)


def test_a_late_word_of_an_old_pool_leaves_the_new_one_on_the_agenda(operator):
    for kind, uid in (("ADDED", "uid-1"), ("ADDED", "uid-2"), ("DELETED", "uid-1")):
        operator.take(kind, body(uid))
    assert operator.loop.agenda == {KEY}


def test_a_pool_that_is_gone_is_off_the_agenda(operator):
    for kind in ("ADDED", "DELETED"):
        operator.take(kind, body())
    assert operator.loop.agenda == set()


def test_a_pool_made_while_the_others_were_listed_stays(operator):
    operator.take("ADDED", body())
    operator.compare({}, {})
    assert operator.pools.get(KEY)


def test_a_pool_whose_end_was_missed_is_purged(operator):
    operator.take("ADDED", body())
    operator.compare({"uid-1": KEY}, {})
    assert (len(operator.pools), operator.loop.agenda) == (0, set())


def test_what_is_in_the_way_of_the_caches_the_lease_and_the_prices_is_told(operator):
    operator.elector.problem = "lease poolkeeper: forbidden"
    caches, lease, prices, journal = operator.problems()
    assert (caches, lease, "line 2" in prices) == ("pods: forbidden", "lease poolkeeper: forbidden", True)
    assert journal == "journal: forbidden"


def test_the_last_days_of_a_pool_that_is_gone_are_written(operator):
    for kind, uid in (("ADDED", "uid-1"), ("DELETED", "uid-0"), ("DELETED", "uid-1")):
        operator.take(kind, body(uid))
    assert (operator.money.ended, operator.journal.ended) == (["uid-1"], ["uid-1"])


def test_a_problem_is_logged_when_it_appears_and_when_it_changes():
    with capture_logs() as said:
        told: set[str] = set()
        for problem in ("slow", "slow", "gone"):
            told = complaints.tell([problem], told)
    assert [one["problem"] for one in said] == ["slow", "gone"]


async def test_kopf_asks_for_the_server_by_its_tls_name():
    names = []

    async def answer(request):
        names.append(request.server_hostname)
        raise aiohttp.ClientError

    way = app.session(Access("https://127.0.0.1:1", server_name="kubernetes"))
    (authorize,) = way.aiohttp_session._middlewares  # noqa: SLF001  what it does to a request is the claim
    request = type("Request", (), {"headers": {}})()
    with pytest.raises(aiohttp.ClientError):
        await authorize(request, answer)
    await way.aiohttp_session.close()
    assert names == ["kubernetes"]


def test_it_needs_no_name_of_the_user_it_runs_as(monkeypatch):
    given = {}
    monkeypatch.setattr(app.kopf, "run", lambda **options: given.update(options))
    app.run(Settings(identity="poolkeeper-7d4b9"))
    assert given["identity"] == "poolkeeper-7d4b9"


async def test_the_last_words_and_the_last_days_are_written_at_the_same_time(operator):
    together = asyncio.Barrier(2)
    operator.money.close = operator.journal.close = together.wait
    async with asyncio.timeout(1):
        await operator.stop()
    assert operator.elector.released
