"""The end of a release: what was made for the pool goes, what was written on others is taken off, then the pool."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

from poolkeeper.api import names
from poolkeeper.api.names import shown
from poolkeeper.api.target import DEPLOYMENT
from poolkeeper.cli.releasing import traces
from poolkeeper.cli.releasing.pausing import Pause
from poolkeeper.cli.releasing.seen import selector
from poolkeeper.cli.releasing.subject import Json, Subject
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import NotFound


@dataclass(slots=True)
class Ending:
    """Ends a release of one pool."""

    kube: KubeClient
    subject: Subject
    pause: Pause
    say: Callable[[str], None]

    async def run(self, *, keep_pool: bool, keep_spot: bool) -> None:
        """Remove and clean; the pool goes before the last look, for its operator may have written until then."""
        subject = self.subject
        await self._orphan()
        for name in await traces.unguard(self.kube, subject.namespace, subject.name):
            self.say(f"poddisruptionbudget/{name}: deleted")
        await self._clean()
        if subject.pool:
            await (self._observe() if keep_pool else self._delete())
            self.pause.until = None
        if not keep_pool:
            await self._clean()
        for line in parting(subject, await self._size(), keep_pool=keep_pool, keep_spot=keep_spot):
            self.say(line)

    async def _orphan(self) -> None:
        if self.subject.pool and self.subject.found and self.subject.kind is DEPLOYMENT:
            await traces.orphan(self.kube, self.subject.path, self.subject.pool["metadata"]["uid"])

    async def _clean(self) -> None:
        if not self.subject.found:
            return
        cleaned = await traces.sweep(self.kube, [self.subject.path], self.subject.kind.name)
        cleaned += await traces.sweep(self.kube, [path async for path in self._below()])
        if cleaned:
            self.say(f"{self.subject.shown}: Poolkeeper's annotations and fields are off it and its pods")

    async def _below(self) -> AsyncIterator[str]:
        """Yield the paths of the target's pods and sets, which inherit what a Deployment is annotated with."""
        namespace = self.subject.namespace
        given = self.subject.found["spec"].get("selector")
        asked = {"labelSelector": selector(given)} if given else {}
        for collection in ("/api/v1/namespaces/{}/pods", "/apis/apps/v1/namespaces/{}/replicasets"):
            path = collection.format(namespace)
            for one in await self.kube.list(path, item=dict[str, object], params=asked) if given else ():
                if bears_us(one):
                    yield f"{path}/{one['metadata']['name']}"  # type: ignore[index]

    async def _observe(self) -> None:
        metadata = {"uid": self.subject.pool["metadata"]["uid"]}
        annotations = dict.fromkeys((names.PAUSED_UNTIL, names.RELEASING))
        body: Json = {"metadata": metadata | {"annotations": annotations}, "spec": {"mode": "Observe"}}
        await self.kube.patch(self.subject.pool_path, body)
        self.say(f"{shown(self.subject.name)}: in mode Observe; write spec.mode: Observe in Git, too")

    async def _delete(self) -> None:
        conditions = {"uid": self.subject.pool["metadata"]["uid"]}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": conditions}
        with suppress(NotFound):
            await self.kube.delete(self.subject.pool_path, options=options)
            self.say(f"{shown(self.subject.name)}: deleted; what it cost stays in the ledger")

    async def _size(self) -> int:
        if not self.subject.found:
            return 0
        found: Json = await self.kube.get(self.subject.path, into=dict)
        return int(found["spec"].get("replicas", 0))


def bears_us(thing: Json) -> bool:
    """Return whether anything on an object is ours."""
    return bool(traces.marks(thing)) or traces.without_us(thing) is not None


def parting(subject: Subject, size: int, *, keep_pool: bool, keep_spot: bool) -> list[str]:
    """Return what is left, and what to do about manifests that would change it."""
    if not subject.found:
        return [f"{subject.shown} is gone: there was nothing to leave behind"]
    kept = f" and deployment/{subject.target}-spot with {subject.spot}" if keep_spot and subject.spot else ""
    said = [f"{subject.shown} serves with {size} replicas{kept}; nobody sizes it any more"]
    if not keep_pool:
        said.append(f"in its manifest: replicas: {size}; and take {shown(subject.name)} out of Git")
    return said
