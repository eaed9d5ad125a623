"""What the API server's own log tells of the operator's writes, and the sizes that came of everybody's.

A write bears who sent it and when, as the proxy stamped it on the request: `poolkeeper-chaos/SEAT/SECONDS`. Without a
stamp it is somebody else's. Where the API server was killed before its log had a write, the watch has the size.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from rig.audit import WRITES

Json = dict[str, Any]

STAMP = "poolkeeper-chaos"
SIZED = {"deployments", "deployments/scale"}
SIZED_WORD = '"deployments"'
OPERATOR = "poolkeeper"
UNKNOWN = "?"
"""Whoever wrote what only the watch has seen, where the object says that it was the operator."""


class Span(NamedTuple):
    """From an instant to another."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is, 0 where it ends before it begins."""
        return max(0.0, self.end - self.begin)

    def within(self, other: "Span") -> "Span":
        """Return the part of it that lies in another."""
        return Span(max(self.begin, other.begin), min(self.end, other.end))


@dataclass(frozen=True)
class Write:
    """A change that was asked of the API server, once it was answered; `sent` is when it had left the operator."""

    at: float
    sent: float
    seat: str
    verb: str
    resource: str
    namespace: str
    name: str
    status: int
    asked: Any = field(default=None, repr=False)
    made: Json = field(default_factory=dict, repr=False)

    @property
    def done(self) -> bool:
        """Whether it came to something."""
        return self.status < 300


class Sight(NamedTuple):
    """A Deployment as the watch showed it: its version, when, how large, and whether the operator was the last."""

    name: str
    version: int
    at: float
    replicas: int
    ours: bool


@dataclass(frozen=True, order=True)
class Step:
    """A change of a Deployment's size; `seat` is empty where it was not the operator's."""

    version: int
    name: str
    sent: float
    before: int
    after: int
    seat: str

    @property
    def falls(self) -> bool:
        """Whether it takes replicas away."""
        return self.after < self.before


class Wrong(NamedTuple):
    """Something that must not have been, of which kind, and of whom."""

    what: str
    name: str
    at: float
    words: str


def read(log: Path) -> list[Write]:
    """Return the operator's writes and everybody's to Deployments, in order of their answers.

    A line that was cut short is none. At 100 MB the API server puts a log away under its own name and the time.
    """
    logs = [*sorted(log.parent.glob(f"{log.stem}-*{log.suffix}")), log]
    return [write(line) for one in logs for line in _lines(one) if _counts(line)]


def _lines(log: Path) -> Iterator[Json]:
    with log.open(encoding="utf-8") as lines:
        yield from (
            json.loads(line) for line in lines if line.endswith("}\n") and (STAMP in line or SIZED_WORD in line)
        )


def _counts(line: Mapping[str, Any]) -> bool:
    resource = line.get("objectRef", {}).get("resource")
    ours = line.get("userAgent", "").startswith(STAMP)
    return line["verb"] in WRITES and bool(resource) and (ours or resource == "deployments")


def write(line: Mapping[str, Any]) -> Write:
    """Return what a line of the log tells."""
    asked, at = line["objectRef"], datetime.fromisoformat(line["requestReceivedTimestamp"]).timestamp()
    product, _, rest = line.get("userAgent", "").partition("/")
    seat, _, sent = rest.partition("/") if product == STAMP else ("", "", "")
    return Write(
        at=at,
        sent=float(sent or at),
        seat=seat,
        verb=line["verb"],
        resource="/".join(filter(None, (asked["resource"], asked.get("subresource")))),
        namespace=asked.get("namespace", ""),
        name=asked.get("name") or line.get("responseObject", {}).get("metadata", {}).get("name", ""),
        status=line["responseStatus"]["code"],
        asked=line.get("requestObject"),
        made=line.get("responseObject") or {},
    )


def steps(writes: Iterable[Write], sights: Iterable[Sight] = ()) -> dict[str, list[Step]]:
    """Return the changes of size of each Deployment, its making first, in the API server's own order."""
    found: dict[str, dict[int, tuple[float, int, str]]] = defaultdict(dict)
    for one in sights:
        found[one.name][one.version] = one.at, one.replicas, UNKNOWN if one.ours else ""
    for made in writes:
        if made.resource in SIZED and made.done and made.verb != "delete" and "spec" in made.made:
            version = int(made.made["metadata"]["resourceVersion"])
            found[made.name][version] = made.sent, made.made["spec"].get("replicas", 0), made.seat
    return {name: _changes(name, known) for name, known in found.items()}


def _changes(name: str, known: Mapping[int, tuple[float, int, str]]) -> list[Step]:
    ordered = [(0, 0.0, 0, ""), *((version, *known[version]) for version in sorted(known))]
    return [
        Step(version, name, sent, before, after, seat)
        for (_, _, before, _), (version, sent, after, seat) in pairwise(ordered)
        if after != before
    ]
