"""What the client promises beyond the contract: bounds, budgets, and the error that fits."""

import asyncio
import json
from datetime import timedelta

import pytest
from aiohttp import web
from tests.contract.fake_api import FakeApi, RefusalError

from poolkeeper.shell.kube import APPLY_PATCH, KubeClient, Limits
from poolkeeper.shell.kube_errors import (
    ConflictError,
    FieldOwner,
    Forbidden,
    Gone,
    Invalid,
    ServerError,
    TimedOut,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    Unreadable,
)
from poolkeeper.shell.list_watch import HasMetadata
from poolkeeper.shell.write_budget import Priority

MAPS = "/api/v1/configmaps"
PATH = "/api/v1/namespaces/lab/configmaps"
IMPATIENT = Limits(request=timedelta(seconds=0.2), list_page=timedelta(seconds=0.2), body=5000, event=5000, page=2)


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


@pytest.fixture
async def kube(api):
    async with KubeClient(api.access, limits=IMPATIENT) as kube:
        yield kube


def make(kube, name, priority=Priority.STATUS):
    return kube.post(PATH, {"metadata": {"name": name}}, priority=priority)


def refuse(api, code, **headers):
    def intercept(asked):
        raise RefusalError(code, "said so", headers=headers)

    api.intercept = intercept


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (400, Invalid),
        (401, Unauthorized),
        (403, Forbidden),
        (410, Gone),
        (422, Invalid),
        (429, TooManyRequests),
        (500, ServerError),
        (503, ServerError),
        (302, ServerError),
    ],
)
async def test_each_refusal_has_its_error_and_the_servers_words(api, kube, code, error):
    refuse(api, code)
    with pytest.raises(error, match="said so") as caught:
        await kube.get(f"{PATH}/a", into=HasMetadata)
    assert caught.value.status == code


async def test_retry_after_is_told_and_not_obeyed_in_silence(api, kube):
    refuse(api, 429, **{"Retry-After": "7"})
    with pytest.raises(TooManyRequests) as caught:
        await kube.patch(f"{PATH}/a", {})
    assert (caught.value.retry_after, len(api.requests)) == (timedelta(seconds=7), 1)


async def test_a_proxys_page_is_an_error_with_its_words(api, kube):
    api.intercept = lambda _: web.Response(status=502, text="<h1>Bad Gateway</h1>")
    with pytest.raises(ServerError, match="Bad Gateway"):
        await kube.get(f"{PATH}/a", into=HasMetadata)


async def test_no_answer_ends_at_the_limit(api, kube):
    api.intercept = lambda _: asyncio.sleep(60)
    with pytest.raises(TimedOut, match=r"GET .*/configmaps/a"):
        await kube.get(f"{PATH}/a", into=HasMetadata)


async def test_a_closed_port_is_unreachable(api, kube):
    await api.stop()
    with pytest.raises(Unreachable):
        await kube.get(f"{PATH}/a", into=HasMetadata)


async def test_an_answer_over_the_limit_is_not_read_to_its_end(api, kube):
    await api.put(MAPS, "lab", "big", data={"x": "y" * 6000})
    with pytest.raises(Unreadable, match="larger than 5000"):
        await kube.get(f"{PATH}/big", into=HasMetadata)


async def test_an_event_over_the_limit_ends_the_watch(api, kube):
    await api.put(MAPS, "lab", "big", data={"x": "y" * 6000})
    with pytest.raises(Unreadable, match="larger than 5000"):
        await anext(kube.watch(PATH, params={"resourceVersion": "100"}, silence=timedelta(seconds=5)))


async def test_garbage_is_unreadable(api, kube):
    api.intercept = lambda _: web.Response(text="<html>")
    with pytest.raises(Unreadable):
        await kube.get(f"{PATH}/a", into=HasMetadata)


async def test_a_list_comes_in_pages_that_make_one_whole(api, kube):
    for name in "abcde":
        await api.put(MAPS, "lab", name)
    found = await kube.list(PATH, item=HasMetadata)
    assert ("".join(one.metadata.name for one in found), len(api.requests)) == ("abcde", 3)


async def test_writes_are_signed_by_our_field_manager(api, kube):
    await api.put(MAPS, "lab", "a")
    await kube.patch(f"{PATH}/a", {"data": {"x": "1"}})
    assert api.requests[-1].query["fieldManager"] == "poolkeeper"


