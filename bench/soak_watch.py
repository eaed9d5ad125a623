"""What the API server shows of a namespace in a soak: stays of pods, sizes, and whether all is still.

A watch that breaks is begun anew after a list: what is in no list any more has gone meanwhile.
"""

import http.client
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from soak_bounds import Sized
from soak_oracle import Rented

from rig.api import Api, ApiError, collection

Json = dict[str, Any]
ENDED = {"Failed", "Succeeded"}
STUCK = 1.5
"""Seconds without news after which a pod that has no node is taken to wait for one."""


@dataclass
class Sight:
    """What was seen so far. `spot`: the names of spot nodes begin so."""

    now: Callable[[], datetime]
    spot: str = "spot-"
    rented: dict[str, Rented] = field(default_factory=dict)
    pods: dict[str, Json] = field(default_factory=dict)
    deployments: dict[str, Json] = field(default_factory=dict)
    sizes: dict[str, list[Sized]] = field(default_factory=dict)
    news_at: float = 0.0

    def take(self, kind: str, news: str, thing: Json) -> None:
        """Take in an event of a watch."""
        self.news_at = time.monotonic()
        (self._take_pod if kind == "Pod" else self._take_deployment)(news, thing)

    def reconcile(self, kind: str, things: Iterable[Json]) -> None:
        """Take in a list: what is not in it has gone."""
        found = {key(kind, thing): thing for thing in things}
        known = self.pods if kind == "Pod" else self.deployments
        for gone in [known[name] for name in known if name not in found]:
            self.take(kind, "DELETED", gone)
        for thing in found.values():
            self.take(kind, "ADDED", thing)

    def is_still(self) -> bool:
        """Return whether every Deployment has the pods that it wants, each of them ready or without a node for long."""
        waited = time.monotonic() - self.news_at
        if not all(map(settled, list(self.deployments.values()))):
            return False
        return all(is_ready(pod) or (not node(pod) and waited > STUCK) for pod in list(self.pods.values()))

    def _take_pod(self, news: str, pod: Json) -> None:
        uid = key("Pod", pod)
        status = pod.get("status", {})
        over = news == "DELETED" or status.get("phase") in ENDED
        if over:
            self.pods.pop(uid, None)
            if uid in self.rented and self.rented[uid].until is None:
                self.rented[uid] = replace(self.rented[uid], until=self.now())
            return
        self.pods[uid] = pod
        if uid not in self.rented and (bound := bound_at(pod)):
            app = pod["metadata"]["labels"]["app"]
            self.rented[uid] = Rented(app, node(pod).startswith(self.spot), bound)

    def _take_deployment(self, news: str, found: Json) -> None:
        name = key("Deployment", found)
        if news == "DELETED":
            self.deployments.pop(name, None)
            return
        self.deployments[name] = found
        size, sizes = found["spec"]["replicas"], self.sizes.setdefault(name, [])
        if not sizes or sizes[-1].size != size:
            sizes.append(Sized(self.now(), size))


def follow(api: Api, namespace: str, sight: Sight) -> None:
    """Let a sight follow a namespace until the process ends."""
    for kind in ("Deployment", "Pod"):
        threading.Thread(target=_follow, args=(api, namespace, kind, sight), daemon=True).start()


def _follow(api: Api, namespace: str, kind: str, sight: Sight) -> None:
    path = collection(kind, namespace)
    while True:
        try:
            found = api.get(path)
            sight.reconcile(kind, found["items"])
            for event in api.watch(path, since=found["metadata"]["resourceVersion"]):
                if event["type"] == "ERROR":
                    break
                sight.take(kind, event["type"], event["object"])
        except (ApiError, OSError, ValueError, http.client.HTTPException):  # the API server is away: it comes back
            time.sleep(0.2)


def key(kind: str, thing: Mapping[str, object]) -> str:
    """Return by what an object is known: pods by UID, for their names never come again."""
    metadata: Json = thing["metadata"]
    return str(metadata["uid" if kind == "Pod" else "name"])


def node(pod: Json) -> str:
    """Return a pod's node, empty while it has none."""
    return str(pod["spec"].get("nodeName", ""))


def bound_at(pod: Json) -> datetime | None:
    """Return when a pod was bound to its node."""
    told = _conditions(pod).get("PodScheduled")
    return (
        datetime.fromisoformat(told["lastTransitionTime"]) if told and node(pod) and told["status"] == "True" else None
    )


def is_ready(pod: Json) -> bool:
    """Return whether a pod is ready and stays."""
    told = _conditions(pod).get("Ready")
    return bool(told) and told["status"] == "True" and "deletionTimestamp" not in pod["metadata"]


def settled(deployment: Json) -> bool:
    """Return whether a Deployment's controller has done what its spec wants."""
    metadata, spec, status = deployment["metadata"], deployment["spec"], deployment.get("status", {})
    seen = status.get("observedGeneration", 0) >= metadata["generation"]
    return bool(seen and status.get("replicas", 0) == spec["replicas"])


def _conditions(pod: Json) -> dict[str, dict[str, str]]:
    status: Json = pod.get("status", {})
    return {one["type"]: one for one in status.get("conditions") or ()}
