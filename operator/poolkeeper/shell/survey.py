"""A cluster's GPUs, read once with no more than `get` and `list`; what may not be read is said and left out.

    pods             all namespaces, else that of the context
    nodes            else capacity types and prices are unknown
    workloads        Deployments, StatefulSets, DaemonSets, LeaderWorkerSets, Rollouts with their templates;
                     of ReplicaSets, Jobs and CronJobs the metadata
    other owners     looked up one by one, as far as they may be
    autoscalers      HPAs, ScaledObjects, pools

Of a page of pods only those with GPUs are kept, so memory follows the GPUs and not the cluster.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from poolkeeper.api import names
from poolkeeper.api.survey import GpuNode, GpuPod, Parent, Scaler, Survey, shared
from poolkeeper.shell.kube import ONLY_METADATA_LIST, KubeClient
from poolkeeper.shell.kube_errors import Forbidden, KubeError, NotFound
from poolkeeper.shell.kube_wire import JSON
from poolkeeper.shell.kubernetes_objects import OwnedObject
from poolkeeper.shell.survey_claims import ClaimObject, Claims
from poolkeeper.shell.survey_objects import (
    ParentObject,
    ScalerObject,
    SurveyedNode,
    gpu_node,
    gpu_pod,
    parent,
    scaler,
    step,
)
from poolkeeper.shell.survey_owners import Climber, Told

T = TypeVar("T")

WORKLOADS = (
    ("apps/v1", "Deployment", "deployments"),
    ("apps/v1", "StatefulSet", "statefulsets"),
    ("apps/v1", "DaemonSet", "daemonsets"),
    ("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet", "leaderworkersets"),
    ("argoproj.io/v1alpha1", "Rollout", "rollouts"),
)
STEPS = (
    ("apps/v1", "ReplicaSet", "replicasets"),
    ("batch/v1", "Job", "jobs"),
    ("batch/v1", "CronJob", "cronjobs"),
)
SCALERS = (
    ("autoscaling/v2", "HPA", "horizontalpodautoscalers"),
    ("keda.sh/v1alpha1", "ScaledObject", "scaledobjects"),
)
CLAIMS = "/apis/resource.k8s.io/v1"
NODES_HIDDEN = "so capacity types, prices by node and free GPUs are unknown"


class PoolTarget(msgspec.Struct):
    """What a pool sizes."""

    name: str = ""
    kind: str = "Deployment"


class PoolSpec(msgspec.Struct, rename="camel"):
    """The part of a pool's spec that says what it sizes, and between which bounds."""

    target_ref: PoolTarget = msgspec.field(default_factory=PoolTarget)
    min_replicas: int = 0
    max_replicas: int = 0
    mode: str = "Active"


class PoolObject(OwnedObject):
    """A pool."""

    spec: PoolSpec = msgspec.field(default_factory=PoolSpec)


