"""Who goes first (R6), and whether they may go yet.

The ReplicaSet controller takes pods without a node first, then those that are not ready; among the ready it goes by
the deletion cost, which is ours to write: reclaimed, idle, least in flight, newest. So these are judged in its order.

    a pod without a node, not ready, or under notice    may go at once
    idle                                                may go at once
    busy, or in flight unknown                          when it is idle, or `drain.deadline` after the wait began
    the metrics are gone                                as if all were busy
    nobody ever tells what is in flight                 at once: no waiting would bring an answer (decision 0020)
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
    names = tuple(pod.name for pod in first)
    idle = next((place for place, pod in enumerate(first) if is_busy(pod, loads)), count)
    if idle < count and waited >= deadline:
        return Leaving(names, count, forced=True)
    return Leaving(names, idle, waits=idle < count)


def rank(pod: Pod, loads: Mapping[str, float] | None) -> tuple[bool, bool, bool, float, float]:
    """Return the order of going: smaller goes first."""
    load = (loads or {}).get(pod.uid, UNKNOWN) if loads else 0
    age = pod.ready_at or pod.created_at
    return (pod.scheduled_at is not None, pod.ready_at is not None, not pod.notice, load, -age.timestamp())


def is_busy(pod: Pod, loads: Mapping[str, float] | None) -> bool:
    """Return whether a pod may be at work: what is unknown of one while others are known counts as busy."""
    return loads is not None and pod.ready_at is not None and not pod.notice and loads.get(pod.uid, UNKNOWN) > 0
