"""Queue depth from the endpoint picker of an InferencePool: what it holds back, and what waits at its model servers.

    InferencePool -> its picker's Service -> the ready pods that this selects -> the metrics page of each

Of several pickers, each has a flow control of its own: those are added up. They look at the same model servers, so
that of those the longest sum counts. Pickers that elect a leader are ready only while they lead, and only the leader
has figures; so pods that are not ready are not asked, and pods are asked by themselves, where a Service would choose.

what is seen                                        counts as
all pickers answer, with figures of all servers     held + waiting at the servers
some do not, or they lack figures of some servers   the same, as a lower bound: it may raise the size, never lower it
figures of no server though some are ready          nothing waits there, as a lower bound
no server is ready, and none ever was               held alone: what a page says of servers that are gone is old
no server is ready, and some were                   held alone, as a lower bound: they may be full
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from poolkeeper.core.model import PickerSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.gateway import Gateway, Picked
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.outside import Found
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.picker_page import PickerPage, page_of
from poolkeeper.shell.views import PodView

PATH = "/metrics"
PORT_NAME, PORT = "metrics", 9090
TAKEN_UP = timedelta(seconds=10)
"""So soon a picker has figures of a model server that became ready."""


STAMPED = timedelta(seconds=10)
"""So soon after it got its node a pod is said not to be ready yet; what is said later is that it no longer is."""


class Servers(NamedTuple):
    """How many model servers are ready, of how many of them a picker should have figures by now, and how many fell."""

    ready: int
    due: int
    fallen: int = 0


class PickerReader:
    """Reads pickers' pages."""

    def __init__(self, kube: KubeClient, cluster: Cluster, gateway: Gateway, pages: Pages) -> None:
        self._kube, self._cluster, self._gateway, self._pages = kube, cluster, gateway, pages

    async def depth(self, namespace: str, source: PickerSource) -> Found:
        """Return the requests that wait in the pickers and at their model servers; raises MetricError."""
        picked = await self._gateway.pool(namespace, source.pool)
        pickers = self._ready(namespace, picked.picker_labels)
        if not pickers:
            words = f"no pod of service {picked.picker!r}, the picker of InferencePool {source.pool!r}, is ready"
            raise MetricError(Reason.METRIC_REFUSED, words)
        outcomes = await asyncio.gather(*(self._ask(pod, source) for pod in pickers))
        pages = [one for one in outcomes if isinstance(one, PickerPage)]
        faults = [one for one in outcomes if isinstance(one, MetricError)]
        if not pages:
            raise faults[0]
        return combined(pages, faults, self._servers(namespace, picked))

    def _ready(self, namespace: str, labels: Mapping[str, str]) -> list[PodView]:
        return [pod for pod in self._live(namespace, labels) if pod.ready_at and pod.ip]

    def _live(self, namespace: str, labels: Mapping[str, str]) -> list[PodView]:
        found = self._cluster.live_pods.get(namespace, {}).values()
        return [pod for pod in found if labels.items() <= pod.labels.items()]

    def _servers(self, namespace: str, picked: Picked) -> Servers:
        latest = self._kube.clock.now() - TAKEN_UP
        since = [pod.ready_at for pod in self._ready(namespace, picked.selector) if pod.ready_at]
        fallen = sum(has_fallen(pod) for pod in self._live(namespace, picked.selector))
        return Servers(len(since), sum(one <= latest for one in since), fallen)

    async def _ask(self, pod: PodView, source: PickerSource) -> PickerPage | MetricError:
        try:
            page = await self._pages.read(pod, Endpoint(port_of(source, pod.ports), PATH), source.transport)
            return page_of(page, source.pool)
        except MetricError as fault:
            return MetricError(fault.reason, f"picker {pod.name}: {fault.detail}")


def has_fallen(pod: PodView) -> bool:
    """Return whether a pod was ready and no longer is."""
    began = pod.scheduled_at or pod.created_at
    return pod.unready_since is not None and pod.unready_since - began > STAMPED


def port_of(source: PickerSource, declared: Mapping[str, int]) -> int:
    """Return where a picker's metrics are; `declared` maps the names of its container ports to their numbers."""
    if isinstance(source.port, int):
        return source.port
    if source.port in declared:
        return declared[source.port]
    if source.port != PORT_NAME:
        known = ", ".join(sorted(declared)) or "none"
        words = f"the picker's pod has no port named {source.port!r}; its ports are: {known}"
        raise MetricError(Reason.METRIC_REFUSED, words)
    return next((number for name, number in sorted(declared.items()) if PORT_NAME in name), PORT)


def combined(pages: Sequence[PickerPage], faults: Sequence[MetricError], servers: Servers) -> Found:
    """Return what the pickers say together."""
    held = sum(page.held for page in pages)
    silent = f"{len(faults)} of {len(pages) + len(faults)} pickers do not answer" if faults else ""
    if not servers.ready:
        full = f"{servers.fallen} pods are no longer ready: what waits there is unknown" if servers.fallen else ""
        return Found(held, lacks="; ".join(filter(None, [silent, full])))
    seen = max(page.ready for page in pages)
    blind = not seen or seen < servers.due
    unseen = f"the picker has figures of {seen:g} of {servers.ready} ready pods" if blind else ""
    waiting = held + max(page.waiting for page in pages)
    return Found(waiting, _most(page.working for page in pages), lacks="; ".join(filter(None, [silent, unseen])))


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
