"""What the operator keeps in memory of the cluster: pods, their owners, workloads, and who else scales them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from poolkeeper.api.target import DEPLOYMENT, STATEFUL_SET, WorkloadKind
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.list_watch import Key
from poolkeeper.shell.node_projections import DISRUPTION_BUDGETS, EVENTS, NODES
from poolkeeper.shell.ownership import Ownership
from poolkeeper.shell.projections import AUTOSCALERS, PODS, REPLICA_SETS, SCALED_OBJECTS
from poolkeeper.shell.reflector import Reflector
from poolkeeper.shell.signals import Signals
from poolkeeper.shell.tenancy import Tenancy
from poolkeeper.shell.views import AutoscalerView, DisruptionBudgetView, NodeView, PodView, WorkloadView
from poolkeeper.shell.workload_projections import WORKLOADS


class Scalers:
    """An index of autoscalers by what they scale; a reflector's `on_change` is `changed`."""

    def __init__(self) -> None:
        self._found: defaultdict[tuple[str, str, str], dict[str, AutoscalerView]] = defaultdict(dict)

    def of(self, namespace: str, kind: WorkloadKind, name: str) -> Iterator[AutoscalerView]:
        """Yield the autoscalers of one workload that are not paused."""
        for view in self._found.get((namespace, kind.name, name), {}).values():
            if not view.paused and view.target_group in {"", kind.group}:
                yield view

    def changed(self, key: Key, old: AutoscalerView | None, new: AutoscalerView | None) -> None:
        """Take in news of an autoscaler."""
        if old is not None:
            self._found[old.namespace, old.target_kind, old.target_name].pop(key[1], None)
        if new is not None:
            self._found[new.namespace, new.target_kind, new.target_name][key[1]] = new


