import asyncio
import math
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.core.model import PrometheusSource
from poolkeeper.core.observation import PodFault, PodSample, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.prometheus import Element, QueryRefusedError
from poolkeeper.shell.queues import batch as module
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.queues.demultiplex import Ask, Roster
from poolkeeper.shell.queues.promql import PART

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
PODS = {"chat-1": "u1", "chat-2": "u2", "nginx-1": "n1"}
CHAT = Roster(PODS, target=frozenset({"u1", "u2"}), ready=frozenset({"u1", "u2"}))
QUEUE = PrometheusSource("q", metric="queue")
RAW = PrometheusSource("raw", query="sum(x)")


class Server:
    """Answers by query, else with `elements`; an exception is raised."""

    def __init__(self, *elements, **answers):
        self.answers = answers
        self.elements = list(elements)
        self.asked = []

    async def query(self, promql):
        self.asked.append(promql)
        answer = next((one for part, one in self.answers.items() if part in promql), self.elements)
        if isinstance(answer, Exception):
            raise answer
        return answer


def element(value=1.0, pod=None, namespace="ns", part="0", **labels):
    pods = {"pod": pod} if pod else {}
    return Element({"namespace": namespace, PART: part, **pods, **labels}, 1000.0, value)


def ask(source=QUEUE, roster=CHAT, pool="ns/chat", namespace="ns"):
    return Ask(pool, namespace, source, roster)


async def read(server, *asks):
    return await BatchReader({"default": server}).read(asks, NOW)


async def one(server, source=QUEUE, roster=CHAT):
    (reading,) = (await read(server, ask(source, roster))).values()
    return reading


async def test_the_pool_s_own_pods_are_read_pod_by_pod():
    reading = await one(Server(element(3, "chat-1"), element(4, "chat-2")))
    assert reading == Reading("q", NOW, pods=(PodSample("u1", 3), PodSample("u2", 4)))


async def test_a_ready_pod_without_a_series_is_silent():
    reading = await one(Server(element(3, "chat-1")))
    assert (reading.pods, reading.faults) == (
        (PodSample("u1", 3),),
        (PodFault("u2", Reason.PODS_SILENT, "no series of this pod"),),
    )


async def test_a_pod_that_is_not_ready_is_left_out():
    roster = Roster(PODS, CHAT.target, ready=frozenset({"u1"}))
    reading = await one(Server(element(3, "chat-1"), element(4, "chat-2")), roster=roster)
    assert (reading.pods, reading.faults) == ((PodSample("u1", 3),), ())


async def test_one_pod_s_bad_value_is_that_pod_s_fault():
    reading = await one(Server(element(3, "chat-1"), element(math.nan, "chat-2")))
    assert (reading.faults[0].uid, reading.faults[0].reason) == ("u2", Reason.METRIC_NOT_A_NUMBER)


async def test_series_of_dead_pods_are_dropped():
    reading = await one(Server(element(3, "chat-1"), element(4, "chat-2"), element(500, "chat-0")))
    assert [pod.waiting for pod in reading.pods] == [3, 4]


async def test_only_dead_pods_series_are_a_fault():
    reading = await one(Server(element(500, "chat-0")))
    assert (reading.fault, reading.detail) == (Reason.METRIC_DEAD_POD, "the only series are of chat-0")


@pytest.mark.parametrize("pods", [("nginx-1", "nginx-1"), (None, None), ("nginx-1", None)])
async def test_series_of_other_live_pods_or_of_none_are_added_up(pods):
    reading = await one(Server(element(3, pods[0]), element(4, pods[1])))
    assert reading == Reading("q", NOW, waiting=7)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (math.nan, Reason.METRIC_NOT_A_NUMBER),
        (math.inf, Reason.METRIC_INFINITE),
        (-math.inf, Reason.METRIC_INFINITE),
        (-1, Reason.METRIC_NEGATIVE),
    ],
)
async def test_one_bad_element_spoils_a_sum(value, reason):
    reading = await one(Server(element(3), element(value, shard="b")))
    assert (reading.fault, reading.waiting) == (reason, None)


async def test_nothing_at_all_is_empty():
    assert (await one(Server())).fault is Reason.METRIC_EMPTY


