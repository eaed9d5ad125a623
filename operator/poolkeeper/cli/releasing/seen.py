"""The halves of a pool as the API server has them now. No watch: a release looks once a second."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from poolkeeper.api.names import TIER_LABEL
from poolkeeper.api.sibling import TIER, sibling_name
from poolkeeper.api.target import DEPLOYMENT
from poolkeeper.cli.checks.proxied import ProxiedPages
from poolkeeper.cli.releasing.steps import Half, Seen
from poolkeeper.core.model import PodsSource, PoolSpec
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import NotFound
from poolkeeper.shell.kubernetes_objects import OwnedObject, PodObject
from poolkeeper.shell.projections import pod, replica_set
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.scrape import PodScraper
from poolkeeper.shell.secrets import Secrets
from poolkeeper.shell.views import ENDED, PodView

Json = dict[str, Any]


class Sight:
    """Looks at the halves of one Deployment, and asks the sibling's pods what they are working on."""

    def __init__(self, kube: KubeClient, place: tuple[str, str], spec: PoolSpec | None, opened: AsyncExitStack) -> None:
        self._kube, (self._namespace, self._target), self._spec = kube, place, spec
        pages = Pages(Secrets(kube))
        opened.push_async_callback(pages.close)
        self._scrapers = (PodScraper(pages), PodScraper(ProxiedPages(kube)))

    async def halves(self) -> Seen:
        """Return both halves with their pods; raises NotFound without a target."""
        target = await self._read(self._target)
        try:
            found = await self._read(sibling_name(self._target))
        except NotFound:
            return Seen(await self._half(target))
        spot = found if is_sibling(found, target) else None
        return Seen(await self._half(target), await self._half(spot) if spot else None)

    async def idle(self, half: Half) -> frozenset[str]:
        """Return the UIDs of the pods that say that they work on nothing; of whom nobody knows, none."""
        source = next((one for one in self.sources if isinstance(one, PodsSource)), None)
        if source is None or not half.ready:
            return frozenset()
        for scraper in self._scrapers:  # who has no way to the pods asks through the API server
            now = self._kube.clock.now()
            reading = await scraper.scrape(half.ready, source, None, now, timedelta(seconds=1))
            if reading.pods:
                return frozenset(one.uid for one in reading.pods if not one.waiting and one.running == 0)
        return frozenset()

    @property
    def sources(self) -> tuple[Any, ...]:
        """The pool's sources of queue depth."""
        return self._spec.queue.sources if self._spec else ()

    async def _read(self, name: str) -> Json:
        return await self._kube.get(DEPLOYMENT.path(self._namespace, name), into=dict)

    async def _half(self, found: Json) -> Half:
        metadata, spec = found["metadata"], found["spec"]
        pods = await pods_of(self._kube, found)
        return Half(metadata["name"], metadata["uid"], metadata["resourceVersion"], spec["replicas"], pods)


async def pods_of(kube: KubeClient, workload: Json) -> tuple[PodView, ...]:
    """Return the pods of a Deployment that have not ended, by the chain of owners."""
    namespace, asked = workload["metadata"]["namespace"], {"labelSelector": selector(workload["spec"]["selector"])}
    sets = await kube.list(f"/apis/apps/v1/namespaces/{namespace}/replicasets", item=OwnedObject, params=asked)
    ours = {one.uid for one in map(replica_set, sets) if one.controller == workload["metadata"]["uid"]}
    found = await kube.list(f"/api/v1/namespaces/{namespace}/pods", item=PodObject, params=asked)
    return tuple(one for one in map(pod, found) if one.controller in ours and one.phase not in ENDED)


def selector(given: Json) -> str:
    """Return a selector as a query has it.

    >>> selector({"matchLabels": {"app": "chat"}, "matchExpressions": [{"key": "a", "operator": "Exists"}]})
    'app=chat,a'
    """
    parts = [f"{key}={value}" for key, value in (given.get("matchLabels") or {}).items()]
    return ",".join([*parts, *(_term(one) for one in given.get("matchExpressions") or ())])


def _term(one: Json) -> str:
    match one["operator"]:
        case "Exists":
            return str(one["key"])
        case "DoesNotExist":
            return f"!{one['key']}"
        case operator:
            return f"{one['key']} {operator.lower()} ({','.join(one['values'])})"


def is_sibling(found: Json, target: Json) -> bool:
    """Return whether a Deployment was derived from the target, whichever pool it was for."""
    metadata = found["metadata"]
    owners = {one["uid"] for one in metadata.get("ownerReferences") or ()}
    return (metadata.get("labels") or {}).get(TIER_LABEL) == TIER and (
        not owners or target["metadata"]["uid"] in owners
    )
