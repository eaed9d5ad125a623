"""The store equals the server's state, whatever happens on the way."""

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from tests.contract.fake_api import FakeApi, RefusalError

from poolkeeper.shell.kube import KubeClient, Limits
from poolkeeper.shell.list_watch import HasMetadata, Pace
from poolkeeper.shell.reflector import Kind, Reflector

MAPS = "/api/v1/configmaps"
QUICK = Pace(
    silence=timedelta(seconds=5),
    first_wait=timedelta(milliseconds=1),
    longest_wait=timedelta(milliseconds=4),
    longest_refusal=timedelta(milliseconds=8),
)


class Content(msgspec.Struct):
    value: int = 0


class ConfigMap(HasMetadata):
    data: Content = msgspec.field(default_factory=Content)


def value(found):
    return found.data.value if found.data.value >= 0 else None


MAP_KIND = Kind("/api/v1", "configmaps", ConfigMap, value)


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


class Changes(list):
    """What `on_change` was told."""

    def __call__(self, key, old, new):
        self.append((key[1], old, new))


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  what is waited for is spread over two programs
            await asyncio.sleep(0.001)


@asynccontextmanager
async def reflecting(api, kind=MAP_KIND, *, page=500, pace=QUICK, **how):
    """Run a reflector that has seen its first LIST and watches."""
    async with KubeClient(api.access, limits=Limits(page=page)) as kube:
        reflector = Reflector(kube, kind, pace=pace, **how)
        running = asyncio.create_task(reflector.run())
        try:
            yield reflector
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def watching(api, *args, **how):
    async with reflecting(api, *args, **how) as reflector:
        await reflector.synced()
        await api.watched(len(how.get("namespaces", "1")))
        yield reflector


def truth(api, namespace=None):
    found = api.collection(MAPS).objects.items()
    return {key: one["data"]["value"] for key, one in found if namespace in (None, key[0])}


async def put(api, name, number=1, namespace="lab"):
    await api.put(MAPS, namespace, name, data={"value": number})


async def test_the_first_list_fills_the_store(api):
    await put(api, "a")
    async with watching(api) as reflector:
        assert reflector.items == {("lab", "a"): 1}


async def test_a_list_in_pages_fills_it_too(api):
    for name in "abcde":
        await put(api, name)
    async with watching(api, page=2) as reflector:
        assert reflector.items == truth(api)


async def test_added_changed_and_deleted_objects_are_told_in_order(api):
    changes = Changes()
    async with watching(api, on_change=changes):
        await put(api, "a", 1)
        await put(api, "a", 2)
        await api.remove(MAPS, "lab", "a")
        await until(lambda: len(changes) == 3)
    assert changes == [("a", None, 1), ("a", 1, 2), ("a", 2, None)]


async def test_a_change_that_leaves_the_projection_alone_is_not_told(api):
    changes = Changes()
    async with watching(api, on_change=changes):
        await put(api, "a", 1)
        await put(api, "a", 1)
        await put(api, "b", 1)
        await until(lambda: len(changes) == 2)
    assert [name for name, _, _ in changes] == ["a", "b"]


async def test_what_is_not_worth_keeping_leaves_the_store(api):
    await put(api, "a", 1)
    async with watching(api) as reflector:
        await put(api, "a", -1)
        await until(lambda: not reflector.items)


async def test_a_deletion_during_a_broken_connection_is_seen(api):
    await put(api, "a")
    async with watching(api) as reflector:
        api.cut()
        await api.remove(MAPS, "lab", "a")
        await until(lambda: not reflector.items)


async def test_a_deletion_that_history_forgot_is_seen(api):
    """410 as the answer to the watch."""
    await put(api, "a")
    changes = Changes()
    async with watching(api, on_change=changes) as reflector:
        await api.remove_unseen(MAPS, "lab", "a")
        api.cut()
        await until(lambda: not reflector.items)
    assert changes[-1] == ("a", 1, None)


async def test_a_deletion_before_an_error_event_is_seen(api):
    """410 as an event of the watch."""
    await put(api, "a")
    async with watching(api) as reflector:
        await api.remove_unseen(MAPS, "lab", "a")
        await api.expire()
        await until(lambda: not reflector.items)


async def test_an_object_replaced_between_two_looks_is_one_change(api):
    await put(api, "a", 1)
    changes = Changes()
    async with watching(api, on_change=changes):
        await api.remove_unseen(MAPS, "lab", "a")
        await put(api, "a", 2)
        api.compact()
        api.cut()
        await until(lambda: len(changes) == 2)
    assert changes[-1] == ("a", 1, 2)


async def test_a_broken_watch_goes_on_where_it_was(api):
    async with watching(api) as reflector:
        await put(api, "a")
        await until(lambda: reflector.items)
        api.cut()
        await put(api, "b")
        await until(lambda: len(reflector.items) == 2)
    assert sum("watch" not in asked.query for asked in api.requests) == 1


