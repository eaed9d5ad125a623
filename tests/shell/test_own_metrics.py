"""What the operator measures of itself."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from builders import at
from poolkeeper.core.observation import PodFault, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.kube_wire import Call
from poolkeeper.shell.own_metrics import FAILING, OwnMetrics
from poolkeeper.shell.write_budget import Priority, WriteBudget

POOL = Call("PATCH", "/apis/poolkeeper.io/v1alpha1/namespaces/inference/inferencepools/chat/status")
LONG = timedelta(seconds=30)


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def own(registry):
    return OwnMetrics(registry)


@pytest.fixture
def value(registry):
    def ask(name, **labels):
        return registry.get_sample_value(f"poolkeeper_{name}", labels)

    return ask


def retried(own, value, *codes):
    for code in codes:
        own.answered(POOL, code, 0.01)
    return value("api_retries_total", verb="PATCH")


@pytest.mark.parametrize(
    ("params", "verb"), [({}, "GET"), ({"limit": "500"}, "LIST"), ({"limit": "500", "watch": "true"}, "WATCH")]
)
def test_a_request_is_counted_by_what_kubernetes_calls_it(own, value, params, verb):
    own.answered(Call("GET", "/api/v1/pods", params), "200", 0.01)
    assert value("api_requests_total", verb=verb, code="200") == 1


def test_a_watch_has_no_duration(own, value):
    own.answered(Call("GET", "/api/v1/pods", {"watch": "true"}), "200", 290)
    assert value("api_request_duration_seconds_count", verb="WATCH") is None


@pytest.mark.parametrize("code", ["429", "500", "403", "timeout", "unreachable", "cancelled"])
def test_what_is_sent_again_after_it_failed_is_a_retry(own, value, code):
    assert retried(own, value, code, code, "200") == 2


def test_what_is_sent_again_after_it_succeeded_is_none(own, value):
    assert retried(own, value, "500", "200", "200", "500") == 1


@pytest.mark.parametrize("code", ["404", "409", "410"])
def test_an_answer_that_says_how_things_stand_is_no_failure(own, value, code):
    assert retried(own, value, code, code) is None


def test_no_more_failures_are_remembered_than_may_be_the_oldest_is_forgotten(own, value):
    for number in range(FAILING + 1):
        own.answered(Call("GET", f"/{number}"), "500", 0.01)
    for number in (0, FAILING):
        own.answered(Call("GET", f"/{number}"), "200", 0.01)
    assert value("api_retries_total", verb="GET") == 1


def test_another_thing_that_is_made_in_a_collection_is_no_retry(own, value):
    for _ in range(2):
        own.answered(Call("POST", "/api/v1/namespaces/inference/events"), "500", 0.01)
    assert value("api_retries_total", verb="POST") is None


def test_readings_are_counted_by_what_became_of_them(own, value):
    own.seen([Reading("edge", at(0), waiting=3), Reading("pods", at(0), fault=Reason.METRIC_STALE)])
    assert [value("readings_total", result=result) for result in ("Good", "MetricStale")] == [1, 1]


def test_pods_that_could_not_be_read_are_counted_by_why(own, value):
    own.seen([Reading("pods", at(0), faults=(PodFault("uid", Reason.METRIC_TIMEOUT),))])
    assert value("pod_faults_total", reason="MetricTimeout") == 1


async def write(budget):
    async with budget.turn(Priority.SCALE_DOWN, LONG):
        pass


async def test_writes_that_wait_are_told_with_the_oldest_of_them(own, value):
    budget = WriteBudget(concurrent=1)
    own.measure_writes(budget)
    async with budget.turn(Priority.STATUS, LONG):
        waiting = asyncio.create_task(write(budget))
        await asyncio.sleep(0)
        found = [value("write_queue_waiting", priority=one.name.lower()) for one in Priority]
        oldest = value("write_queue_oldest_seconds")
    await waiting
    assert (found, oldest > 0) == ([0, 1, 0], True)


async def test_where_nothing_waits_nothing_is_old(own, value):
    own.measure_writes(WriteBudget())
    assert value("write_queue_oldest_seconds") == 0


def test_problems_are_counted_by_part_when_the_page_is_read(own, value):
    found = []
    own.measure_problems({"lease": lambda: found})
    found.append("lease poolkeeper: no answer in time")
    assert value("problems", part="lease") == 1


def test_the_process_is_measured(registry, own):
    assert registry.get_sample_value("process_open_fds") > 0


def test_what_it_is_made_of_is_told(registry, own):
    (info,) = [one for one in registry.collect() if one.name == "poolkeeper_build_info"]
    assert set(info.samples[0].labels) == {"version", "python", "kopf"}
