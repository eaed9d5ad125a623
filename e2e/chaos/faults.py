"""All faults: each a context in which it stands. Where it hides pods or metrics from the operator, it notes from when
to when; where it ends by a component's return, it ends when that is ready.
"""

import random
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

from chaos.etcd import Etcd
from chaos.evidence import Span
from chaos.ground import NAMESPACE, Ground, add_nodes, nodes_of
from chaos.members import Kind, Member
from chaos.seats import Seats
from chaos.troubles import STORMS, Trouble
from fleet import Fault
from rig.api import ApiError, collection
from rig.spot import NOTICES

RECOVERY = 20.0
"""After a fault on the way to the API server, a watch is back within so many seconds: the longest wait is ten."""
FROZEN = 20.0
"""Seconds: longer than the lease."""
LEASE = "poolkeeper"
UNREADABLE = (
    Fault.GARBAGE, Fault.NAN, Fault.NEGATIVE, Fault.INFINITE, Fault.HUGE, Fault.TIMEOUT, Fault.HTTP_500, Fault.REFUSED,
    Fault.STALE, Fault.EMPTY, Fault.ENDLESS,
)  # fmt: skip
SERVER = "kube-apiserver"


@dataclass
class Scene:
    """What faults need; `blind` is when pods' ends may go unseen, `taken` when others took nodes away."""

    ground: Ground
    seats: Seats
    chance: random.Random
    blind: list[Span] = field(default_factory=list)
    taken: list[Span] = field(default_factory=list)

    @property
    def pods(self) -> list[Member]:
        """The members that are scraped."""
        return [one for one in self.ground.members if not one.by_prometheus]

    @property
    def on_spot(self) -> list[Member]:
        """The members on spot."""
        return [one for one in self.ground.members if one.kind is Kind.SPOT]

    def set(self, trouble: Trouble | None) -> None:
        """Let something be wrong on every way to the API server, or all be well."""
        for proxy in self.ground.proxies:
            proxy.trouble = trouble

    def until_now(self, first: int) -> None:
        """Let the blindnesses from one on last until now at least: until all is right again, nobody knows who sees."""
        self.blind[first:] = [Span(one.begin, max(one.end, time.time())) for one in self.blind[first:]]

    @contextmanager
    def unseen(self) -> Iterator[None]:
        """Note that from here to a recovery after the end the operator may see nothing of the cluster."""
        begin = time.time()
        try:
            yield
        finally:
            self.blind.append(Span(begin, time.time() + RECOVERY))


Begin = Callable[[Scene], AbstractContextManager[None]]


def storm(trouble: Trouble) -> Begin:
    """Return the fault that a trouble on the way to the API server is."""

    @contextmanager
    def befall(scene: Scene) -> Iterator[None]:
        with scene.unseen():
            scene.set(trouble)
            try:
                yield
            finally:
                scene.set(None)

    return befall


@contextmanager
def api_killed(scene: Scene) -> Iterator[None]:
    """There is no API server for a while."""
    with scene.unseen():
        scene.ground.cluster.stop(SERVER)
        try:
            yield
        finally:
            scene.ground.cluster.start(SERVER)


@contextmanager
def compacted(scene: Scene) -> Iterator[None]:
    """Watches are silent while the store forgets its history and the API server begins anew: their versions go."""
    with scene.unseen():
        scene.set(STORMS["hang"])
        try:
            yield
            Etcd(scene.ground.cluster).compact()
            scene.ground.cluster.stop(SERVER)
            scene.ground.cluster.start(SERVER)
        finally:
            scene.set(None)


@contextmanager
def store_full(scene: Scene) -> Iterator[None]:
    """The store takes no write at all, also of leases."""
    with scene.unseen():
        Etcd(scene.ground.cluster).fill()
        try:
            yield
        finally:
            Etcd(scene.ground.cluster).make_room()


@contextmanager
def frozen(scene: Scene) -> Iterator[None]:
    """The leader stands still for longer than its lease."""
    path = f"{collection('Lease', scene.ground.account.namespace)}/{LEASE}"
    holder = scene.ground.api.get(path)["spec"].get("holderIdentity") or ""
    seat = scene.seats.seat(holder)
    with scene.unseen():
        if seat:
            seat.freeze()
        try:
            yield
            time.sleep(FROZEN)
        finally:
            if seat:
                seat.thaw()


