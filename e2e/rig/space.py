"""A test's own namespace."""

import itertools
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from fleet import FleetClient, Pod
from rig.api import Api, ApiError, collection
from rig.ground import Ground
from rig.manifests import deployment
from rig.operators import Operator
from rig.record import Change, Record
from rig.waiting import PATIENCE, Found, eventually

Json = dict[str, Any]

LEASE_DURATION = "60s"
SERIES = "vllm:num_requests_waiting"


class Space:
    """A namespace with a record of its Deployments and pools, and the operators that run for it.

    `common`: the operator of a namespace that is there already; others use it too, and only what is made here goes.
    """

    def __init__(self, ground: Ground, name: str, common: Operator | None = None) -> None:
        self.ground, self.name, self.is_common = ground, name, common is not None
        self.operators: list[Operator] = [common] if common else []
        self.nodes: list[str] = []
        self.made: list[tuple[str, str]] = []
        if not self.is_common:
            make_namespace(ground.api, name)
        self.record = Record(self.api, name)

    @property
    def api(self) -> Api:
        """A client of the API server."""
        return self.ground.api

    @property
    def fleet(self) -> FleetClient:
        """The pretended fleet; `workload` names what is meant."""
        return self.ground.fleet

    def workload(self, name: str) -> str:
        """Return how the fleet calls a Deployment's pods."""
        return f"{self.name}/{name}"

    def create(self, *things: Mapping[str, Any]) -> None:
        """Create objects in this namespace."""
        for thing in things:
            self.made.append((thing["kind"], thing["metadata"]["name"]))
            self.api.create({**thing, "metadata": {"namespace": self.name, **thing["metadata"]}})

    def path(self, kind: str, name: str) -> str:
        """Return an object's path."""
        return f"{collection(kind, self.name)}/{name}"

    def create_deployment(self, name: str, replicas: int = 2, **shape: Mapping[str, str]) -> None:
        """Create a Deployment of engines; `shape` as in `manifests.deployment`."""
        self.create(deployment(name, replicas, **shape))

    def deploy(self, name: str, replicas: int = 2, **shape: Mapping[str, str]) -> None:
        """Create a Deployment of engines and wait until all of them answer."""
        self.create_deployment(name, replicas, **shape)
        self.wait_until_ready(name, replicas)

    def pods(self, name: str) -> list[Pod]:
        """Return a Deployment's engines that answer."""
        return self.fleet.pods(self.workload(name))

    def give_image(self, name: str, count: int) -> None:
        """Let so many of a Deployment's pods get the image after all that its template says is not there."""
        pods = collection("Pod", self.name)

        def made() -> list[Json]:
            found: list[Json] = self.api.get(f"{pods}?labelSelector=app%3D{name}")["items"]
            return found[:count] if len(found) >= count else []

        for pod in self.wait_until(made, f"{count} pods of {name}"):
            cured = {"metadata": {"annotations": {"poolkeeper.dev/image-error": None}}}
            self.api.patch(f"{pods}/{pod['metadata']['name']}", cured)
        self.wait_until_ready(name, count)

    def shorten(self, name: str, total: int) -> float:
        """Let a workload's queue become this short; return the moment before."""
        before = time.monotonic()
        self.fleet.queue(self.workload(name), total)
        return before

    def series_of(self, name: str) -> Json:
        """Return a source for the series of a Deployment's pods that the exporter shows."""
        selector = {"app": name}
        return {"name": "series", "prometheus": {"metric": SERIES, "selector": selector, "maxAge": "2s"}}

    def show_pod(self, name: str, pod: str, waiting: float) -> None:
        """Let the exporter show a pod's queue."""
        self.fleet.gauge(SERIES, waiting, self._series(name, pod))

    def hide_pod(self, name: str, pod: str) -> None:
        """Let the exporter show a pod's queue no more."""
        self.fleet.drop(SERIES, self._series(name, pod))

    def _series(self, name: str, pod: str) -> dict[str, str]:
        return {"namespace": self.name, "pod": pod, "app": name}

    def wait_until(self, look: Callable[[], Found | None], words: str, within: float = PATIENCE) -> Found:
        """Wait until something holds, and return it."""
        return eventually(look, words, within)

    def wait_until_ready(self, name: str, replicas: int) -> None:
        """Wait until so many of a Deployment's engines answer."""
        eventually(lambda: len(self.pods(name)) == replicas, f"{replicas} of {name} ready")

    def operate(self, *arguments: str, kubeconfig: Path | None = None, identity: str = "rig") -> Operator:
        """Start an operator for this namespace; its lease is here too. Wait for it with `wait_until_leading`."""
        given = [*scope(self.ground, [self.name]), "--identity", f"{self.name}-{identity}", *arguments]
        name = f"{self.name}-operator-{len(self.operators)}"
        self.operators.append(Operator(self.ground.cluster, name, given, kubeconfig))
        return self.operators[-1]

    def sizes(self, name: str) -> list[int]:
        """Return every size that a Deployment had, in order."""
        return [change.replicas for change in self.record.changes(name)]

    def changes(self, name: str) -> list[Change]:
        """Return every size that a Deployment was given after the one it was made with, and when."""
        return self.record.changes(name)[1:]

    def falls(self, name: str) -> list[Change]:
        """Return the changes that took replicas away."""
        pairs = itertools.pairwise(self.record.changes(name))
        return [after for before, after in pairs if after.replicas < before.replicas]

    def size(self, name: str) -> int:
        """Return the size that a Deployment asks for now."""
        return self.sizes(name)[-1]

    def status(self, pool: str) -> Json:
        """Return a pool's status; empty while there is none."""
        status: Json = self.record.newest("InferencePool", pool).get("status") or {}
        return status

    def condition(self, pool: str, kind: str) -> Json:
        """Return one condition of a pool; empty while there is none."""
        found = self.status(pool).get("conditions", ())
        return next((condition for condition in found if condition["type"] == kind), {})

    def explain(self, pool: str) -> Json:
        """Return the last decision on a pool, as the newest operator serves it."""
        return self.operators[-1].explain(self.name, pool)

    def faults(self, pool: str) -> float:
        """Return how often the newest operator found a pool's metrics bad, as it may on a slow machine."""
        return self.operators[-1].faults(self.name, pool)

    def wait_for_size(self, name: str, replicas: int, within: float = PATIENCE) -> Change:
        """Wait until a Deployment has this size, and return the change that brought it."""
        words = f"{name} has {replicas} replicas"
        return eventually(
            lambda: next((c for c in self.record.changes(name) if c.replicas == replicas), None), words, within
        )

    def wait_for_growth(self, name: str, within: float = PATIENCE) -> Change:
        """Wait until a Deployment gets a replica, however many: how many depends on which pods answered first."""
        return eventually(
            lambda: next((c for c in self.record.changes(name)[1:] if c.replicas > self.sizes(name)[0]), None),
            f"{name} grows",
            within,
        )

    def wait_for_fall(self, name: str, within: float = PATIENCE) -> Change:
        """Wait until a Deployment loses a replica, and return the first change that took one, however long ago."""
        return eventually(lambda: self.falls(name), f"{name} loses a replica", within)[0]

    def wait_for_reason(self, pool: str, reason: str, within: float = PATIENCE) -> Json:
        """Wait until the newest decision on a pool has this reason, and return it."""

        def look() -> Json:
            decision = self.explain(pool)
            return decision if decision.get("reason") == reason else {}

        return eventually(look, f"{pool} is decided by {reason}", within)

    def wait_for_condition(self, pool: str, kind: str, reason: str, within: float = PATIENCE) -> Json:
        """Wait until a condition of a pool has this reason, and return it."""

        def look() -> Json:
            found = self.condition(pool, kind)
            return found if found.get("reason") == reason else {}

        return eventually(look, f"{pool} has {kind} {reason}", within)

    def close(self) -> None:
        """End what runs for this namespace alone and delete what was made; nobody waits until it is gone."""
        self.record.end()
        if self.is_common:
            self._clear()
        else:
            for operator in self.operators:
                operator.kill()
            self.api.delete(f"/api/v1/namespaces/{self.name}")
        for node in self.nodes:
            with suppress(ApiError):  # a test may have taken it away
                self.api.delete(f"/api/v1/nodes/{node}")

    def _clear(self) -> None:
        """Delete what was made here, the pools first: nobody looks at them from then on."""
        pools = [name for kind, name in self.made if kind == "InferencePool"]
        halves = [("Deployment", name) for pool in pools for name in (pool, f"{pool}-spot")]
        for kind, name in [*(("InferencePool", pool) for pool in pools), *self.made, *halves]:
            with suppress(ApiError):  # a test may have deleted it, or the first of both has
                self.api.delete(self.path(kind, name))

    def story(self) -> str:
        """Return what happened here, for a test that failed: sizes, decisions, logs."""
        names = self.record.deployments
        parts = [f"{name}: {self.record.changes(name)}" for name in names]
        parts += [f"{name}: {json.dumps(self._decision(name), indent=1)}" for name in names]
        parts += [f"--- log of {operator.name}\n{operator.log[-20_000:]}" for operator in self.operators]
        return "\n".join(parts)

    def _decision(self, pool: str) -> Json:
        try:
            return self.explain(pool)
        except (OSError, LookupError) as error:
            return {"nothing": repr(error)}


def make_namespace(api: Api, name: str) -> None:
    """Make a namespace in which pods can be."""
    api.post("/api/v1/namespaces", {"metadata": {"name": name}})
    accounts = f"/api/v1/namespaces/{name}/serviceaccounts"
    eventually(lambda: api.get(accounts)["items"], f"namespace {name} has its ServiceAccount")


def scope(ground: Ground, namespaces: Sequence[str]) -> list[str]:
    """Return what `poolkeeper run` must be told to look at these namespaces; its lease is in the last of them."""
    watched = [argument for name in namespaces for argument in ("--namespace", name)]
    lease = ["--lease-namespace", namespaces[-1], "--lease-duration", LEASE_DURATION]
    return [*watched, *lease, "--prometheus", f"default={ground.prometheus}"]
