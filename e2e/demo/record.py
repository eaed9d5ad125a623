"""What was seen while it ran, and the figures that follow from it. Instants are seconds of trace time from 0."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from fleet import Report

HOUR = 3600.0
_MESSAGE = re.compile(r"(?:\d+ -> \d+: )?(?P<sentence>[^(;]*?)(?: \((?P<figures>.*?)\))?(?P<clamps>;.*)?")


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: requests waiting (None: unknown), replicas asked for, ready ones, and pods that hold a GPU.

    `pods` also counts those that load or drain: they are paid.
    """

    at: float
    queue: float | None
    desired: int
    ready: int
    pods: int


@dataclass(frozen=True, slots=True)
class Change:
    """One change of size as the operator logged it."""

    at: float
    before: int
    after: int
    reason: str
    message: str

    @property
    def sentence(self) -> str:
        """What the reason means."""
        return _part(self.message, "sentence")

    @property
    def figures(self) -> str:
        """The numbers that the reason stood on."""
        return _part(self.message, "figures")


@dataclass
class Record:
    """All that was seen so far; `decision` is the operator's newest, as it serves it."""

    trace: str
    samples: list[Sample] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    decision: dict[str, Any] = field(default_factory=dict)
    report: Report | None = None

    @property
    def now(self) -> float:
        """The newest sample's second, 0 before there is one."""
        return self.samples[-1].at if self.samples else 0.0


def gpu_hours(samples: Iterable[Sample], end: float) -> float:
    """Pods x time until `end`, each sample holding until the next; one GPU a pod, in hours of trace time."""
    return sum(sample.pods * held for sample, held in _held(samples, end)) / HOUR


def at_each(samples: Iterable[Sample], count: int, end: float) -> list[list[Sample]]:
    """The samples in `count` equal parts of the time until `end`; a gap between two repeats the one before."""
    parts: list[list[Sample]] = [[] for _ in range(count)]
    newest = 0
    for sample in samples:
        newest = min(count - 1, int(sample.at / end * count))
        parts[newest].append(sample)
    for before, part in pairwise(parts[: newest + 1]):
        if before and not part:
            part.append(before[-1])
    return parts


def clock(second: float) -> str:
    """An instant as people read it: `24:05`."""
    minutes, rest = divmod(int(second), 60)
    return f"{minutes:02}:{rest:02}"


def _held(samples: Iterable[Sample], end: float) -> Iterator[tuple[Sample, float]]:
    every = list(samples)
    ends = [*(each.at for each in every), end][1:]
    return ((sample, max(0.0, until - sample.at)) for sample, until in zip(every, ends, strict=True))


def _part(message: str, name: str) -> str:
    found = _MESSAGE.fullmatch(message)
    return (found[name] or "") if found else message
