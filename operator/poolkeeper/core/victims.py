"""Who goes first (R6), and whether they may go yet.

The ReplicaSet controller takes pods without a node first, then those that are not ready; among the ready it goes by
the deletion cost, which is ours to write: reclaimed, idle, least in flight, newest. So these are judged in its order.

    a pod without a node, not ready, or under notice    may go at once
    idle                                                may go at once
    busy, or in flight unknown                          when it is idle, or `drain.deadline` after the wait began
    the metrics are gone                                as if all were busy
    nobody ever tells what is in flight                 at once: no waiting would bring an answer (decision 0020)

A StatefulSet and a set of groups lose their highest ordinals, whoever is idle. So the last of them alone is judged:
the others wait behind it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from poolkeeper.core.observation import Pod, PodSample

UNKNOWN = float("inf")


@dataclass(frozen=True, slots=True)
class Leaving:
    """The pods to go, in order, and how many of them may go now.

    `waits`: the others have to wait until they are idle. `forced`: the deadline lets busy ones go.
    """

    names: tuple[str, ...] = ()
    free: int = 0
    waits: bool = False
    forced: bool = False


def in_flight(samples: Iterable[PodSample], *, whole: bool) -> dict[str, float] | None:
    """Return the requests waiting and running by pod UID, None where no source tells although nothing is missing."""
    told = {one.uid: one.waiting + one.running for one in samples if one.running is not None}
    return told if told or not whole else None


def leaving(
    pods: Sequence[Pod], count: int, loads: Mapping[str, float] | None, waited: timedelta, deadline: timedelta
) -> Leaving:
    """Return who of a tier's pods goes when `count` go, `waited` after the first of them should have gone."""
    first = sorted(pods, key=lambda pod: rank(pod, loads))[:count]
    return released(first, loads, waited, deadline)


def in_a_row(pods: Sequence[Pod], replicas: int, size: int) -> list[Pod | None]:
    """Return who has the places that go when so many `replicas` become `size`, the last first; None: nobody has it."""
    there = {pod.ordinal: pod for pod in pods}
    return [there.get(place) for place in reversed(range(size, replicas))]


def released(
    row: Sequence[Pod | None], loads: Mapping[str, float] | None, waited: timedelta, deadline: timedelta
) -> Leaving:
    """Return how many of those who go, in this order, may go now: all before the first that is busy."""
    names = tuple(pod.name for pod in row if pod)
    idle = next((place for place, pod in enumerate(row) if pod and is_busy(pod, loads)), len(row))
    if idle < len(row) and waited >= deadline:
        return Leaving(names, len(row), forced=True)
    return Leaving(names, idle, waits=idle < len(row))


def rank(pod: Pod, loads: Mapping[str, float] | None) -> tuple[bool, bool, bool, float, float]:
    """Return the order of going: smaller goes first."""
    load = (loads or {}).get(pod.uid, UNKNOWN) if loads else 0
    age = pod.ready_at or pod.created_at
    return (pod.scheduled_at is not None, pod.ready_at is not None, not pod.notice, load, -age.timestamp())


def is_busy(pod: Pod, loads: Mapping[str, float] | None) -> bool:
    """Return whether a pod may be at work: what is unknown of one while others are known counts as busy."""
    return loads is not None and pod.ready_at is not None and not pod.notice and loads.get(pod.uid, UNKNOWN) > 0
