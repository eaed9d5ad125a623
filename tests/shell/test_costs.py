"""Budgets over several pools: what is told, once, also over restarts, and what of the pools that are gone."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import structlog
from tests.contract.fake_api import FakeApi

from builders import BODY, statement
from poolkeeper.api.costs import CostsError
from poolkeeper.api.names import TEAM_BUDGETS
from poolkeeper.core.costing import Budget
from poolkeeper.core.days import Amount, Day, Line
from poolkeeper.core.spending import Expected
from poolkeeper.core.teams import Team
from poolkeeper.shell import costs
from poolkeeper.shell.costs import SETTLING, TeamBudgets, load
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Forbidden
from poolkeeper.shell.ledger import Heading, Ledger, entries
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.telemetry import Telemetry

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
HEADING = Heading("prod", ("team",))
CONFIGMAPS = "/api/v1/configmaps"
TEAM = Team("search", {"team": "search"}, Budget(Decimal(1000)))


def pool(month=None, uid="uid-1", **changes):
    """Return a pool of the team, whose month has cost so much; None: it was not reviewed yet."""
    metadata = {**BODY["metadata"], "uid": uid, "labels": {"team": "search"}}
    found = Pools().take({**BODY, "metadata": metadata})
    if month is not None:
        told = statement(month=Amount({"spot": Line(effective=Decimal(month))}))
        found.reckoning.statement = replace(told, first=date(2026, 3, 1), **changes)
    return found


class Rig:
    """The budgets of one process; `again` makes the next."""

    def __init__(self, kube, namespace="poolkeeper"):
        self.kube, self.namespace, self.telemetry = kube, namespace, Telemetry()
        self.budgets = TeamBudgets(kube, namespace, (TEAM,), self.telemetry, HEADING)

    def again(self):
        return Rig(self.kube, self.namespace)

    async def look(self, *pools, minute=0):
        """Return the thresholds that are logged."""
        with structlog.testing.capture_logs() as logs:
            await self.budgets.look(pools, NOW + timedelta(minutes=minute))
        return [one["threshold"] for one in logs]

    def value(self, name, **labels):
        return self.telemetry.registry.get_sample_value(f"poolkeeper_team_{name}", {"budget": "search", **labels})


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


@pytest.fixture
async def rig(api):
    async with KubeClient(api.access) as kube:
        yield Rig(kube)


async def gone(rig, cost, on="2026-03-02", uid="uid-9"):
    """Have the ledger hold a day of a pool that is not there any more."""
    day = Day(date.fromisoformat(on), Amount({"spot": Line(effective=Decimal(cost))}))
    await Ledger(rig.kube, rig.namespace).write(entries(pool(uid=uid), [day], HEADING))


async def test_a_threshold_is_told_once(rig):
    assert [await rig.look(pool(600)), await rig.look(pool(700), minute=1)] == [["50 Actual"], []]


async def test_of_several_at_once_the_highest_is_told(rig):
    assert await rig.look(pool(850)) == ["80 Actual"]


async def test_the_highest_stands_for_those_below_it(rig):
    assert [await rig.look(pool(850)), await rig.look(pool(860), minute=1)] == [["80 Actual"], []]


async def test_a_restart_tells_nothing_again(rig):
    await rig.look(pool(600))
    assert await rig.again().look(pool(900)) == ["80 Actual"]


async def test_what_cannot_be_read_is_told_again(rig, api):
    await rig.look(pool(600))
    api.collection(CONFIGMAPS).objects["poolkeeper", TEAM_BUDGETS]["data"]["search"] = "nonsense"
    assert await rig.again().look(pool(600)) == ["50 Actual"]


async def test_the_metrics_say_how_a_budget_stands(rig):
    await rig.look(pool(600, end=Expected(Decimal(900), Decimal(800), Decimal(1000))))
    found = [rig.value("budget_used_ratio"), rig.value("budget_expected_ratio")]
    found += [rig.value(name, currency="USD") for name in ("cost_month_to_date", "budget_monthly")]
    assert found == [0.6, 0.9, 600, 1000]


async def test_what_is_not_expected_has_no_series(rig):
    await rig.look(pool(600))
    assert rig.value("budget_expected_ratio") is None


async def test_a_pool_that_is_gone_still_counts(rig):
    await gone(rig, 300)
    await rig.look(pool(600))
    assert rig.value("budget_used_ratio") == 0.9


async def test_a_pool_that_is_there_counts_once(rig):
    await gone(rig, 300, uid="uid-1")
    await rig.look(pool(600))
    assert rig.value("budget_used_ratio") == 0.6


async def test_a_month_before_does_not_count(rig):
    await gone(rig, 300, on="2026-02-27")
    await rig.look(pool(600))
    assert rig.value("budget_used_ratio") == 0.6


async def test_a_pool_that_goes_counts_on_with_what_the_ledger_gets(rig):
    await rig.look(pool(100), pool(200, uid="uid-9"))
    await rig.look(pool(100), minute=1)
    await gone(rig, 201)
    await rig.look(pool(100), minute=2)
    assert rig.value("cost_month_to_date", currency="USD") == 301


def spoil(api, uid):
    api.collection(CONFIGMAPS).objects["poolkeeper", f"poolkeeper-ledger-2026-03-{uid}"]["data"]["2026-03-02.USD"] = "?"


async def test_a_month_that_cannot_be_read_is_named_and_all_others_count(rig, api):
    await gone(rig, 300)
    await gone(rig, 100, uid="uid-8")
    spoil(api, "uid-8")
    await rig.look(pool(600))
    (problem,) = rig.budgets.problems()
    assert (rig.value("budget_used_ratio"), "poolkeeper-ledger-2026-03-uid-8: 2026-03-02" in problem) == (0.9, True)


async def test_pools_that_are_gone_are_read_together(rig, api):
    for number in range(3):
        await gone(rig, 100, uid=f"uid-{number + 7}")
    await rig.look(pool(600))
    reads = [asked for asked in api.requests if asked.method == "GET"]
    assert (rig.value("budget_used_ratio"), len(reads)) == (0.9, 3)  # what was told, who there is, and all of theirs


async def test_at_rest_nothing_is_asked(rig, api):
    await rig.look(pool(600))
    before = len(api.requests)
    await rig.look(pool(600), minute=10)
    assert len(api.requests) == before


async def test_the_ledger_is_looked_up_again_after_an_hour(rig):
    await rig.look(pool(600))
    await gone(rig, 300)
    await rig.look(pool(600), minute=60)
    assert rig.value("budget_used_ratio") == 0.9


async def test_a_start_waits_until_all_pools_were_reviewed(rig):
    assert await rig.look(pool(600), pool(uid="uid-2")) == []


async def test_a_start_does_not_wait_forever(rig):
    pools = (pool(600), pool(uid="uid-2"))
    await rig.look(*pools)
    assert await rig.look(*pools, minute=SETTLING / timedelta(minutes=1)) == ["50 Actual"]


async def test_another_currency_is_a_problem(rig):
    await rig.look(pool(600, currency="EUR"))
    words = "budget search: inference/chat counts in EUR, not in USD: it is not in the sum"
    assert rig.budgets.problems() == [words]


async def test_what_cannot_be_stored_is_stored_later(rig, api):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rig.kube, "patch", refused)
        assert await rig.look(pool(600)) == ["50 Actual"]
        assert "configmap/poolkeeper-budgets" in rig.budgets.problems()[0]
    assert (await rig.look(pool(600), minute=1), rig.budgets.problems()) == ([], [])
    assert ("poolkeeper", TEAM_BUDGETS) in api.collection(CONFIGMAPS).objects


async def refused(*_, **__):
    raise Forbidden("no", status=403)


async def test_until_what_was_told_is_known_nothing_is_told(rig, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(rig.kube, "list", refused)
        assert (await rig.look(pool(600)), rig.budgets.problems()) == ([], ["team budgets: no"])
    assert await rig.look(pool(600), minute=1) == ["50 Actual"]


async def test_each_minute_is_a_look(rig, monkeypatch):
    monkeypatch.setattr(costs, "EVERY", timedelta(0))
    looks = asyncio.Semaphore(0)

    async def look(*_):
        looks.release()

    monkeypatch.setattr(rig.budgets, "look", look)
    task = asyncio.create_task(rig.budgets.run((), lambda: NOW))
    await looks.acquire()
    await looks.acquire()
    assert task.cancel()


async def test_without_a_budget_nothing_runs(rig):
    idle = TeamBudgets(rig.kube, "poolkeeper", (), rig.telemetry, HEADING)
    assert await idle.run((), lambda: NOW) is None


def test_a_file_is_read(tmp_path):
    path = tmp_path / "costs.yaml"
    path.write_text("cluster: prod")
    assert load(path).cluster == "prod"


@pytest.mark.parametrize("made", [None, b"\xff\xfe\xfa"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, made):
    path = tmp_path / "costs.yaml"
    if made is not None:
        path.write_bytes(made)
    with pytest.raises(CostsError, match=r"costs\.yaml"):
        load(path)
