"""Several readings -> one queue depth: whole, a lower bound, or unknown (R3).

reading             counts as
a number            itself
a number, a fault   a lower bound
a failed look       unknown: the sum of the others is a lower bound
pods, all answered  their sum
pods, some silent   a lower bound; silent for SILENCE while more than half answer: the mean of the others
no ready pod        nothing at all: the source does not apply, and that is no outage
older than it may   a failed look
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from poolkeeper.core.model import Combine, Queue
from poolkeeper.core.observation import PodSample, Reading
from poolkeeper.core.reasons import Reason

SILENCE = timedelta(minutes=5)
STALE = timedelta(seconds=10)
STALE_INTERVALS = 3


class Depth(NamedTuple):
    """The pool's queue at `at`. `whole`: nothing is missing, so that it may also lower the size.

    `running` and `kv_usage` are sums over the pods (None: unknown); where a source does not tell, `running` is what is
    known to run, and never zero. `busiest` is the most requests that one pod ran while it had a queue. `applies` is
    False when no source applies.
    """

    waiting: float | None = None
    whole: bool = False
    at: datetime | None = None
    running: float | None = None
    kv_usage: float | None = None
    busiest: float | None = None
    fault: Reason | None = None
    detail: str = ""
    applies: bool = True
    samples: tuple[PodSample, ...] = ()


def combine(
    readings: tuple[Reading, ...], queue: Queue, silent_since: Mapping[str, datetime], now: datetime
) -> tuple[Depth, dict[str, datetime]]:
    """Return the pool's queue depth at `now`, and since when each silent pod has been silent."""
    if not readings:
        return Depth(fault=Reason.NO_SAMPLE, detail=Reason.NO_SAMPLE.sentence), dict(silent_since)
    fresh = [aged(reading, queue.interval, now) for reading in readings]
    silence = remember_silence(fresh, silent_since, now)
    parts = [part(reading, silence, now) for reading in fresh if reading.applies]
    if not parts:
        return Depth(whole=True, applies=False, at=max(reading.at for reading in fresh)), silence
    return join(parts, queue.combine), silence


def aged(reading: Reading, interval: timedelta, now: datetime) -> Reading:
    """Return the reading, or a failed one in its place when it is older than three intervals and STALE."""
    age = now - reading.at
    failed = reading.fault is not None and reading.waiting is None
    if failed or age <= STALE or age <= STALE_INTERVALS * interval:
        return reading
    detail = f"the newest sample is {age.total_seconds():.0f} s old"
    return Reading(reading.source, reading.at, fault=Reason.METRIC_STALE, detail=detail)


def remember_silence(
    readings: Iterable[Reading], silent_since: Mapping[str, datetime], now: datetime
) -> dict[str, datetime]:
    """Return since when each pod that is silent now has been so without a break."""
    return {fault.uid: silent_since.get(fault.uid, now) for reading in readings for fault in reading.faults}


def part(reading: Reading, silence: Mapping[str, datetime], now: datetime) -> Depth:
    """Return what one reading says by itself."""
    named = f"{reading.source}: "
    if reading.fault is not None:
        said = named + (reading.detail or reading.fault.sentence)
        return Depth(reading.waiting, at=reading.at, running=reading.running, fault=reading.fault, detail=said)
    if reading.waiting is not None:
        return Depth(reading.waiting, whole=True, at=reading.at, running=reading.running)
    return per_pod(reading, silence, now, named)


def per_pod(reading: Reading, silence: Mapping[str, datetime], now: datetime, named: str) -> Depth:
    """Return the sum over the pods that answered; R3's mean stands in for the ones that are long silent."""
    answered, silent = len(reading.pods), len(reading.faults)
    if not silent:
        return answers(reading)
    if not answered:
        first = reading.faults[0]
        return Depth(at=reading.at, fault=first.reason, detail=f"{named}none of {silent} pods answers: {first.detail}")
    long_silent = sum(now - silence[fault.uid] >= SILENCE for fault in reading.faults)
    stand_in = 1 + long_silent / answered if answered > silent else 1.0
    said = f"{named}{silent} of {answered + silent} pods do not answer"
    if reading.faults[0].detail:
        said += f" ({reading.faults[0].reason}: {reading.faults[0].detail})"
    whole = long_silent == silent and answered > silent
    return answers(reading, stand_in)._replace(whole=whole, fault=Reason.PODS_SILENT, detail=said)


def answers(reading: Reading, stand_in: float = 1.0) -> Depth:
    """Return the sum over the pods that answered, times what stands in for the others."""
    pods = reading.pods
    running = [pod.running for pod in pods]
    waiting = [pod.waiting for pod in pods]
    queued = [ran for ran, waits in zip(running, waiting, strict=True) if waits] if any(waiting) else []
    return Depth(
        stand_in * sum(waiting),
        whole=True,
        at=reading.at,
        running=scaled(running, stand_in),
        kv_usage=scaled([pod.kv_usage for pod in pods], stand_in),
        busiest=largest(queued) if queued else None,
        samples=pods,
    )


def join(parts: list[Depth], how: Combine) -> Depth:
    """Return several sources' depths as one: whole only where all of them are."""
    if len(parts) == 1:
        return parts[0]
    broken = [depth for depth in parts if depth.fault is not None]
    return Depth(
        waiting=folded((depth.waiting for depth in parts), how),
        whole=all(depth.whole for depth in parts),
        at=max(depth.at for depth in parts if depth.at is not None),
        running=under_way(parts, how),
        kv_usage=largest(depth.kv_usage for depth in parts),
        busiest=largest(depth.busiest for depth in parts),
        fault=broken[0].fault if broken else None,
        detail="; ".join(depth.detail for depth in broken),
        samples=next((depth.samples for depth in parts if depth.samples), ()),
    )


def under_way(parts: list[Depth], how: Combine) -> float | None:
    """Return what runs: pods see all of it; elsewhere each source has its own, and who does not tell may have some."""
    told = [depth.running for depth in parts]
    if any(depth.samples for depth in parts):
        return largest(told)
    known = folded(told, how)
    return known if known or None not in told else None


def folded(values: Iterable[float | None], how: Combine) -> float | None:
    """Return what is known, as the sources combine; None when nothing is."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    return sum(known) if how is Combine.SUM else max(known)


def largest(values: Iterable[float | None]) -> float | None:
    """Return the largest of what is known, None when nothing is."""
    return max([value for value in values if value is not None], default=None)


def scaled(values: list[float | None], factor: float) -> float | None:
    """Return the sum times the factor; the mean of the others stands in for what is unknown, None when all is."""
    known = [value for value in values if value is not None]
    return factor * sum(known) * len(values) / len(known) if known else None
