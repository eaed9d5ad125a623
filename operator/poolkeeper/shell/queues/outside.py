"""Sources that are asked for by themselves, for one pool: pickers, external metrics, brokers.

    Outside.read() --by the source's kind--> Reader.depth() -> Found -> Reading
                   --whatever goes wrong-----------------------------> Reading with its fault

A slow one holds up its own pool only, and no longer than PATIENCE.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from poolkeeper.core.model import OutsideSource
from poolkeeper.core.observation import Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError, faults_told
from poolkeeper.shell.queues.sample import judge

PATIENCE = timedelta(seconds=5)


class Found(NamedTuple):
    """A queue's length, and how much of it is worked on already, None where nobody tells; `at` the instant of both.

    Without `at` it is as young as the answer. `lacks` tells what is missing of it: what is there is a lower bound.
    `vanishes` names a queue that is not there while it is empty (core/vanishing.py).
    """

    waiting: float
    running: float | None = None
    at: datetime | None = None
    lacks: str = ""
    vanishes: str = ""


class Reader(Protocol):
    """Reads one kind of source."""

    async def depth(self, namespace: str, source: Any) -> Found:  # noqa: ANN401  each reader knows its own kind
        """Return what a pool of this namespace finds; raises MetricError."""


class Outside:
    """Reads each source by the reader of its kind."""

    def __init__(self, readers: Mapping[type[OutsideSource], Reader], patience: timedelta = PATIENCE) -> None:
        self._readers, self._patience = readers, patience.total_seconds()

    async def read(self, namespace: str, source: OutsideSource, now: datetime) -> Reading:
        """Return a reading, a fault included. Never raises for what a source does."""
        try:
            with faults_told():
                async with asyncio.timeout(self._patience):
                    found = await self._readers[type(source)].depth(namespace, source)
            return judged(source.name, found, now)
        except MetricError as fault:
            return Reading(source.name, now, fault=fault.reason, detail=fault.detail)
        except Exception as error:  # noqa: BLE001  a bug met in one pool's answer must not end its looks
            return Reading(source.name, now, fault=Reason.METRIC_GARBAGE, detail=f"{type(error).__name__}: {error}")


def judged(name: str, found: Found, now: datetime) -> Reading:
    """Return what was found as a reading, or why it cannot be."""
    for value in (found.waiting, found.running or 0.0):
        if reason := judge(value):
            return Reading(name, now, fault=reason, detail=f"the queue's length is {value}")
    fault = Reason.PODS_SILENT if found.lacks else None
    at, vanishes = found.at or now, found.vanishes
    return Reading(name, at, found.waiting, found.running, fault=fault, detail=found.lacks, vanishes=vanishes)
