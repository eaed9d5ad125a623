"""Doctored evidence: lines of an audit log as the API server writes them, and what the checker makes of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chaos.evidence import Step, Write, write

Json = dict[str, Any]
Line = Callable[..., Json]
Writes = Callable[..., Write]
Steps = Callable[..., dict[str, list[Step]]]


@pytest.fixture
def line() -> Line:
    """Make a line of the log: a seat scaled `chat`, 100 ms after that had left the operator, unless told otherwise."""

    def make(at: float = 1000.0, seat: str = "seat-a", sent: float | None = None, **changes: Any) -> Json:
        left = at - 0.1 if sent is None else sent
        stamp = f"poolkeeper-chaos/{seat}/{left:.6f}" if seat else "kubectl/v1.36"
        asked = {"resource": "deployments", "subresource": "scale", "namespace": "chaos", "name": "chat"}
        made = {
            "verb": "patch",
            "requestReceivedTimestamp": datetime.fromtimestamp(at, UTC).isoformat(),
            "userAgent": stamp,
            "objectRef": asked,
            "responseStatus": {"code": 200},
            "responseObject": {"metadata": {"resourceVersion": "7"}, "spec": {"replicas": 3}},
        }
        return made | changes

    return make


@pytest.fixture
def writes(line: Line) -> Writes:
    """Make a write of a resource, with the object that came of it."""

    def make(resource: str, made: Json, at: float = 1000.0, **given: Any) -> Write:
        what, _, part = resource.partition("/")
        asked = {"resource": what, "subresource": part, "namespace": "chaos", "name": given.pop("name", "chat")}
        return write(line(at, objectRef=asked, responseObject=made, **given))

    return make


@pytest.fixture
def steps() -> Steps:
    """Make a Deployment's changes: the operator's, from a size on, at each moment to the size beside it."""

    def make(name: str, first: int, *changes: tuple[float, int], seat: str = "seat-a") -> dict[str, list[Step]]:
        found, before = [Step(1, name, 0.0, 0, first, "")], first
        for version, (at, after) in enumerate(changes, 2):
            found.append(Step(version, name, at, before, after, seat))
            before = after
        return {name: found}

    return make
