"""The last good prices count, whatever becomes of the ConfigMap and of the process."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from math import isnan

import pytest
from tests.contract.fake_api import FakeApi, RefusalError
from tests.contract.objects import until

from poolkeeper.api.price_book import COLUMNS
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.list_watch import Pace
from poolkeeper.shell.price_book import SHOWN, PriceBook
from poolkeeper.shell.telemetry import Telemetry

MAPS = "/api/v1/configmaps"
NAME, COPY = "poolkeeper-prices", "poolkeeper-prices-accepted"
HEADER = ",".join(COLUMNS)
L4 = "*,*,*,,L4,on-demand,0.80,USD,,list"
L4_FROM_MAY = "*,*,*,,L4,on-demand,0.75,USD,2026-05-01,list"
BROKEN = L4.replace("0.80", "-1")
NEGATIVE = f"configmap/{NAME}: line 2: price: must not be negative (got '-1')"
QUICK = Pace(
    first_wait=timedelta(milliseconds=1),
    longest_wait=timedelta(milliseconds=20),
    longest_refusal=timedelta(milliseconds=8),
)


def sheet(*lines):
    return {"prices.csv": "\n".join([HEADER, *lines])}


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


@pytest.fixture
async def kube(api):
    async with KubeClient(api.access) as kube:
        yield kube


@asynccontextmanager
async def following(kube, **how):
    """Run a price book that has looked at the ConfigMap once."""
    book = PriceBook(kube, "system", NAME, pace=QUICK, **how)
    running = asyncio.create_task(book.run())
    try:
        async with asyncio.timeout(10):
            await book.synced()
        yield book
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def put(api, *lines, name=NAME):
    await api.put(MAPS, "system", name, data=sheet(*lines))


def stored(api):
    found = api.collection(MAPS).objects.get(("system", COPY))
    return found and found["data"]


def prices(book):
    return [str(row.price) for row in book.book.rows]


def refuse(api, method):
    def intercept(asked):
        if asked.method == method and asked.name == COPY:
            raise RefusalError(403, f"may not {method} it")

    api.intercept = intercept


async def test_without_a_configmap_nothing_is_known_and_nothing_is_wrong(kube):
    async with following(kube) as book:
        assert (prices(book), book.problems, book.is_synced) == ([], [], True)


async def test_prices_count_as_soon_as_they_are_written(api, kube):
    async with following(kube) as book:
        await put(api, L4)
        await until(lambda: prices(book) == ["0.80"])


async def test_a_broken_book_leaves_the_last_good_one_in_force(api, kube):
    await put(api, L4)
    async with following(kube) as book:
        await put(api, BROKEN)
        await until(lambda: book.problems)
        assert (prices(book), book.problems) == (
            ["0.80"],
            [NEGATIVE, f"configmap/{NAME}: the last good prices stay in force"],
        )


async def test_a_book_that_was_never_good_prices_nothing_and_says_so(api, kube):
    await put(api, BROKEN)
    async with following(kube) as book:
        assert (prices(book), book.problems) == ([], [NEGATIVE, f"configmap/{NAME}: no price is known"])


async def test_a_mended_book_counts_again(api, kube):
    await put(api, BROKEN)
    async with following(kube) as book:
        await put(api, L4)
        await until(lambda: not book.problems)
        assert prices(book) == ["0.80"]


async def test_a_book_that_is_as_good_as_before_is_the_same_object(api, kube):
    await put(api, L4)
    async with following(kube) as book:
        before = book.book
        await put(api, BROKEN)
        await until(lambda: book.problems)
        await put(api, L4)
        await until(lambda: not book.problems)
        assert book.book is before


async def test_the_last_good_book_survives_a_restart(api, kube):
    await put(api, L4)
    async with following(kube):
        await until(lambda: stored(api) == sheet(L4))
    await put(api, BROKEN)
    async with following(kube) as book:
        assert (prices(book), book.problems[0]) == (["0.80"], NEGATIVE)


async def test_a_book_that_is_gone_leaves_the_last_good_one_in_force(api, kube):
    await put(api, L4)
    async with following(kube) as book:
        await api.remove(MAPS, "system", NAME)
        await until(lambda: book.problems)
        assert (prices(book), book.problems[0]) == (["0.80"], f"configmap/{NAME}: it is gone")


async def test_a_configmap_without_the_key_leaves_the_last_good_one_in_force(api, kube):
    await put(api, L4)
    async with following(kube) as book:
        await api.put(MAPS, "system", NAME, data={"prices": "x"})
        await until(lambda: book.problems)
        assert (prices(book), book.problems[0]) == (["0.80"], f"configmap/{NAME}: it has no key prices.csv")


async def test_the_copy_follows_the_book(api, kube):
    await put(api, L4)
    async with following(kube):
        await until(lambda: stored(api) == sheet(L4))
        await put(api, L4_FROM_MAY)
        await until(lambda: stored(api) == sheet(L4_FROM_MAY))


async def test_a_copy_that_is_as_it_should_be_is_not_written_again(api, kube):
    await put(api, L4)
    await put(api, L4, name=COPY)
    async with following(kube):
        await put(api, BROKEN)
        await api.next_request()
        assert {asked.method for asked in api.requests} == {"GET"}


async def test_who_does_not_lead_writes_no_copy(api, kube):
    await put(api, L4)
    async with following(kube, leading=lambda: False) as book:
        await put(api, L4_FROM_MAY)
        await until(lambda: prices(book) == ["0.75"])
        assert stored(api) is None


async def test_whoever_comes_to_lead_writes_the_copy(api, kube):
    leads = []
    await put(api, L4)
    async with following(kube, leading=lambda: bool(leads)):
        leads.append(True)
        await until(lambda: stored(api) == sheet(L4))


async def test_a_copy_that_somebody_spoilt_is_replaced(api, kube):
    await put(api, BROKEN, name=COPY)
    await put(api, L4)
    async with following(kube):
        await until(lambda: stored(api) == sheet(L4))


async def test_a_copy_that_may_not_be_written_is_told_and_tried_again(api, kube):
    refuse(api, "PATCH")
    await put(api, L4)
    async with following(kube) as book:
        await until(lambda: any("may not PATCH it" in problem for problem in book.problems))
        api.intercept = lambda _: None
        await until(lambda: not book.problems)
        assert stored(api) == sheet(L4)


async def test_a_copy_that_cannot_be_read_is_told_and_counts_once_it_can_be(api, kube):
    refuse(api, "GET")
    await put(api, L4, name=COPY)
    await put(api, BROKEN)
    async with following(kube) as book:
        assert any("may not GET it" in problem for problem in book.problems)
        api.intercept = lambda _: None
        await until(lambda: prices(book) == ["0.80"])


async def test_of_many_problems_the_first_are_told(api, kube):
    await put(api, *[BROKEN.replace("L4", f"L{number}") for number in range(SHOWN + 3)])
    async with following(kube) as book:
        assert (len(book.problems), book.problems[SHOWN]) == (SHOWN + 2, f"configmap/{NAME}: 3 more problems")


def value(telemetry, name):
    return telemetry.registry.get_sample_value(f"poolkeeper_price_book_{name}")


async def test_the_problems_are_counted(api, kube):
    telemetry = Telemetry()
    await put(api, BROKEN, BROKEN.replace("L4", "L40"))
    async with following(kube) as book:
        book.measure(telemetry)
        assert value(telemetry, "problems") == 2


async def test_the_age_is_that_of_the_newest_price_in_effect(api, kube):
    await put(api, L4, L4_FROM_MAY, L4_FROM_MAY.replace("2026", "2027"))
    async with following(kube) as book:
        assert book.age(datetime(2026, 5, 3, tzinfo=UTC)) == timedelta(days=2)


async def test_the_age_is_measured_by_the_cluster_s_clock(api, kube):
    telemetry = Telemetry()
    await put(api, L4_FROM_MAY.replace("2026", "2024"))
    async with following(kube) as book:
        book.measure(telemetry)
        begun = timedelta(seconds=value(telemetry, "age_seconds"))
        assert abs(datetime(2024, 5, 1, tzinfo=UTC) + begun - kube.clock.now()) < timedelta(seconds=5)


async def test_prices_without_a_date_have_no_age(api, kube):
    telemetry = Telemetry()
    await put(api, L4)
    async with following(kube) as book:
        book.measure(telemetry)
        assert isnan(value(telemetry, "age_seconds"))