async def test_a_bookmark_moves_the_version_on(api):
    """Else a quiet kind would ask for history that is gone."""
    await put(api, "a")
    async with watching(api) as reflector:
        await until(lambda: reflector.age() > timedelta(seconds=0.05))
        await api.bookmark()
        await until(lambda: reflector.age() < timedelta(seconds=0.05))
        api.cut()
        asked = await api.next_request()
    assert asked.query["resourceVersion"] == str(api.version)


async def test_a_list_asks_for_the_most_recent_state(api):
    async with watching(api):
        assert "resourceVersion" not in api.requests[0].query


async def test_silence_is_not_trusted(api):
    """A watch that lost its way: the server knows of a deletion and does not say so."""
    await put(api, "a")
    pace = Pace(silence=timedelta(seconds=0.05), first_wait=timedelta(milliseconds=1))
    async with watching(api, pace=pace) as reflector:
        await api.remove_unseen(MAPS, "lab", "a")
        await until(lambda: not reflector.items)


QUIET = Pace(silence=timedelta(seconds=0.02), first_wait=timedelta(milliseconds=1))
BARE_KIND = replace(MAP_KIND, bookmarks=False)


def kinds_of_requests(api):
    return ["watch" if "watch" in asked.query else "list" for asked in api.requests]


async def test_where_there_are_no_bookmarks_silence_costs_a_list_every_fourth_time(api):
    await put(api, "a")
    async with watching(api, BARE_KIND, pace=QUIET):
        await until(lambda: len(api.requests) >= 7)
    assert kinds_of_requests(api)[:7] == ["list", *["watch"] * 4, "list", "watch"]


async def test_such_a_silence_is_no_problem(api):
    async with watching(api, BARE_KIND, pace=QUIET) as reflector:
        found = set()
        await until(lambda: found.add(reflector.problem) or len(api.requests) >= 7)
    assert found == {""}


async def test_after_such_a_silence_nothing_is_missed(api):
    async with watching(api, BARE_KIND, pace=QUIET) as reflector:
        await until(lambda: len(api.requests) >= 3)
        await put(api, "a")
        await until(lambda: reflector.items)


@pytest.mark.parametrize("code", [500, 503])
async def test_a_server_that_refuses_to_resume_is_listed_again(api, code):
    await put(api, "a")

    def refuse_watches(asked):
        if "watch" in asked.query:
            raise RefusalError(code, "Too large resource version")

    async with watching(api) as reflector:
        api.intercept = refuse_watches
        await api.remove_unseen(MAPS, "lab", "a")
        api.cut()
        await until(lambda: not reflector.items)


async def test_a_list_whose_pages_expire_starts_again(api):
    for name in "abcde":
        await put(api, name)

    def expire_once(asked):
        if "continue" in asked.query:
            api.intercept = lambda _: None
            api.compact()

    api.intercept = expire_once
    async with watching(api, page=2) as reflector:
        assert reflector.items == truth(api)


@pytest.mark.parametrize("code", [401, 403, 429, 500])
async def test_a_refusal_is_told_and_not_fatal(api, code):
    await put(api, "a")

    def refuse(_):
        raise RefusalError(code, "configmaps is forbidden")

    api.intercept = refuse
    async with reflecting(api) as reflector:
        await until(lambda: reflector.problem)
        assert "configmaps is forbidden" in reflector.problem
        api.intercept = lambda _: None
        await reflector.synced()
        assert (reflector.problem, reflector.items) == ("", truth(api))


async def test_an_unreachable_server_is_told_and_not_fatal(api):
    async with watching(api) as reflector:
        await api.stop()
        await until(lambda: "configmaps" in reflector.problem)


async def test_a_watch_that_was_taken_up_again_is_no_problem_though_quiet(api):
    async with watching(api) as reflector:
        api.intercept = lambda _: refused()
        api.cut()
        await until(lambda: reflector.problem)
        api.intercept = lambda _: None
        await until(lambda: not reflector.problem)


async def refused():
    raise RefusalError(429, "later")


async def test_a_kind_that_does_not_exist_is_an_empty_one_with_a_problem(api):
    api.missing.add(MAPS)
    async with reflecting(api) as reflector:
        await reflector.synced()
        assert "could not find the requested resource" in reflector.problem
        assert reflector.is_missing


async def test_a_kind_that_goes_away_takes_its_objects_along(api):
    await put(api, "a")
    async with watching(api) as reflector:
        api.missing.add(MAPS)
        api.cut()
        await until(lambda: not reflector.items)


async def test_a_kind_that_comes_is_picked_up(api):
    api.missing.add(MAPS)
    async with reflecting(api) as reflector:
        await until(lambda: reflector.problem)
        await put(api, "a")
        api.missing.clear()
        await until(lambda: reflector.items == truth(api))


