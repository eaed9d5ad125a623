"""Who owns what was found, up to the top: owners of kinds that nobody listed are looked up one by one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from poolkeeper.api.holdings import DEEPEST
from poolkeeper.api.survey import GpuPod, Parent, Reference
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.kubernetes_objects import OwnedObject
from poolkeeper.shell.survey_objects import step

Told = Callable[[str], None]


class KindName(msgspec.Struct):
    """A kind and its plural."""

    kind: str
    name: str


class Kinds(msgspec.Struct):
    """What an API has."""

    resources: list[KindName] = []


@dataclass
class Climber:
    """Looks owners up; `plurals` are those of the kinds of each API that was asked for them."""

    kube: KubeClient
    told: Told
    plurals: dict[str, Mapping[str, str]] = field(default_factory=dict)

    async def climb(self, pods: tuple[GpuPod, ...], parents: dict[str, Parent]) -> None:
        """Look up the owners of kinds that were not listed, and theirs, as long as there are any."""
        for _ in range(DEEPEST):
            above = {one.uid: (one, space) for one, space in owners(pods, parents) if one.uid not in parents}
            if not above:
                return
            for one, space in above.values():
                self.told(f"looking for {one.kind} {one.name}")
                found = await self.owned(one, space)
                # what cannot be looked up ends the chain under the name that is known
                parents[one.uid] = found or Parent(one, space)

    async def owned(self, one: Reference, namespace: str) -> Parent | None:
        """Return an owner of any kind, None where it cannot be read."""
        api = f"/apis/{one.api_version}" if "/" in one.api_version else f"/api/{one.api_version}"
        try:
            if one.api_version not in self.plurals:
                self.plurals[one.api_version] = await self.kinds(api)
            plural = self.plurals[one.api_version][one.kind]
            found = await self.kube.get(f"{api}/namespaces/{namespace}/{plural}/{one.name}", into=OwnedObject)
        except (KubeError, KeyError):
            self.plurals.setdefault(one.api_version, {})
            return None
        return replace(step(found, one.kind, one.api_version), reference=one)

    async def kinds(self, api: str) -> Mapping[str, str]:
        """Return the plurals of an API's kinds."""
        found = await self.kube.get(api, into=Kinds)
        return {one.kind: one.name for one in found.resources if "/" not in one.name}


def owners(pods: tuple[GpuPod, ...], parents: Mapping[str, Parent]) -> list[tuple[Reference, str]]:
    """Return all owners on the ways up from pods, with their namespaces."""
    found: dict[str, tuple[Reference, str]] = {}
    for pod in pods:
        owner = pod.owner
        while owner is not None and owner.kind != "Node" and owner.uid not in found:
            found[owner.uid] = (owner, pod.namespace)
            known = parents.get(owner.uid)
            owner = known.owner if known else None
    return list(found.values())