@dataclass
class Surveyor:
    """Reads one cluster, of which `namespace` is looked at, None: all of it; `groups` are the APIs that it has."""

    kube: KubeClient
    namespace: str | None
    told: Told
    skipped: list[str] = field(default_factory=list)
    groups: frozenset[str] | None = None

    async def survey(self) -> Survey:
        """Return all that was seen.

        Raises:
            KubeError: the pods cannot be read, or the cluster does not answer.
        """
        self.groups = await self.served()
        pods = await self.pods()
        nodes = await self.nodes()
        parents = await self.parents()
        await Climber(self.kube, self.told).climb(pods, parents)
        return Survey(
            at=self.kube.clock.now(),
            pods=pods,
            nodes=nodes,
            parents=parents,
            scalers=(*await self.autoscalers(), *await self.pools()),
            whole=self.namespace is None,
            skipped=tuple(self.skipped),
        )

    async def served(self) -> frozenset[str] | None:
        """Return the API groups that there are, None where nobody says: what is not installed is not refused either."""
        try:
            found = await self.kube.get("/apis", into=Groups)
        except KubeError:
            return None
        return frozenset(one.name for one in found.groups)

    async def pods(self) -> tuple[GpuPod, ...]:
        """Return the pods with GPUs, of the context's namespace where not all may be read."""
        try:
            return await self.pods_here()
        except Forbidden as error:
            if self.namespace is not None:
                raise
            self.namespace = self.kube.access.namespace
            self.skipped.append(f"other namespaces than {self.namespace}: {error}")
            return await self.pods_here()

    async def pods_here(self) -> tuple[GpuPod, ...]:
        """Return the pods with GPUs that are looked at."""
        claimed, found, seen = await self.claimed(), [], 0
        async for page in self.kube.pages(f"/api/v1{self.inside}/pods", item=msgspec.Raw):
            items = page.items or []
            found += [pod for raw in items if (pod := gpu_pod(raw, claimed))]
            seen += len(items)
            self.told(f"{seen} pods read, {len(found)} with GPUs")
        return shared(found)

    async def claimed(self) -> Claims | None:
        """Return the GPUs of resource claims, None where they may not be read; none where there is no such API."""
        try:
            found = await self.kube.list(f"{CLAIMS}{self.inside}/resourceclaims", item=ClaimObject)
        except NotFound:
            return {}
        except Forbidden:
            return None
        return {(one.metadata.namespace, one.metadata.name): one.gpus for one in found}

    async def nodes(self) -> Mapping[str, GpuNode] | None:
        """Return the nodes with GPUs by name, None where they may not be read."""
        self.told("reading nodes")
        try:
            found = await self.kube.list("/api/v1/nodes", item=SurveyedNode)
        except Forbidden as error:
            self.skipped.append(f"nodes: {error}; {NODES_HIDDEN}")
            return None
        views = (gpu_node(one) for one in found)
        return {one.name: one for one in views}

    async def parents(self) -> dict[str, Parent]:
        """Return what owns pods, by UID."""
        found: dict[str, Parent] = {}
        for version, kind, plural in WORKLOADS:
            async for one in self.each(version, plural, ParentObject):
                found[one.metadata.uid] = parent(one, kind, version)
        for version, kind, plural in STEPS:
            async for owned in self.each(version, plural, OwnedObject, ONLY_METADATA_LIST):
                found[owned.metadata.uid] = step(owned, kind, version)
        return found

    async def autoscalers(self) -> list[Scaler]:
        """Return HPAs and ScaledObjects."""
        return [
            scaler(one, kind)
            for version, kind, plural in SCALERS
            async for one in self.each(version, plural, ScalerObject)
        ]

    async def pools(self) -> list[Scaler]:
        """Return the pools that are there already."""
        found = []
        async for one in self.each(names.API_VERSION, names.PLURAL, PoolObject):
            spec, metadata = one.spec, one.metadata
            target = (spec.target_ref.kind, spec.target_ref.name or metadata.name)
            trouble = "" if spec.mode == "Active" else f"mode {spec.mode}"
            bounds = (spec.min_replicas, spec.max_replicas)
            found.append(Scaler(names.SHORT, metadata.namespace, metadata.name, *target, *bounds, trouble))
        return found

    async def each(self, version: str, plural: str, item: type[T], accept: str = JSON) -> AsyncIterator[T]:
        """Yield the objects of a kind; none where it is not installed, or may not be read, which is said."""
        if self.groups is not None and version.partition("/")[0] not in self.groups:
            return
        self.told(f"reading {plural}")
        try:
            async for page in self.kube.pages(f"/apis/{version}{self.inside}/{plural}", item=item, accept=accept):
                for one in page.items or ():
                    yield one
        except NotFound:
            return
        except Forbidden as error:
            self.skipped.append(f"{plural}: {error}")

    @property
    def inside(self) -> str:
        """The part of a path that says which namespace is looked at."""
        return f"/namespaces/{self.namespace}" if self.namespace else ""


class Group(msgspec.Struct):
    """An API group."""

    name: str


class Groups(msgspec.Struct):
    """The API groups of a cluster."""

    groups: list[Group] = []
