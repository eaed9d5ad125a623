"""The ledger's ConfigMaps against an API server: whole days, written once or many times over, until they are old."""

import json
from datetime import date
from decimal import Decimal

import pytest
from tests.contract.fake_api import FakeApi, RefusalError

from builders import BODY
from poolkeeper.api import ledger as pages
from poolkeeper.core.days import Amount, Day, Line
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Forbidden, NotFound, ServerError
from poolkeeper.shell.ledger import Heading, Ledger, entries, is_old
from poolkeeper.shell.pools import Pools

HEADING = Heading("prod", ("team", "feature", "model"))
CONFIGMAPS = "/api/v1/configmaps"
MARCH, APRIL = "poolkeeper-ledger-2026-03-uid-1", "poolkeeper-ledger-2026-04-uid-1"


def day(on, cost="24"):
    return Day(date.fromisoformat(on), Amount({"on-demand": Line(effective=Decimal(cost))}))


def pool(**labels):
    return Pools().take({**BODY, "metadata": {**BODY["metadata"], "labels": labels}})


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


@pytest.fixture
async def ledger(api):
    async with KubeClient(api.access) as kube:
        yield Ledger(kube, "poolkeeper")


def months(api):
    return {name: found["data"] for (_, name), found in api.collection(CONFIGMAPS).objects.items()}


def written(api):
    return [asked.method for asked in api.requests if asked.method != "GET"]


async def test_a_month_is_made_with_its_first_day(ledger, api):
    await ledger.write(entries(pool(), [day("2026-03-02")], HEADING))
    assert set(months(api)[MARCH]) == {"pool", "2026-03-02.USD"}


async def test_what_is_written_can_be_read(ledger, api):
    await ledger.write(entries(pool(), [day("2026-03-02")], HEADING))
    (found,) = pages.entries(api.collection(CONFIGMAPS).objects["poolkeeper", MARCH])
    assert (found.cluster, found.name, found.day.amount.cost) == ("prod", "chat", 24)


async def test_a_day_that_is_written_again_is_there_once(ledger, api):
    for cost in ("24", "25"):
        await ledger.write(entries(pool(), [day("2026-03-02", cost)], HEADING))
    assert json.loads(months(api)[MARCH]["2026-03-02.USD"])["tiers"]["on-demand"]["cost"] == "25"


async def test_the_days_of_one_month_are_one_write(ledger, api):
    await ledger.write(entries(pool(), [day("2026-03-02")], HEADING))
    await ledger.write(entries(pool(), [day("2026-03-02"), day("2026-03-03")], HEADING))
    assert written(api) == ["PATCH", "POST", "PATCH"]


async def test_each_month_has_its_own(ledger, api):
    await ledger.write(entries(pool(), [day("2026-03-31"), day("2026-04-01")], HEADING))
    assert set(months(api)) == {MARCH, APRIL}


def refuse_march(asked):
    """Refuse whatever is asked of March."""
    if asked.name == MARCH:
        raise RefusalError(413, "too large")


async def test_a_month_that_cannot_be_written_holds_up_no_later_one(ledger, api):
    api.intercept = refuse_march
    done = []
    with pytest.raises(ServerError, match="too large"):
        await ledger.write(entries(pool(), [day("2026-03-31"), day("2026-04-01")], HEADING), done.extend)
    assert (set(months(api)), [one.on.month for one in done]) == ({APRIL}, [4])


async def test_a_month_that_another_leader_made_meanwhile_is_added_to(ledger, api):
    async def race(asked):
        if asked.method == "POST":
            await api.put(CONFIGMAPS, "poolkeeper", MARCH, data={"2026-03-01.USD": "{}"})

    api.intercept = race
    await ledger.write(entries(pool(), [day("2026-03-02")], HEADING))
    assert set(months(api)[MARCH]) == {"pool", "2026-03-01.USD", "2026-03-02.USD"}


async def test_a_write_whose_answer_was_lost_is_made_again(ledger, api):
    api.lose = lambda asked: asked.method == "POST"
    with pytest.raises(ServerError):
        await ledger.write(entries(pool(), [day("2026-03-02")], HEADING))
    await ledger.write(entries(pool(), [day("2026-03-02")], HEADING))
    assert set(months(api)[MARCH]) == {"pool", "2026-03-02.USD"}


@pytest.mark.parametrize(("code", "error"), [(403, Forbidden), (413, ServerError), (404, NotFound)])
async def test_what_is_refused_is_told(ledger, api, code, error):
    def refuse(_):
        raise RefusalError(code, "no")

    api.intercept = refuse
    with pytest.raises(error, match="no"):
        await ledger.write(entries(pool(), [day("2026-03-02")], HEADING))


def test_an_entry_bears_those_labels_of_the_pool_that_count():
    (found,) = entries(pool(team="search", tier="gold"), [day("2026-03-02")], HEADING)
    assert found.labels == {"team": "search"}


def test_a_pool_whose_spec_was_never_accepted_has_no_entries():
    unread = pool()
    unread.core = None
    assert entries(unread, [day("2026-03-02")], HEADING) == ()


@pytest.mark.parametrize(
    ("name", "today", "old"),
    [
        (MARCH, "2027-05-05", False),
        (MARCH, "2027-05-06", True),
        ("poolkeeper-ledger-2026-12-uid-1", "2028-02-04", False),
        ("poolkeeper-prices", "2027-05-06", False),
        ("poolkeeper-ledger-2026-13-uid-1", "2099-01-01", False),
    ],
)
def test_a_month_is_old_once_it_ended_400_days_ago(name, today, old):
    assert is_old(name, date.fromisoformat(today)) is old


async def test_old_months_are_deleted_and_nothing_else(ledger, api):
    for name, labels in (
        (MARCH, {"poolkeeper.io/ledger": "2026-03"}),
        ("else", {}),
        (APRIL, {"poolkeeper.io/ledger": "2026-04"}),
    ):
        await api.put(CONFIGMAPS, "poolkeeper", name, metadata={"labels": labels}, data={})
    count = await ledger.prune(date(2027, 5, 20))
    assert (count, set(months(api))) == (1, {"else", APRIL})