async def test_a_patch_has_the_content_type_it_was_given(api, kube):
    await api.put(MAPS, "lab", "a")
    await kube.patch(f"{PATH}/a?force=true", {"data": {}}, content_type=APPLY_PATCH)
    asked = api.requests[-1]
    assert (asked.headers["Content-Type"], asked.query["force"]) == (APPLY_PATCH, "true")


async def test_what_is_applied_is_forced_on_nobody(api, kube):
    await api.put(MAPS, "lab", "a")
    await kube.apply(f"{PATH}/a", {"data": {}})
    asked = api.requests[-1]
    assert (asked.headers["Content-Type"], asked.query) == (APPLY_PATCH, {"fieldManager": "poolkeeper"})


async def test_a_conflict_names_the_fields_and_who_owns_them(api, kube):
    causes = [
        {"reason": "FieldManagerConflict", "message": 'conflict with "kubectl-set" using apps/v1', "field": ".spec.a"},
        {"reason": "FieldManagerConflict", "message": "told otherwise", "field": ".spec.b"},
        {"reason": "FieldValueInvalid", "message": 'conflict with "nobody"', "field": ".spec.c"},
    ]
    api.intercept = lambda _: web.json_response({"code": 409, "details": {"causes": causes}}, status=409)
    with pytest.raises(ConflictError) as caught:
        await kube.apply(f"{PATH}/a", {})
    assert caught.value.owners == (FieldOwner(".spec.a", "kubectl-set"), FieldOwner(".spec.b", "somebody else"))


async def test_a_failed_precondition_names_no_owners(api, kube):
    refuse(api, 409)
    with pytest.raises(ConflictError) as caught:
        await kube.apply(f"{PATH}/a", {})
    assert caught.value.owners == ()


async def test_every_answer_sets_the_clock(api, kube):
    await kube.list(PATH, item=HasMetadata)
    assert kube.clock.ready


async def test_silence_ends_a_watch(api, kube):
    with pytest.raises(TimedOut):
        await anext(kube.watch(PATH, params={"resourceVersion": "100"}, silence=timedelta(seconds=0.1)))


async def test_a_watch_that_lasts_longer_than_a_request_may_goes_on(api, kube):
    lines = kube.watch(PATH, params={"resourceVersion": "100"}, silence=timedelta(seconds=30))
    first = asyncio.create_task(anext(lines))
    await asyncio.sleep(0.4)  # twice the limit of a request: it is the time itself that is tested
    await api.put(MAPS, "lab", "a")
    assert json.loads(await first)["type"] == "ADDED"
    await lines.aclose()


async def test_more_watches_than_connections_starve_no_request(api):
    async with KubeClient(api.access, limits=Limits(connections=1)) as kube:
        watches = [kube.watch(PATH, params={"resourceVersion": "100"}, silence=timedelta(30)) for _ in range(5)]
        waiting = [asyncio.create_task(anext(watch)) for watch in watches]
        await api.watched(5)
        assert await kube.list(PATH, item=HasMetadata) == ()
        await api.put(MAPS, "lab", "a")
        await asyncio.gather(*waiting)
        for watch in watches:
            await watch.aclose()


async def test_a_scale_up_goes_before_the_status_writes_that_wait(api):
    async with KubeClient(api.access, limits=Limits(concurrent_writes=1)) as kube:
        kinds = [Priority.STATUS] * 3 + [Priority.SCALE_UP]
        await asyncio.gather(*(make(kube, f"{kind.name}-{turn}", kind) for turn, kind in enumerate(kinds)))
    order = [event[2]["metadata"]["name"] for event in api.collection(MAPS).events]
    assert order[:2] == ["STATUS-0", "SCALE_UP-3"]


async def test_a_write_waits_for_its_turn_no_longer_than_a_request_may_take(api):
    api.intercept = lambda _: asyncio.sleep(60)
    limits = Limits(concurrent_writes=1, request=timedelta(seconds=0.2))
    async with KubeClient(api.access, limits=limits) as kube:
        answers = await asyncio.gather(*(kube.delete(f"{PATH}/{name}") for name in "abc"), return_exceptions=True)
    assert {type(answer) for answer in answers} == {TimedOut}
