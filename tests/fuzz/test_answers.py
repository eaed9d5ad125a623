"""Whatever a Prometheus, a broker or an adapter answers: a number that can be, or a reason; garbage is no zero."""

import asyncio
import json
import math

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.test_specs import JSON

from builders import START
from poolkeeper.core.model import ExternalSource, PrometheusSource, RabbitSource
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube_errors import Unreadable
from poolkeeper.shell.prometheus import elements
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.queues.demultiplex import Ask, Roster
from poolkeeper.shell.queues.external import ExternalReader
from poolkeeper.shell.queues.outside import Outside
from poolkeeper.shell.queues.promql import PART
from poolkeeper.shell.queues.rabbit import decoded, judged

NUMBERS = st.sampled_from(
    [
        "0",
        "7",
        "NaN",
        "+Inf",
        "-Inf",
        "-1",
        "1e308",
        "1e400",
        "",
        " 7 ",
        "1_000",
        "0x7",
        "٣",
        "9" * 400,
        "1500m",
        "2Ki",
        "1e99",
    ]
)
LABELS = st.dictionaries(
    st.sampled_from(["namespace", "pod", PART, "queue"]), st.sampled_from(["ns", "chat-1", "0", "é"])
)
VALUE = st.tuples(st.floats(allow_nan=False, allow_infinity=False) | JSON, NUMBERS | JSON).map(list)
ROW = st.fixed_dictionaries({}, optional={"metric": LABELS | JSON, "value": VALUE | JSON})
DATA = st.fixed_dictionaries(
    {
        "resultType": st.sampled_from(["vector", "vector", "scalar", "matrix", "string"]),
        "result": st.lists(ROW) | VALUE | JSON,
    }
)
ANSWER = st.fixed_dictionaries(
    {"status": st.sampled_from(["success", "success", "error"]) | JSON, "data": DATA | JSON},
    optional={"warnings": JSON, "error": JSON},
)
BODIES = (ANSWER | JSON).map(lambda found: json.dumps(found).encode()) | st.binary(max_size=40)
NESTED = st.just(b'{"status":"success","data":{"resultType":"vector","result":' + b"[" * 100_000)
SOURCES = st.sampled_from([PrometheusSource("q", metric="queue"), PrometheusSource("q", query="sum(queue)")])
ROSTER = Roster({"chat-1": "u1"}, target=frozenset({"u1"}), ready=frozenset({"u1"}))
JOBS = ExternalSource("jobs", "waiting")
QUEUE = RabbitSource("jobs", "default", "jobs", "/")


class Answering:
    """A server that gives one answer, and an API server that passes one on."""

    def __init__(self, body):
        self.body, self.clock = body, Clock.of_this_machine()

    async def query(self, *_):
        return elements(self.body)

    async def get(self, *_, into, **__):
        try:
            return msgspec.json.decode(self.body, type=into)
        except (RecursionError, ValueError) as error:
            raise Unreadable(str(error)) from error


def is_sound(reading):
    """Return whether a reading says nothing, with a reason, or what a queue can be."""
    numbers = [reading.waiting, reading.running, *(one.waiting for one in reading.pods)]
    known = [one for one in numbers if one is not None]
    said = bool(known or reading.faults or reading.fault) or not reading.applies
    return said and all(math.isfinite(one) and one >= 0 for one in known)


@given(BODIES | NESTED, SOURCES)
def test_what_a_prometheus_answers_is_a_queue_or_has_a_reason(body, source):
    ask = Ask("ns/chat", "ns", source, ROSTER)
    readings = asyncio.run(BatchReader({"default": Answering(body)}).read([ask], START))
    assert is_sound(readings["ns/chat", "q"])


@given(BODIES.filter(lambda body: b'"0' not in body and b"-0" not in body and b'"-' not in body), SOURCES)
def test_a_prometheus_that_says_no_zero_gives_none(body, source):
    ask = Ask("ns/chat", "ns", source, ROSTER)
    reading = asyncio.run(BatchReader({"default": Answering(body)}).read([ask], START))["ns/chat", "q"]
    assert [one for one in (reading.waiting, *(one.waiting for one in reading.pods)) if one == 0] == []


ITEM = st.fixed_dictionaries({}, optional={"value": NUMBERS | JSON, "timestamp": st.just("2026-03-02T12:00:00") | JSON})
LISTED = st.fixed_dictionaries({}, optional={"items": st.lists(ITEM) | JSON}) | JSON


@given(LISTED.map(lambda found: json.dumps(found).encode()) | st.binary(max_size=40) | NESTED)
def test_what_an_adapter_answers_is_a_queue_or_has_a_reason(body):
    reader = Outside({ExternalSource: ExternalReader(Answering(body))})
    assert is_sound(asyncio.run(reader.read("ns", JOBS, START)))


COUNT = st.integers() | st.none() | JSON
DESCRIBED = st.fixed_dictionaries(
    {}, optional={"messages_ready": COUNT, "messages_unacknowledged": COUNT, "state": JSON, "type": JSON}
)


class Rabbit:
    """Reads one answer of a management API."""

    def __init__(self, body):
        self.body = body

    async def depth(self, _, source):
        return judged(decoded(self.body), source)


@given(DESCRIBED.map(lambda found: json.dumps(found).encode()) | st.binary(max_size=40) | NESTED)
def test_what_a_rabbitmq_answers_is_a_queue_or_has_a_reason(body):
    assert is_sound(asyncio.run(Outside({RabbitSource: Rabbit(body)}).read("ns", QUEUE, START)))


@given(BODIES | NESTED)
def test_what_is_no_answer_of_a_prometheus_is_a_declared_error(body):
    try:
        found = elements(body)
    except MetricError:
        return
    assert all(isinstance(one.value, float) for one in found)
