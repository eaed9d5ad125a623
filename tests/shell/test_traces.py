"""Traces of looks, sent to a real receiver of OTLP in this process; and nothing of it where nobody has asked."""

import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.shell import test_loop

from builders import reading
from poolkeeper.shell.loop import Answers, Sources
from poolkeeper.shell.money import Money
from poolkeeper.shell.settings import Settings
from poolkeeper.shell.telemetry import Telemetry
from poolkeeper.shell.traces import Traces
from poolkeeper.shell.tracing import is_wanted

# ruff: noqa: SLF001  a look is begun as the loop begins it

HERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


class Receiver:
    """An OTLP receiver; `spans` are those that came, by name."""

    def __init__(self):
        self.requests = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler):  # noqa: N805  the outer self is wanted
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                self.requests.append((handler.path, ExportTraceServiceRequest.FromString(body)))
                handler.send_response(200)
                handler.end_headers()

            def log_message(handler, *_):  # noqa: N805  the same
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def spans(self):
        batches = [batch for _, request in self.requests for batch in request.resource_spans]
        return [span for batch in batches for scope in batch.scope_spans for span in scope.spans]

    def named(self, name):
        return [span for span in self.spans if span.name == name]


class Rig(test_loop.Rig):
    """The same pool, its loop and turns traced."""

    def __init__(self):
        super().__init__()
        self.traces, telemetry = Traces("me"), Telemetry()
        world = (self.kube, self.cluster, self.pools)
        turns = self.traces.turns(*world, telemetry, Money(*world, telemetry, Settings()))
        self.loop = self.traces.loop(*world, Sources(None, None, None), turns)

    async def look(self, second, waiting=1500):
        self.kube.second, answers = second, Answers()
        answers.expect(self.loop._asks(self.pool)[0])
        answers.give("inference/chat", reading(waiting, second))
        await self.loop._look(self.pool, answers)


@pytest.fixture
def receiver(monkeypatch):
    made = Receiver()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_on")
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
async def looked(receiver):
    rig = Rig()
    await rig.look(0)
    await rig.look(1)
    rig.traces.close()
    return receiver


def attributes(span):
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


async def test_a_look_has_its_parts_as_children(looked):
    first = looked.named("look")[0]
    parts = {span.name for span in looked.spans if span.parent_span_id == first.span_id}
    assert parts == {"read", "decide", "write.owned", "write.sizes", "write.status"}


async def test_a_look_tells_what_was_decided_and_of_whom(looked):
    told = attributes(looked.named("look")[0])
    assert (told["poolkeeper.pool"], told["poolkeeper.decision.reason"]) == ("chat", "QueueAbove")
    assert (told["poolkeeper.decision.from"], told["poolkeeper.decision.to"]) == (2, 3)


async def test_a_later_look_links_to_the_change_by_its_id(looked):
    first, second = looked.named("look")
    (link,) = second.links
    assert (link.trace_id, attributes(link)["poolkeeper.decision.id"]) == (
        first.trace_id,
        attributes(first)["poolkeeper.decision.id"],
    )


async def test_an_instance_says_who_it_is(looked):
    (path, request), *_ = looked.requests
    told = attributes(request.resource_spans[0].resource)
    assert (path, told["service.name"], told["service.instance.id"]) == ("/v1/traces", "poolkeeper", "me")


async def test_the_environment_names_the_service(receiver, monkeypatch):
    monkeypatch.setenv("OTEL_SERVICE_NAME", "keeper-of-pools")
    rig = Rig()
    await rig.look(0)
    rig.traces.close()
    assert attributes(receiver.requests[0][1].resource_spans[0].resource)["service.name"] == "keeper-of-pools"


async def test_few_looks_are_traced_where_nothing_is_said(receiver, monkeypatch):
    monkeypatch.delenv("OTEL_TRACES_SAMPLER")
    sampler = Rig().traces._provider.sampler
    assert "0.01" in sampler.get_description()


async def test_a_pool_that_is_gone_is_forgotten(receiver):
    rig = Rig()
    await rig.look(0)
    rig.loop.forget(test_loop.KEY)
    rig.traces.close()
    assert rig.loop._turns.changed == {}


async def test_what_goes_wrong_in_a_look_is_on_its_span(receiver):
    rig = Rig()
    rig.loop._turns._halves = None
    await rig.look(0)
    rig.traces.close()
    assert [event.name for event in receiver.named("look")[0].events] == ["exception"]


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        (HERE, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        (HERE | {"OTEL_TRACES_EXPORTER": "none"}, False),
        (HERE | {"OTEL_SDK_DISABLED": "true"}, False),
        (HERE | {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        ({"OTEL_SERVICE_NAME": "poolkeeper"}, False),
    ],
)
def test_traces_are_asked_for_by_the_standard_variables(environment, wanted):
    assert is_wanted(environment) is wanted


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (HERE | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "only http/protobuf is spoken here"),
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "only otlp is known here"),
    ],
)
def test_what_cannot_be_had_is_told(environment, words):
    with pytest.raises(ValueError, match=words):
        is_wanted(environment)


def test_without_the_extra_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr("poolkeeper.shell.tracing.find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"pip install 'poolkeeper\[otel\]'"):
        is_wanted(HERE)


def test_nothing_is_imported_where_nobody_asks():
    code = "import sys; import poolkeeper.shell.app; print({'poolkeeper.shell.traces'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  our own
    assert done.stdout == "set()\n"
