"""What one look at a pool costs the operator, without a cluster: microseconds of processor time, and memory.

The real loop, turns, money and journal, over caches that were filled with the JSON an API server would send. Nothing
goes over a wire: writes are taken as done, and the sources' answers are made before the clock runs. At rest the queue
stays between the thresholds while the counters go on; `changing` lets one pool of a hundred, each second another
one, have a queue that is too long. Figures are printed, not judged. `--profile` prints where the time goes.
"""

import argparse
import asyncio
import cProfile
import gc
import json
import os
import pstats
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import msgspec
from figures import save
from measured import Measured
from spreads import spread
from stage import leave_with
from usage import usage

from fleet.measures import Measures
from fleet.page import Gauges, Page
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.journal import Journal
from poolkeeper.shell.kube import KubeClient, Metadata, Written
from poolkeeper.shell.loop import Loop, Sources
from poolkeeper.shell.money import Money
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.prometheus import Element
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.queues.outside import Outside
from poolkeeper.shell.queues.pages import Limits, Pages
from poolkeeper.shell.queues.scrape import PodScraper
from poolkeeper.shell.settings import JournalTerms, Settings
from poolkeeper.shell.telemetry import Telemetry
from poolkeeper.shell.turn import Turns

if TYPE_CHECKING:
    from poolkeeper.shell.leader import Elector

Json = dict[str, Any]

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
BORN = "2026-03-02T08:00:00Z"
METRIC = "queue_depth"
WARM, GROUND = 3, 3
CALM, LONG = 500, 1500
PER_NODE = 200
SOURCES = ("prometheus", "pods")
ASKED = re.compile(r"\bpool-\d+")


class Kube:
    """An API server that takes every write as done, and the time that it tells; a size that is written is had.

    `second` is the time, None where it is the clock's.
    """

    def __init__(self) -> None:
        self.clock = self
        self.second: float | None = 0.0
        self.writes = 0
        self._began = time.monotonic()

    def now(self) -> datetime:
        """Return the time of this look."""
        passed = time.monotonic() - self._began if self.second is None else self.second
        return START + timedelta(seconds=passed)

    async def patch(self, *_: object, **__: object) -> Written:
        """Take a change."""
        return self._written()

    async def post(self, *_: object, **__: object) -> Written:
        """Take a new object."""
        return self._written()

    def _written(self) -> Written:
        self.writes += 1
        return Written(Metadata(resource_version=str(10_000_000 + self.writes)))


class Server:
    """A Prometheus that has the queue of each pool."""

    def __init__(self, depths: Mapping[str, int]) -> None:
        self.depths = depths
        self.elements: dict[str, Element] = {}

    def scrape(self, at: float) -> None:
        """Have the queues as they are now."""
        self.elements = {
            name: Element({"namespace": "bench", "pool": name, "poolkeeper_part": "0"}, at, float(depth))
            for name, depth in self.depths.items()
        }

    async def query(self, promql: str) -> list[Element]:
        """Return those that are asked for."""
        return [self.elements[name] for name in ASKED.findall(promql)]


class MadePages(Pages):
    """Pages of engines that were made before, one for each second."""

    def __init__(self) -> None:
        self.limits = Limits()
        self.page = b""

    async def read(self, *_: object) -> bytes:
        """Return the page of this second, whoever asks."""
        return self.page


@dataclass(frozen=True)
class Row:
    """What looks cost: microseconds each, at best and in the median second, and the memory of all pools in MB."""

    source: str
    pools: int
    replicas: int
    best: float
    median: float
    resident: float

    def __str__(self) -> str:
        """Return it for people."""
        share = self.median * self.pools / 10_000
        return (
            f"{self.source:<11} {self.pools:6} pools of {self.replicas}: {self.best:7.1f} us a look "
            f"(median {self.median:.1f}: {share:.0f} % of a core at 1 s), {self.resident:.0f} MB resident"
        )


