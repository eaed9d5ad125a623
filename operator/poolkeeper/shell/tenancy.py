"""Which pods with GPUs are on which node, and what is paid for that node: an index that two reflectors keep up.

What it gives back stays the same object until something about it changes that matters for money: who asks every second
compares by identity.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from poolkeeper.api import gpus, places, providers
from poolkeeper.api.gpus import Devices
from poolkeeper.core.prices import Place
from poolkeeper.shell.list_watch import Key
from poolkeeper.shell.views import ENDED, NodeView, PodView


@dataclass(frozen=True, slots=True)
class Site:
    """A node as a thing that is paid for. `machine` is what its cloud's bill calls it.

    `gpus` None: it tells of none. `made`: somebody makes nodes of its kind when pods need them.
    """

    uid: str
    created_at: datetime
    place: Place
    machine: str
    gpus: Decimal | None
    made: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    devices: Devices = ()

    @classmethod
    def of(cls, node: NodeView, before: "Site | None") -> "Site":
        """Read a node. What it had before counts while it tells of no GPUs: while its kubelet starts anew."""
        devices = before.devices if before and before.uid == node.uid and not node.devices else node.devices
        number = gpus.count(devices, node.labels, devices)
        return cls(
            uid=node.uid,
            created_at=node.created_at,
            place=places.place(node.labels, node.provider_id, number),
            machine=places.machine(node.provider_id),
            gpus=number,
            made=bool(node.node_claim or providers.makers(node.labels)),
            labels=node.labels,
            devices=devices,
        )

    def count(self, asked: Devices) -> Decimal | None:
        """Return how many GPUs devices are here, None where nobody can tell."""
        return gpus.count(asked, self.labels, self.devices)


class Tenancy:
    """The sites and their tenants, by the node's name. Reflectors call `node_changed` and `pod_changed`."""

    def __init__(self) -> None:
        self._sites: dict[str, Site] = {}
        self._tenants: defaultdict[str, tuple[PodView, ...]] = defaultdict(tuple)

    def site(self, node: str) -> Site | None:
        """Return a node, None where it is not known, or gone."""
        return self._sites.get(node)

    def tenants(self, node: str) -> tuple[PodView, ...]:
        """Return the pods that keep GPUs of a node, terminating ones too."""
        return self._tenants.get(node, ())

    def node_changed(self, _key: Key, old: NodeView | None, new: NodeView | None) -> None:
        """Take in news of a node."""
        before = self._sites.pop(old.name, None) if old else None
        if new is not None:
            site = Site.of(new, before)
            self._sites[new.name] = before if before == site else site

    def pod_changed(self, _key: Key, old: PodView | None, new: PodView | None) -> None:
        """Take in news of a pod."""
        if old is not None and is_tenant(old):
            self._tenants[old.node] = tuple(pod for pod in self._tenants[old.node] if pod.uid != old.uid)
        if new is not None and is_tenant(new):
            self._tenants[new.node] += (new,)
        if old is not None and not self._tenants.get(old.node):
            self._tenants.pop(old.node, None)


def is_tenant(pod: PodView) -> bool:
    """Return whether a pod keeps GPUs of a node from others: from its scheduling until it has ended."""
    return bool(pod.devices and pod.node) and pod.phase not in ENDED
