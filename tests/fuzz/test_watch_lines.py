"""Whatever the API server, or who answers in its place, sends as objects: no stream ends, and good objects are kept."""

import asyncio
import json
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.test_specs import JSON

from poolkeeper.shell.kube import Page
from poolkeeper.shell.kube_errors import Unreadable, refusal
from poolkeeper.shell.list_watch import HasMetadata, Pace
from poolkeeper.shell.node_projections import EVENTS, NODES
from poolkeeper.shell.projections import AUTOSCALERS, PODS
from poolkeeper.shell.reflector import Kind, Reflector

AT_ONCE = Pace(first_wait=timedelta(0), longest_wait=timedelta(0), longest_refusal=timedelta(0))
GOOD = {"metadata": {"name": "good", "namespace": "lab", "uid": "1", "resourceVersion": "7"}}
ANYTHING = Kind("/api/v1", "things", HasMetadata, lambda found: found.metadata.uid)
FIELDS = st.sampled_from(
    [
        "metadata",
        "name",
        "spec",
        "status",
        "containers",
        "ports",
        "conditions",
        "labels",
        "annotations",
        "managedFields",
    ]
)


def pieces(inner):
    return st.lists(inner, max_size=3) | st.dictionaries(FIELDS | st.text(max_size=5), inner, max_size=4)


OBJECTS = st.recursive(JSON, pieces, max_leaves=10)
NAMED = st.fixed_dictionaries(
    {"metadata": st.just(GOOD["metadata"] | {"name": "odd"})}, optional={"spec": OBJECTS, "status": OBJECTS}
)
OFTEN = 20
TYPES = st.sampled_from(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "", "SYNC"])
EVENT = st.fixed_dictionaries({"type": TYPES, "object": NAMED | OBJECTS}).map(lambda event: json.dumps(event).encode())
NESTED = b'{"type":"ADDED","object":{"metadata":{"name":"odd"},"spec":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_002
LINES = st.lists(EVENT | st.binary(max_size=20) | st.just(NESTED), max_size=6)


class Scripted:
    """Lists the same each time, and shows the lines of a script, then nothing; `shown` once that was all.

    What cannot be listed is asked for again and again: `shown` then, too.
    """

    def __init__(self, listed, lines):
        self.listed, self.lines, self.shown = listed, list(lines), asyncio.Event()
        self.lists = 0

    async def pages(self, *_, **__):
        self.lists += 1
        if self.lists > OFTEN:
            self.shown.set()
        try:
            yield msgspec.json.decode(self.listed, type=Page[msgspec.Raw])
        except (RecursionError, ValueError) as error:
            self.shown.set()
            raise Unreadable(str(error)) from error

    async def watch(self, *_, opened, **__):
        opened()
        while self.lines:
            yield self.lines.pop(0)
        self.shown.set()
        await asyncio.Event().wait()


async def reflected(kind, listed, lines):
    """Return what a reflector holds after a script, and what it says; its own end would be raised here."""
    kube = Scripted(listed, lines)
    reflector = Reflector(kube, kind, pace=AT_ONCE)
    running = asyncio.create_task(reflector.run())
    waiting = asyncio.create_task(kube.shown.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    for task in (running, waiting):
        task.cancel()
    outcome, _ = await asyncio.gather(running, waiting, return_exceptions=True)
    assert isinstance(outcome, asyncio.CancelledError), outcome
    return reflector


def run(kind, *objects, lines=()):
    listed = {"metadata": {"resourceVersion": "7"}, "items": list(objects)}
    return asyncio.run(reflected(kind, json.dumps(listed).encode(), lines))


@given(LINES)
def test_a_good_object_is_kept_whatever_is_shown_beside_it(lines):
    good = json.dumps({"type": "ADDED", "object": GOOD}).encode()
    assert run(ANYTHING, lines=[*lines, good]).items[("lab", "good")] == "1"


@pytest.mark.parametrize("kind", [PODS, NODES, EVENTS, AUTOSCALERS], ids=lambda kind: kind.plural)
@given(objects=st.lists(NAMED | OBJECTS, max_size=3), lines=LINES)
def test_no_list_and_no_line_ends_a_stream_of_any_kind(kind, objects, lines):
    run(kind, *objects, lines=lines)


@given(NAMED)
def test_a_pod_that_cannot_be_read_is_told_by_its_name_or_is_read(odd):
    reflector = run(PODS, odd)
    assert ("lab", "odd") in reflector.items or "pods/odd" in reflector.problem


@given(st.binary(max_size=60) | OBJECTS.map(lambda found: json.dumps(found).encode()) | st.just(NESTED), JSON)
def test_a_refusal_is_told_whatever_its_body_holds(body, header):
    error = refusal(503, body, str(header))
    assert (error.status, error.retry_after is None or error.retry_after <= timedelta(hours=1)) == (503, True)