class Rig:
    """So many pools, each on a Deployment of so many ready replicas, and the loop that looks at them."""

    def __init__(self, pools: int, replicas: int, source: str, telemetry: Telemetry) -> None:
        self.kube, self.pools = Kube(), Pools()
        kube = cast("KubeClient", self.kube)
        self.cluster = Cluster(kube)
        self.names = [f"pool-{index}" for index in range(pools)]
        self.depths = dict.fromkeys(self.names, CALM)
        self.server, self.pages = Server(self.depths), MadePages()
        self._engine, self._measures = Page("model", 0.0), Measures()
        self._fill(replicas)
        for name in self.names:
            pool = self.pools.take(pool_object(name, source))
            pool.lead(None, self.kube.now())
        money = Money(kube, self.cluster, self.pools, telemetry, Settings())
        money.begin(START - timedelta(hours=1))
        turns = Turns(kube, self.cluster, self.pools, telemetry, money)
        turns.hear = Journal(kube, telemetry, "default", JournalTerms()).note
        sources = Sources(PodScraper(self.pages), BatchReader({"default": self.server}), Outside({}))
        self.loop = Loop(kube, self.cluster, self.pools, sources, turns)

    def _fill(self, replicas: int) -> None:
        reflectors = self.cluster.reflectors
        for number in range(1 + len(self.names) * replicas // PER_NODE):
            reflectors["nodes"].put(raw(node_object(number)))
        for index, name in enumerate(self.names):
            reflectors["deployments"].put(raw(deployment_object(name, replicas)))
            reflectors["replicasets"].put(raw(owned(name, f"{name}-1", "Deployment", f"d-{name}")))
            for number in range(replicas):
                node = (index * replicas + number) // PER_NODE
                reflectors["pods"].put(raw(pod_object(name, number, node)))

    async def second(self, changing: Iterable[str] = ()) -> float:
        """Look at every pool once, a second later; return the processor's seconds that it took."""
        self.kube.second = (self.kube.second or 0.0) + 1
        for name in changing:
            self.depths[name] = LONG if self.depths[name] == CALM else CALM
        self.scrape()
        begun = time.process_time()
        self.loop._start_round(list(self.pools))  # noqa: SLF001  the loop's own beat would wait for the clock
        while any(pool.busy for pool in self.pools):  # noqa: ASYNC110  an event would be one more cost of a look
            await asyncio.sleep(0)
        return time.process_time() - begun

    def scrape(self) -> None:
        """Have the queues and the pages as they are now."""
        self.server.scrape(self.kube.now().timestamp())
        self.pages.page = self._engine.text(Gauges(2, 40, 0.5), self._measures).encode()

    async def live(self, seconds: float) -> None:
        """Let the loop look at them, by the clock."""
        self.kube.second, leading = None, SimpleNamespace(leading=True)
        self.scrape()
        for pool in self.pools:
            self.loop.note(pool)
        running = asyncio.create_task(self.loop.run(cast("Elector", leading)))
        await asyncio.sleep(seconds)
        leading.leading = False
        await running


def raw(thing: Json) -> msgspec.Raw:
    """Return an object as it comes over the wire."""
    return msgspec.Raw(msgspec.json.encode(thing))


def metadata(name: str, uid: str, **more: object) -> Json:
    """Return what every object says of itself."""
    known = {"name": name, "namespace": "bench", "uid": uid, "creationTimestamp": BORN, "resourceVersion": "7"}
    return {**known, "generation": 1, **more}


def pool_object(name: str, source: str) -> Json:
    """Return a pool that stays as it is, by either source."""
    found = {"name": "queue", "prometheus": {"metric": METRIC, "selector": {"pool": name}}}
    queue: Json = {"thresholdsPer": "Pool", "scaleUp": {"above": 1000}, "scaleDown": {"below": 100}}
    queue = {**queue, "sources": [found]} if source == "prometheus" else {}
    spec = {"targetRef": {"name": name}, "minReplicas": 1, "maxReplicas": 8, "queue": queue}
    return {"metadata": metadata(name, f"p-{name}"), "spec": spec}


def deployment_object(name: str, replicas: int) -> Json:
    """Return a Deployment all of whose replicas are ready, last written by us."""
    sizes = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), replicas)
    scale = {"f:spec": {"f:replicas": {}}}
    writer = {"manager": "poolkeeper", "operation": "Update", "subresource": "scale", "time": BORN, "fieldsV1": scale}
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container()]}}
    return {
        "metadata": metadata(name, f"d-{name}", managedFields=[writer]),
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": template},
        "status": {**sizes, "observedGeneration": 1},
    }


def container() -> Json:
    """Return the engine."""
    ports = [{"name": "http", "containerPort": 8000}]
    return {"name": "vllm", "image": "vllm", "ports": ports, "resources": {"limits": {"nvidia.com/gpu": "1"}}}