async def test_only_the_named_namespaces_are_reflected(api):
    for namespace in ("lab", "shop", "attic"):
        await put(api, "a", namespace=namespace)
    async with watching(api, namespaces=("lab", "shop")) as reflector:
        assert set(reflector.items) == {("lab", "a"), ("shop", "a")}


async def test_a_list_of_one_namespace_leaves_the_others_alone(api):
    await put(api, "a", namespace="lab")
    await put(api, "a", namespace="shop")
    async with watching(api, namespaces=("lab", "shop")) as reflector:
        await api.remove_unseen(MAPS, "lab", "a")
        await api.expire()
        await until(lambda: set(reflector.items) == {("shop", "a")})


async def test_selectors_are_the_servers_work(api):
    await api.put(MAPS, "lab", "a", metadata={"labels": {"app": "chat"}}, data={"value": 1})
    await api.put(MAPS, "lab", "b", metadata={"labels": {"app": "other"}}, data={"value": 1})
    kind = Kind("/api/v1", "configmaps", ConfigMap, value, labels="app=chat")
    async with watching(api, kind) as reflector:
        assert set(reflector.items) == {("lab", "a")}


async def test_an_object_that_cannot_be_read_is_told_beside_good_ones(api):
    await put(api, "good")
    await api.put(MAPS, "lab", "bad", data={"value": "many"})
    async with watching(api) as reflector:
        assert ("configmaps/bad" in reflector.problem, reflector.items) == (True, {("lab", "good"): 1})


async def test_an_object_that_nothing_can_be_made_of_is_told_beside_good_ones(api):
    await put(api, "good", 1)
    await put(api, "bad", 0)
    kind = replace(MAP_KIND, project=lambda found: 1 // found.data.value)
    async with watching(api, kind) as reflector:
        assert ("configmaps/bad: integer division" in reflector.problem, reflector.items) == (
            True,
            {("lab", "good"): 1},
        )


async def test_an_unreadable_object_that_is_mended_is_no_problem_any_more(api):
    await api.put(MAPS, "lab", "bad", data={"value": "many"})
    async with watching(api) as reflector:
        await put(api, "bad", 3)
        await until(lambda: reflector.items == {("lab", "bad"): 3})
        assert reflector.problem == ""


async def test_an_object_that_becomes_unreadable_leaves_the_store(api):
    await put(api, "a")
    async with watching(api) as reflector:
        await api.put(MAPS, "lab", "a", data={"value": "many"})
        await until(lambda: not reflector.items)


async def test_a_watch_cut_short_again_and_again_is_not_asked_in_a_tight_loop(api):
    pace = Pace(first_wait=timedelta(seconds=30), longest_wait=timedelta(seconds=30))

    def cut_short(asked):
        return wordless() if "watch" in asked.query else None

    async def wordless():
        return FakeApi.empty()

    api.intercept = cut_short
    async with reflecting(api, pace=pace) as reflector:
        await until(lambda: "without a word" in reflector.problem)
        assert len(api.requests) == 2


async def test_age_grows_while_nothing_is_heard(api):
    async with watching(api) as reflector:
        await api.stop()
        await until(lambda: reflector.age() > timedelta(seconds=0.05))


async def test_an_error_in_on_change_ends_it(api):
    def fail(*_):
        raise ZeroDivisionError

    await put(api, "a")
    async with KubeClient(api.access) as kube:
        with pytest.raises(ExceptionGroup):
            await Reflector(kube, MAP_KIND, on_change=fail).run()


async def disturb(api, dice):
    name, turn = dice.choice("abcdefgh"), dice.random()
    known = ("lab", name) in api.collection(MAPS).objects
    if turn < 0.5 or (turn < 0.75 and not known):
        await put(api, name, dice.randrange(-2, 9))
    elif turn < 0.75:
        await api.remove(MAPS, "lab", name)
    elif turn < 0.85:
        api.cut()
    elif turn < 0.9:
        api.compact()
    elif turn < 0.95:
        await api.expire(dice.choice([410, 500]))
    else:
        await api.bookmark()
    for _ in range(dice.randrange(4)):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(30))
async def test_whatever_happens_the_store_ends_equal_to_the_server(api, seed):
    dice = random.Random(seed)  # noqa: S311  a test that can be repeated
    told = {}

    def follow(key, old, new):
        assert told.get(key) == old
        told[key] = new

    async with reflecting(api, page=3, on_change=follow) as reflector:
        for _ in range(60):
            await disturb(api, dice)
        expected = {key: number for key, number in truth(api).items() if number >= 0}
        await until(lambda: reflector.items == expected)
        assert {key: new for key, new in told.items() if new is not None} == expected
