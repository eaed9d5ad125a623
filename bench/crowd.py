"""Many alike pools in a namespace of their own, each over a Deployment, followed by real watches."""

import time
from collections.abc import Mapping
from typing import Any

from stage import Stage, say, wait_until

from rig.api import collection
from rig.manifests import deployment, pool
from rig.record import Change, Record

Json = dict[str, Any]

REPLICAS = 2
METRIC = "queue_depth"
PUBLISHED = {"thresholdsPer": "Pool", "scaleUp": {"above": 1000}, "scaleDown": {"below": 100}}
SECONDS_A_POOL = 2.0


class Crowd:
    """`size` pools, named pool-0, pool-1 …; `by_prometheus` tells where the operator reads their queues."""

    def __init__(
        self, stage: Stage, namespace: str, size: int, *, by_prometheus: bool = False, replicas: int = REPLICAS
    ) -> None:
        self.names = [f"pool-{index}" for index in range(size)]
        self.namespace = namespace
        self.by_prometheus = by_prometheus
        self.replicas = replicas
        self._stage = stage
        self._patience = 60 + SECONDS_A_POOL * size

    def deploy(self) -> None:
        """Create the Deployments and wait until every pod is ready."""
        say(f"{self.namespace}: {len(self.names)} Deployments of {self.replicas}")
        self._stage.api.post("/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        wait_until(self._has_account, "the namespace has its ServiceAccount", 60)
        self.record = Record(self._stage.api, self.namespace)
        for name in self.names:
            self._create(deployment(name, self.replicas))
        wait_until(self._all_ready, "every pod is ready", self._patience)
        self.ready_at = time.monotonic()

    def create_pools(self) -> None:
        """Create the pools and wait until the operator has read a queue for each."""
        for name in self.names:
            self._create(pool(name, PUBLISHED | self._sources(name)))
        wait_until(self._all_read, "the operator reads every queue", self._patience, pause=0.5)

    def show(self, name: str, waiting: int) -> None:
        """Let a pool's queue be so long; when this returns, a reader sees it."""
        if self.by_prometheus:
            self._stage.fleet.gauge(METRIC, waiting, {"namespace": self.namespace, "pool": name})
        else:
            self._stage.fleet.queue(f"{self.namespace}/{name}", waiting)

    def change(self, name: str) -> Change | None:
        """Return the first change of a Deployment's size, as the watch told it."""
        return next(iter(self.record.changes(name)[1:]), None)

    def delete_pools(self) -> None:
        """Delete the pools; their Deployments stay as they are."""
        self.record.end()
        for name in self.names:
            self._stage.api.delete(f"{collection('InferencePool', self.namespace)}/{name}")

    def delete(self) -> None:
        """Delete all of it, and wait until no pod is left."""
        self._stage.api.delete(f"/api/v1/namespaces/{self.namespace}")
        wait_until(self._is_gone, f"{self.namespace} is gone", self._patience, pause=0.5)

    def _sources(self, name: str) -> Json:
        if not self.by_prometheus:
            return {}
        return {"sources": [{"name": "queue", "prometheus": {"metric": METRIC, "selector": {"pool": name}}}]}

    def _create(self, thing: Mapping[str, Any]) -> None:
        self._stage.api.create({**thing, "metadata": {**thing["metadata"], "namespace": self.namespace}})

    def _has_account(self) -> bool:
        return bool(self._stage.api.get(f"/api/v1/namespaces/{self.namespace}/serviceaccounts")["items"])

    def _all_ready(self) -> bool:
        found = (self.record.newest("Deployment", name) for name in self.names)
        return all(one.get("status", {}).get("readyReplicas") == self.replicas for one in found)

    def _all_read(self) -> bool:
        return all(map(_is_read, self._stage.api.get(collection("InferencePool", self.namespace))["items"]))

    def _is_gone(self) -> bool:
        pods = self._stage.api.get(f"/api/v1/namespaces/{self.namespace}/pods?limit=1")
        return not pods["items"]


def _is_read(found: Json) -> bool:
    conditions = found.get("status", {}).get("conditions", ())
    return any(one["type"] == "MetricsAvailable" and one["status"] == "True" for one in conditions)