def owned(name: str, own: str, kind: str, owner: str) -> Json:
    """Return an object that another one controls."""
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": owner, "controller": True}
    return {"metadata": metadata(own, f"r-{own}", ownerReferences=[reference], labels={"app": name})}


def pod_object(name: str, number: int, node: int) -> Json:
    """Return a pod that has long been ready."""
    own = f"{name}-1-{number}"
    states = [{"type": kind, "status": "True", "lastTransitionTime": BORN} for kind in ("PodScheduled", "Ready")]
    made = owned(f"{name}-1", own, "ReplicaSet", f"r-{name}-1")
    made["metadata"]["labels"] = {"app": name, "pod-template-hash": "1"}
    address = f"10.{node % 200}.{number}.{1 + node // 200}"
    made["spec"] = {"nodeName": f"node-{node}", "containers": [container()]}
    made["status"] = {"phase": "Running", "podIP": address, "conditions": states}
    return made


def node_object(number: int) -> Json:
    """Return a node with GPUs."""
    state = [{"type": "Ready", "status": "True", "lastTransitionTime": BORN}]
    capacity = {"nvidia.com/gpu": str(PER_NODE)}
    known = {**metadata(f"node-{number}", f"n-{number}"), "namespace": ""}
    return {"metadata": known, "status": {"conditions": state, "capacity": capacity, "allocatable": capacity}}


async def measure(rig: Rig, seconds: int, changing: int) -> list[float]:
    """Return the microseconds of a look, second by second."""
    spent, count = [], len(rig.names)
    for number in range(seconds):
        moved = [rig.names[(number * changing + one) % count] for one in range(changing)]
        spent.append(1e6 * await rig.second(moved) / count)
    return spent


async def run(given: argparse.Namespace, source: str) -> Row:
    """Measure one source."""
    rig = Rig(given.pools, given.replicas, source, Telemetry())
    await measure(rig, WARM, 0)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1_000)
    profile = cProfile.Profile() if given.profile else None
    if profile:
        profile.enable()
    spent = await measure(rig, given.seconds, given.pools // 100 if given.changing else 0)
    if profile:
        profile.disable()
        shown(profile)
    resident = usage(os.getpid()).resident
    return Row(source, given.pools, given.replicas, round(min(spent), 1), round(median(spent), 1), round(resident))


async def live(given: argparse.Namespace, source: str) -> None:
    """Run the loop by the clock, and print what it was like once it had found its pace."""
    with TemporaryDirectory() as place:
        Measured.path = Path(place) / "measured.jsonl"
        rig = Rig(given.pools, given.replicas, source, Measured())
        began = usage(os.getpid())
        await rig.live(given.live)
        used = usage(os.getpid())
        told = [json.loads(line) for line in Measured.path.read_text(encoding="utf-8").splitlines(keepends=True)]
    print(f"{source}: {given.pools} pools for {given.live:.0f} s, {used.line(began, given.live)}")
    print("  stretch, second by second: " + " ".join(f"{line['stretch']:.1f}" for line in told))
    print("  pools decided once:        " + " ".join(str(line["pools"]) for line in told))
    for name in ("late", "decision", "apart"):
        values = [value for line in told[len(told) // 2 :] for value in line[name]]
        print(spread(values).line(name) if values else f"  {name}: none yet")


def shown(profile: cProfile.Profile) -> None:
    """Print where the time went."""
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile).strip_dirs().sort_stats(order).print_stats(45)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, default=1000)
    parser.add_argument("--replicas", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=20, help="how many looks at each pool (20)")
    parser.add_argument("--source", choices=SOURCES, action="append", help="both, if not given")
    parser.add_argument("--changing", action="store_true", help="let one pool in a hundred change each second")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--live", type=float, default=0, help="run the loop for so many seconds instead")
    given = parser.parse_args(arguments)
    rows = []
    for source in given.source or SOURCES:
        if given.live:
            asyncio.run(live(given, source))
            continue
        rows.append(asyncio.run(run(given, source)))
        print(rows[-1], flush=True)
    if rows and not given.profile:
        print(f"-> {save('bench-looks', {'rows': [asdict(row) for row in rows]})}")
    return 0


if __name__ == "__main__":
    leave_with(main)
