"""Two looks at the pages of pods with GPUs, through the API server's own proxy: no port is opened, nothing is sent.

first look     engine found, what runs, what waits, how many requests it has counted
second look    the same pods again; who counted more in between, or ran something at either look, was busy
a count of 0   no request since the engine started: that is known however short the looks are

A page that cannot be read tells nothing: unknown is no zero.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from poolkeeper.api.survey import GpuPod
from poolkeeper.core.model import PodsSource
from poolkeeper.core.observation import PodSample
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Forbidden, KubeError
from poolkeeper.shell.queues.endpoints import Endpoint, endpoints
from poolkeeper.shell.queues.engines import Engine, recognise
from poolkeeper.shell.queues.sample import sample

Told = Callable[[str], None]

AT_ONCE = 16
"""So many pages are read at once: all of them pass through the API server."""
PATIENCE = timedelta(seconds=3)
SOURCE = PodsSource()


@dataclass(frozen=True, slots=True)
class Seen:
    """What two looks at one pod told. `requests` are those that it ever counted, None where its engine counts none.

    `since` is when it last became ready: it has run at least since then.
    """

    busy: bool
    requests: float | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What was seen within `span`, by UID of the pods; who is not among them told nothing.

    `refused`: the API server lets nobody like us read pods' pages, in its words.
    """

    span: timedelta
    pods: Mapping[str, Seen]
    refused: str = ""


class RefusedError(Exception):
    """Pages of pods may not be read."""


async def glimpse(kube: KubeClient, pods: Iterable[GpuPod], span: timedelta, told: Told) -> Glimpse:
    """Look at all ready pods twice."""
    ready, turn = [pod for pod in pods if pod.ready_at is not None], asyncio.Semaphore(AT_ONCE)
    looker = Looker(kube, turn)
    try:
        told(f"looking at the pages of {len(ready)} pods")
        first = await looker.look(ready)
        told(f"looking again at {len(first)} pages, {span.total_seconds():g} s later")
        await asyncio.sleep(span.total_seconds() if first else 0)
        second = await looker.look([pod for pod in ready if pod.uid in first])
    except RefusedError as error:
        return Glimpse(span, {}, str(error))
    known = {pod.uid: pod for pod in ready}
    return Glimpse(span, {uid: seen(known[uid], first[uid], later) for uid, later in second.items()})


def seen(pod: GpuPod, before: PodSample, after: PodSample) -> Seen:
    """Return what two looks at a pod mean."""
    ran = any(one.running or one.waiting for one in (before, after))
    counted = before.requests is not None and after.requests is not None and after.requests > before.requests
    return Seen(ran or counted, after.requests, pod.ready_at)


class Looker:
    """Reads pages, and remembers where they were found."""

    def __init__(self, kube: KubeClient, turn: asyncio.Semaphore) -> None:
        self._kube = kube
        self._turn = turn
        self._found: dict[str, tuple[Endpoint, Engine]] = {}

    async def look(self, pods: Iterable[GpuPod]) -> dict[str, PodSample]:
        """Return what the pages of pods say, by UID; without those that say nothing.

        Raises:
            RefusedError: pages of pods may not be read.
        """
        listed = list(pods)
        samples = await asyncio.gather(*(self._sample(pod) for pod in listed))
        return {pod.uid: one for pod, one in zip(listed, samples, strict=True) if one is not None}

    async def _sample(self, pod: GpuPod) -> PodSample | None:
        async with self._turn:
            if pod.uid in self._found:
                return await self._at(pod, self._found[pod.uid][0])
            for place in endpoints(SOURCE, pod.ports):
                found = await self._at(pod, place)
                if found is not None:
                    return found
        return None

    async def _at(self, pod: GpuPod, place: Endpoint) -> PodSample | None:
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}:{place.port}/proxy{place.path}"
        try:
            async with asyncio.timeout(PATIENCE.total_seconds()):
                page = await self._kube.page(path)
            engine = recognise(page)
            if engine is None:
                return None
            self._found[pod.uid] = (place, engine)
            return sample(pod.uid, engine, page, None, self._kube.clock.now())
        except Forbidden as error:
            if "pods/proxy" in str(error):
                raise RefusedError(str(error)) from error
            return None
        except (KubeError, MetricError, TimeoutError):
            return None