class Cluster:
    """The reflectors and their indices. Run it; read it once `synced`."""

    def __init__(self, kube: KubeClient, namespaces: tuple[str, ...] = ()) -> None:
        self.ownership, self.tenancy = Ownership(), Tenancy()
        self.autoscalers, self.scaled_objects = Scalers(), Scalers()
        self.live_pods: defaultdict[str, dict[str, PodView]] = defaultdict(dict)
        self.picked: dict[Key, Mapping[str, str]] = {}  # selectors of InferencePools, as far as they were asked for
        heard = {STATEFUL_SET: self.ownership.set_changed}
        self.workloads: dict[WorkloadKind, Reflector[Any, WorkloadView]] = {
            kind: Reflector(kube, seen, namespaces=namespaces, on_change=heard.get(kind))
            for kind, seen in WORKLOADS.items()
        }
        self.deployments = self.workloads[DEPLOYMENT]
        self.signals = Signals(lambda: self.nodes.is_listed)
        # they have no namespace: all of them, whatever we are restricted to, or none where that hides them
        nodes = replace(NODES, optional=bool(namespaces))
        events = replace(EVENTS, optional=bool(namespaces))
        self.nodes = Reflector(kube, nodes, on_change=self._node_changed)
        self._budgets: defaultdict[str, dict[str, DisruptionBudgetView]] = defaultdict(dict)
        self.reflectors: dict[str, Reflector] = {  # type: ignore[type-arg]
            **{kind.plural: reflector for kind, reflector in self.workloads.items()},
            "nodes": self.nodes,
            "poddisruptionbudgets": Reflector(
                kube, DISRUPTION_BUDGETS, namespaces=namespaces, on_change=self._budget_changed
            ),
            "events": Reflector(kube, events, namespaces=_with_nodes(namespaces), on_change=self.signals.event_changed),
            "pods": Reflector(kube, PODS, namespaces=namespaces, on_change=self._pod_changed),
            "replicasets": Reflector(kube, REPLICA_SETS, namespaces=namespaces, on_change=self.ownership.set_changed),
            "horizontalpodautoscalers": Reflector(
                kube, AUTOSCALERS, namespaces=namespaces, on_change=self.autoscalers.changed
            ),
            "scaledobjects": Reflector(
                kube, SCALED_OBJECTS, namespaces=namespaces, on_change=self.scaled_objects.changed
            ),
        }

    async def run(self) -> None:
        """Reflect until cancelled."""
        async with asyncio.TaskGroup() as group:
            for reflector in self.reflectors.values():
                group.create_task(reflector.run())

    async def synced(self) -> None:
        """Wait until everything was listed once but events: they come and go, and only tell earlier what is so."""
        for kind, reflector in self.reflectors.items():
            if kind != "events":
                await reflector.synced()

    def workload(self, kind: WorkloadKind, key: Key) -> WorkloadView | None:
        """Return a workload as last seen."""
        return self.workloads[kind].items.get(key)

    def deployment(self, key: Key) -> WorkloadView | None:
        """Return a Deployment as last seen."""
        return self.workload(DEPLOYMENT, key)

    def budgets(self, namespace: str) -> tuple[DisruptionBudgetView, ...]:
        """Return the disruption budgets of a namespace."""
        return tuple(self._budgets.get(namespace, {}).values())

    def replicas_of(self, workload: WorkloadView) -> Iterator[tuple[PodView, ...]]:
        """Yield the live pods of each live replica that serves, by owner chain, the one that leads it first."""
        for leader, *others in self.ownership.replicas_of(workload.uid):
            if leader.live and workload.serves(leader):
                yield (leader, *(pod for pod in others if pod.live))

    def pods_of(self, workload: WorkloadView) -> tuple[PodView, ...]:
        """Return one live pod for each replica of a workload: the one that leads it."""
        return tuple(leader for leader, *_ in self.replicas_of(workload))

    def reclaimed(self, workload: WorkloadView, now: datetime) -> frozenset[str]:
        """Return the UIDs of those pods of a workload on spot that are not live since their node is taken back."""
        pods = self.ownership.pods_of(workload.uid) if workload.tier else ()
        return frozenset(pod.uid for pod in pods if self.signals.was_reclaimed(pod, now))

    def live_uids(self) -> set[str]:
        """Return the UIDs of all live pods."""
        return {pod.uid for pods in self.live_pods.values() for pod in pods.values()}

    def stuck(self, limit: timedelta) -> list[str]:
        """Return the kinds whose watch has shown no life for longer than the limit."""
        return [name for name, reflector in self.reflectors.items() if reflector.age() > limit]

    def problems(self) -> list[str]:
        """Return what keeps each kind from being complete and up to date, in words; a kind not installed is none."""
        found = (reflector.problem for reflector in self.reflectors.values() if not reflector.is_missing)
        return [*filter(None, found), *self._blindness()]

    def _blindness(self) -> Iterator[str]:
        if self.nodes.is_missing:
            yield f"without nodes, no notice of a reclaim is seen: {self.nodes.problem}"

    def _budget_changed(self, key: Key, _old: DisruptionBudgetView | None, new: DisruptionBudgetView | None) -> None:
        if new is not None:
            self._budgets[key[0]][key[1]] = new
        else:
            del self._budgets[key[0]][key[1]]

    def _node_changed(self, key: Key, old: NodeView | None, new: NodeView | None) -> None:
        self.signals.node_changed(key, old, new)
        self.tenancy.node_changed(key, old, new)

    def _pod_changed(self, key: Key, old: PodView | None, new: PodView | None) -> None:
        self.ownership.pod_changed(key, old, new)
        self.tenancy.pod_changed(key, old, new)
        if old is not None:
            self.live_pods[old.namespace].pop(old.name, None)
        if new is not None and new.live:
            self.live_pods[new.namespace][new.name] = new


def _with_nodes(namespaces: tuple[str, ...]) -> tuple[str, ...]:
    """Return where events are looked for: those of nodes, which have no namespace, are in `default`."""
    return tuple(dict.fromkeys((*namespaces, "default"))) if namespaces else ()