async def test_a_pool_reads_only_its_own_namespace_and_selector():
    chat = PrometheusSource("q", metric="queue", selector=(("app", "chat"),))
    code = PrometheusSource("q", metric="queue", selector=(("app", "code"),))
    server = Server(
        element(1, app="chat"), element(2, app="code"), element(4, app="chat", namespace="other"), element(8, app="x")
    )
    found = await read(server, ask(chat), ask(code, pool="ns/code"), ask(chat, pool="other/chat", namespace="other"))
    assert ({key[0]: reading.waiting for key, reading in found.items()}, len(server.asked)) == (
        {"ns/chat": 1, "ns/code": 2, "other/chat": 4},
        1,
    )


async def test_a_selector_may_name_series_of_no_namespace():
    outside = Element({PART: "0", "app": "chat"}, 1000.0, 7)
    chat = PrometheusSource("q", metric="queue", selector=(("app", "chat"),))
    assert (await one(Server(outside), chat)).waiting == 7


async def test_series_of_no_namespace_do_not_add_to_the_pools_own():
    outside = Element({PART: "0", "app": "chat"}, 1000.0, 7)
    chat = PrometheusSource("q", metric="queue", selector=(("app", "chat"),))
    assert (await one(Server(outside, element(1, app="chat")), chat)).waiting == 1


async def test_without_a_selector_series_of_no_namespace_are_nobodys():
    assert (await one(Server(Element({PART: "0"}, 1000.0, 7)))).fault is Reason.METRIC_EMPTY


async def test_another_namespace_cannot_be_selected():
    spy = PrometheusSource("q", metric="queue", selector=(("namespace", "other"),))
    assert (await one(Server(element(4, namespace="other")), spy)).fault is Reason.METRIC_EMPTY


async def test_parts_do_not_mix():
    other = PrometheusSource("other", metric="other")
    found = await read(Server(element(1), element(2, part="1")), ask(), ask(other))
    assert [reading.waiting for reading in found.values()] == [1, 2]


async def test_an_absent_label_is_an_empty_one():
    assert (await one(Server(element(5)), PrometheusSource("q", metric="queue", selector=(("app", ""),)))).waiting == 5


async def test_another_pool_s_pods_never_stand_in_for_silent_ones():
    server = Server(element(3, "chat-1"))
    reader = BatchReader({"default": server})
    await reader.read([ask()], NOW)
    server.elements = [element(0, "nginx-1")]
    (reading,) = (await reader.read([ask()], NOW)).values()
    assert (reading.waiting, [fault.reason for fault in reading.faults]) == (None, [Reason.PODS_SILENT] * 2)


async def test_an_engine_s_metric_is_per_pod_from_the_first_look():
    engine = PrometheusSource("q", metric="vllm:num_requests_waiting")
    reading = await one(Server(element(0, "nginx-1")), engine)
    assert [fault.uid for fault in reading.faults] == ["u1", "u2"]


async def test_an_engine_s_metric_without_pods_is_a_sum():
    engine = PrometheusSource("q", metric="vllm:num_requests_waiting")
    assert (await one(Server(element(5)), engine)).waiting == 5


async def test_an_engine_s_metric_does_not_apply_without_ready_pods():
    engine = PrometheusSource("q", metric="vllm:num_requests_waiting")
    reading = await one(Server(), engine, Roster(PODS, CHAT.target))
    assert (reading.applies, reading.fault) == (False, None)


async def test_forgotten_pools_are_new_again():
    server = Server(element(3, "chat-1"))
    reader = BatchReader({"default": server})
    await reader.read([ask()], NOW)
    reader.prune({"ns/other"})
    server.elements = [element(5, "nginx-1")]
    assert [reading.waiting for reading in (await reader.read([ask()], NOW)).values()] == [5]


async def test_an_unknown_server_is_named_with_the_known_ones():
    reading = await one(Server(), PrometheusSource("q", server="central", metric="queue"))
    assert (reading.fault, reading.detail) == (
        Reason.METRIC_UNKNOWN_SERVER,
        "'central' is not configured; there are: default",
    )


async def test_a_flawed_source_does_not_reach_the_server():
    server = Server()
    reading = await one(server, PrometheusSource("q", metric="up} or vector(0"))
    assert (reading.fault, server.asked) == (Reason.METRIC_GARBAGE, [])


