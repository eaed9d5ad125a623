"""Which pods with GPUs are on which node, and what is paid for that node: an index that two reflectors keep up.

What it gives back stays the same object until something about it changes that matters for money: who asks every second
compares by identity.
"""

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
    """A node as a thing that is paid for. `machine` is what its cloud's bill calls it, else its own name.

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
            machine=places.machine(node.provider_id) or node.name,
            gpus=number,
            made=bool(node.node_claim or providers.makers(node.labels)),
            labels=node.labels,
            devices=devices,
        )

    def count(self, asked: Devices) -> Decimal | None:
        """Return how many GPUs devices are here, None where nobody can tell."""
        return gpus.count(asked, self.labels, self.devices)


@dataclass(frozen=True, slots=True)
class Room:
    """A node, None where it is not known, or gone, and the pods that keep GPUs of it, terminating ones too."""

    site: Site | None = None
    tenants: tuple[PodView, ...] = ()


NOBODY = Room()


class Tenancy:
    """The rooms, by the node's name. Reflectors call `node_changed` and `pod_changed`."""

    def __init__(self) -> None:
        self._rooms: dict[str, Room] = {}

    def room(self, node: str) -> Room:
        """Return a node and who is on it."""
        return self._rooms.get(node, NOBODY)

    def node_changed(self, _key: Key, old: NodeView | None, new: NodeView | None) -> None:
        """Take in news of a node."""
        if new is not None:
            room = self.room(new.name)
            site = Site.of(new, room.site)
            self._set(new.name, room if room.site == site else Room(site, room.tenants))
        elif old is not None:
            self._set(old.name, Room(None, self.room(old.name).tenants))

    def pod_changed(self, _key: Key, old: PodView | None, new: PodView | None) -> None:
        """Take in news of a pod."""
        if old is not None and is_tenant(old):
            room = self.room(old.node)
            self._set(old.node, Room(room.site, tuple(pod for pod in room.tenants if pod.uid != old.uid)))
        if new is not None and is_tenant(new):
            room = self.room(new.node)
            self._set(new.node, Room(room.site, (*room.tenants, new)))

    def _set(self, node: str, room: Room) -> None:
        if room == NOBODY:
            self._rooms.pop(node, None)
        else:
            self._rooms[node] = room


def is_tenant(pod: PodView) -> bool:
    """Return whether a pod keeps GPUs of a node from others: from its scheduling until it has ended."""
    return bool(pod.devices and pod.node) and pod.phase not in ENDED