def prometheus_away(*, empty: bool) -> Begin:
    """Return the fault of a Prometheus that stops, and that comes back, perhaps without anything that it knew."""

    @contextmanager
    def befall(scene: Scene) -> Iterator[None]:
        server, begin = scene.ground.prometheus, time.time()
        server.stop()
        try:
            yield
        finally:
            spoil(scene, [one for one in scene.ground.members if one.by_prometheus], begin)
            if empty:
                shutil.rmtree(server.programs.directory / server.name / "data", ignore_errors=True)
            server.start()

    return befall


@contextmanager
def pages(scene: Scene) -> Iterator[None]:
    """All pods of each scraped member answer nothing that can be read, in a way of its own."""
    begin, load, fleet = time.time(), scene.ground.load, scene.ground.fleet
    for member in scene.pods:
        fleet.fault(f"{NAMESPACE}/{member.name}", scene.chance.choice(UNREADABLE))
    try:
        yield
    finally:
        spoil(scene, scene.pods, begin)
        for member in scene.pods:
            fleet.clear(f"{NAMESPACE}/{member.name}")
            load.show(member, load.level(member))


@contextmanager
def slow_pages(scene: Scene) -> Iterator[None]:
    """Half of the pods of each scraped member answer late."""
    load, fleet = scene.ground.load, scene.ground.fleet
    for member in scene.pods:
        fleet.fault(f"{NAMESPACE}/{member.name}", Fault.SLOW, share=0.5, delay=scene.chance.uniform(0.5, 4))
    try:
        yield
    finally:
        for member in scene.pods:
            fleet.clear(f"{NAMESPACE}/{member.name}")
            load.show(member, load.level(member))


@contextmanager
def reclaimed(scene: Scene) -> Iterator[None]:
    """A spot node under each member on spot is announced to go, and goes; another one comes at the end."""
    begin = time.time()
    going = [node for member in scene.on_spot for node in under(scene, member)[:1]]
    for node in going:
        taint = {"key": NOTICES["eks"], "value": "chaos", "effect": "NoSchedule"}
        scene.ground.api.patch(f"/api/v1/nodes/{node}", {"spec": {"taints": [taint], "unschedulable": True}})
    try:
        yield
    finally:
        for node in going:
            evict(scene, node)
        for member in scene.on_spot:
            add_nodes(scene.ground.api, member, "spot", len(going) // max(1, len(scene.on_spot)) or 1)
        scene.taken.append(Span(begin, time.time() + RECOVERY))


def spoil(scene: Scene, members: list[Member], begin: float) -> None:
    """Note that members' metrics told nothing since an instant."""
    for member in members:
        scene.ground.load.spoiled(member, Span(begin, time.time()))


def under(scene: Scene, member: Member) -> list[str]:
    """Return the nodes under a member's spot pods."""
    found = scene.ground.api.get(f"/api/v1/nodes?labelSelector=rig%3D{nodes_of(member)['rig']}")["items"]
    spot = {
        one["metadata"]["name"]
        for one in found
        if one["metadata"]["labels"].get("eks.amazonaws.com/capacityType") == "SPOT"
    }
    pods = scene.ground.api.get(f"{collection('Pod', NAMESPACE)}?labelSelector=app%3D{member.name}")["items"]
    return sorted({pod["spec"].get("nodeName", "") for pod in pods} & spot)


def evict(scene: Scene, node: str) -> None:
    """Delete a node's pods, and then itself."""
    pods = scene.ground.api.get(f"{collection('Pod', NAMESPACE)}?fieldSelector=spec.nodeName%3D{node}")["items"]
    for path in [
        *(f"{collection('Pod', NAMESPACE)}/{pod['metadata']['name']}" for pod in pods),
        f"/api/v1/nodes/{node}",
    ]:
        try:
            scene.ground.api.delete(path)
        except ApiError as error:
            if error.status != 404:  # it was on its way out
                raise


FAULTS: dict[str, Begin] = {
    **{name: storm(trouble) for name, trouble in STORMS.items()},
    "api-killed": api_killed,
    "compacted": compacted,
    "store-full": store_full,
    "frozen": frozen,
    "prometheus-restarted": prometheus_away(empty=False),
    "prometheus-emptied": prometheus_away(empty=True),
    "pages": pages,
    "slow-pages": slow_pages,
    "reclaimed": reclaimed,
}