async def test_a_server_s_fault_is_every_asker_s():
    server = Server(queue=MetricError(Reason.METRIC_TIMEOUT, "slow"))
    found = await read(server, ask(), ask(pool="ns/code"))
    assert [(reading.fault, reading.detail) for reading in found.values()] == [(Reason.METRIC_TIMEOUT, "slow")] * 2


async def test_a_part_that_is_refused_does_not_take_the_others_along():
    server = Server(element(7), broken=QueryRefusedError(Reason.METRIC_SERVER_ERROR, "too many samples"))
    found = await read(server, ask(), ask(PrometheusSource("bad", metric="broken")))
    assert [(reading.waiting, reading.fault) for reading in found.values()] == [
        (7, None),
        (None, Reason.METRIC_SERVER_ERROR),
    ]


async def test_a_bug_in_one_pool_s_answer_does_not_hide_the_others(monkeypatch):
    right = module.reading

    def broken(one, *rest, **options):
        return 1 / 0 if one.pool == "ns/chat" else right(one, *rest, **options)

    monkeypatch.setattr(module, "reading", broken)
    found = await read(Server(element(7)), ask(), ask(pool="ns/code"))
    assert [(reading.waiting, reading.fault) for reading in found.values()] == [
        (None, Reason.METRIC_GARBAGE),
        (7, None),
    ]


async def test_a_bug_met_at_one_server_does_not_hide_the_others():
    asks = [ask(), ask(PrometheusSource("far", server="far", metric="queue"))]
    found = await BatchReader({"default": Server(element(7)), "far": Server(queue=KeyError("bug"))}).read(asks, NOW)
    assert [reading.fault for reading in found.values()] == [None, Reason.METRIC_GARBAGE]


class Silent:
    async def query(self, _):
        return await asyncio.Event().wait()


async def test_a_server_that_hangs_holds_up_nobody():
    asks = [ask(PrometheusSource("far", server="far", metric="queue")), ask()]
    stream = BatchReader({"default": Server(element(7)), "far": Silent()}).stream(asks, NOW)
    assert list(await anext(stream)) == [("ns/chat", "q")]
    await stream.aclose()


async def test_a_raw_query_is_one_element():
    assert await one(Server(Element({}, 1000.0, 7)), RAW) == Reading("raw", NOW, waiting=7)


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ([], Reason.METRIC_EMPTY),
        ([element(1), element(2)], Reason.METRIC_SEVERAL),
        ([element(math.nan)], Reason.METRIC_NOT_A_NUMBER),
        ([element(math.inf)], Reason.METRIC_INFINITE),
        ([element(-1)], Reason.METRIC_NEGATIVE),
    ],
)
async def test_a_raw_query_s_faults(elements, reason):
    assert (await one(Server(*elements), RAW)).fault is reason


FRESH = PrometheusSource("raw", query="sum(x)", freshness="max(timestamp(y))", max_age=timedelta(seconds=30))


@pytest.mark.parametrize(
    ("newest", "fault"),
    [
        ([Element({}, 1000.0, 970.0)], None),
        ([Element({}, 1000.0, 969.9)], Reason.METRIC_STALE),
        ([Element({}, 1000.0, math.nan)], Reason.METRIC_STALE),
        ([], Reason.METRIC_EMPTY),
        ([Element({}, 1.0, 1.0)] * 2, Reason.METRIC_SEVERAL),
        (MetricError(Reason.METRIC_TIMEOUT, ""), Reason.METRIC_TIMEOUT),
    ],
)
async def test_a_raw_query_is_as_fresh_as_its_freshness_query_says(newest, fault):
    assert (await one(Server(Element({}, 1000.0, 7), timestamp=newest), FRESH)).fault is fault


async def test_a_server_that_hangs_holds_up_no_other_server_s_queries():
    hanging = type("Hanging", (), {"query": lambda *_: asyncio.Event().wait()})()
    reader = BatchReader({"default": hanging, "other": Server(element(3))}, concurrency=1)
    first = ask(PrometheusSource("other", query="sum(x)", server="other"), pool="ns/other")
    async with asyncio.timeout(1), aclosing(reader.stream([ask(RAW), first], NOW)) as stream:
        assert list(await anext(stream)) == [("ns/other", "other")]
