"""One pool's share of a joined answer, as a Reading: R3's joining of series with live pods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from poolkeeper.core.model import PrometheusSource
from poolkeeper.core.observation import PodFault, PodSample, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.prometheus import Element
from poolkeeper.shell.queues.engines import PER_POD
from poolkeeper.shell.queues.sample import judge


@dataclass(frozen=True, slots=True)
class Roster:
    """The live pods of a namespace, and which of them are the pool's.

    `live` maps every live pod's name to its UID; `target` and `ready` are the UIDs of the pool's own live pods, and
    of those among them that are ready.
    """

    live: Mapping[str, str] = field(default_factory=dict)
    target: frozenset[str] = frozenset()
    ready: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ask:
    """What one pool (a key that is unique in the cluster) wants of one Prometheus source."""

    pool: str
    namespace: str
    source: PrometheusSource
    roster: Roster


def of_target(ask: Ask, elements: Sequence[Element]) -> bool:
    """Tell whether the pool's own pods have a series among these."""
    return any(_uid(ask, one) in ask.roster.target for one in elements)


def per_pod_by_name(ask: Ask, elements: Sequence[Element]) -> bool:
    """Tell whether the metric is an engine's own, and nothing in the answer says that pods were summed away."""
    return ask.source.metric in PER_POD and (not elements or any("pod" in one.labels for one in elements))


def reading(ask: Ask, elements: Sequence[Element], now: datetime, *, per_pod: bool) -> Reading:
    """Make a reading of the elements that carry the pool's namespace and its selector's values.

    Series of dead pods are dropped. A per-pod source gives a sample or a fault for each ready pod; of any other
    (a proxy's, or one without pods) the sum counts.
    """
    name = ask.source.name
    if per_pod and not ask.roster.ready:
        return Reading(name, now, applies=False)
    if not elements:
        return Reading(name, now, fault=Reason.METRIC_EMPTY, detail=f"no series of {ask.source.metric}")
    alive = [one for one in elements if "pod" not in one.labels or one.labels["pod"] in ask.roster.live]
    if not alive:
        dead = ", ".join(sorted({one.labels["pod"] for one in elements})[:3])
        return Reading(name, now, fault=Reason.METRIC_DEAD_POD, detail=f"the only series are of {dead}")
    return _of_pods(ask, alive, now) if per_pod else summed(name, alive, now)


def summed(name: str, elements: Sequence[Element], now: datetime) -> Reading:
    """Add elements up, unless one of them is no queue length."""
    for one in elements:
        if reason := judge(one.value):
            return Reading(name, now, fault=reason, detail=f"{_shown(one)} is {one.value}")
    return Reading(name, now, waiting=sum(one.value for one in elements))


def _of_pods(ask: Ask, elements: Sequence[Element], now: datetime) -> Reading:
    values: dict[str, list[float]] = {}
    for one in elements:
        values.setdefault(_uid(ask, one), []).append(one.value)
    outcomes = [_of_pod(uid, values.get(uid, [])) for uid in sorted(ask.roster.ready)]
    return Reading(
        ask.source.name,
        now,
        pods=tuple(one for one in outcomes if isinstance(one, PodSample)),
        faults=tuple(one for one in outcomes if isinstance(one, PodFault)),
    )


def _of_pod(uid: str, values: Sequence[float]) -> PodSample | PodFault:
    if not values:
        return PodFault(uid, Reason.PODS_SILENT, "no series of this pod")
    for value in values:
        if reason := judge(value):
            return PodFault(uid, reason, f"the value is {value}")
    return PodSample(uid, waiting=sum(values))


def _uid(ask: Ask, element: Element) -> str:
    return ask.roster.live.get(element.labels.get("pod", ""), "")


def _shown(element: Element) -> str:
    pairs = (f"{key}={value}" for key, value in sorted(element.labels.items()))
    return f"{{{', '.join(pairs)}}}"
