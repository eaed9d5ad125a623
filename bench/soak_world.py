"""The cluster that a soak lives in, and all that befalls it: pools, nodes, the API server, the operator.

inference        steady-0 ... on shared nodes, spot-0 and spot-1 on nodes of their own, guests that come and go
poolkeeper-soak  the operator's own: lease, ledger, journal; one leads, one stands by
"""

import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soak_bounds import BASE, CLOSES, LEAST, OPEN, OPENS, OVERRIDDEN, RAISED, Order, Orders
from soak_clock import LeapingClock
from soak_oracle import Life
from soak_watch import node
from stage import Stage, wait_until

from controlplane.nodes import gpu_nodes, provider_nodes
from poolkeeper.api.names import OVERRIDE
from poolkeeper.api.units import format_instant
from rig.api import ApiError, collection
from rig.install import Installation
from rig.manifests import SHARED_NODES, deployment, pool
from rig.operators import Operator
from rig.spot import NOTICES, pinned

Json = dict[str, Any]

NAMESPACE = "inference"
PROGRAM = Path(__file__).with_name("soak_operator.py")
MOVED = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
ZONES = ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata")
PRICES = {"on-demand": "3.00", "spot": "0.90"}
HOURS = {"from": f"{OPENS:%H:%M}", "to": f"{CLOSES:%H:%M}"}
OFFICE = {"name": "office", "days": "Mon-Fri", **HOURS, "minReplicas": OPEN}
NEVER = {"name": "office", "start": "0 9 30 2 *", "end": "0 10 30 2 *", "minReplicas": 2}
"""A window on a day that no February has, which no schema can tell."""
SPOT_NODES = {"rig": "soak-spot"}
MOST, SPOT_GPUS, NODE_GPUS = 6, 4, 40
LEASE = ("--lease-duration", "40s")
"""The machine is as busy as it can be: who leads is not to lose that for want of a processor."""
WATCH_AGE = "poolkeeper_watch_age_seconds{"


@dataclass
class Known:
    """A pool as the driver made it. `begin` None: not yet."""

    name: str
    zone: str
    most: int = MOST
    pinned: int = 3
    life: Life | None = None


@dataclass
class World:
    """The cluster, and the pools that are in it now and that were."""

    stage: Stage
    clock: LeapingClock
    pools: dict[str, Known] = field(default_factory=dict)
    lives: list[Life] = field(default_factory=list)
    orders: dict[str, Orders] = field(default_factory=dict)
    operators: list[Operator] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    spots: list[str] = field(default_factory=list)
    made: int = 0

    # Pools

    def deploy(self, name: str) -> None:
        """Create a pool's Deployment."""
        number = len(self.pools) + len(self.lives)
        self.pools[name] = Known(name, ZONES[number % len(ZONES)])
        made = pinned(name, 2, SPOT_NODES, "eks") if is_spot(name) else deployment(name, 2)
        self._create(made)

    def begin(self, name: str) -> None:
        """Create the pool over its Deployment."""
        known = self.pools[name]
        self.orders[name] = Orders(known.zone, [Order(self.clock.now(), "most", known.most)])
        found = self._create(pool(name, queue(), **spec_of(known, len(self.lives) + len(self.pools))))
        now = self.clock.now()
        known.life = Life(found["metadata"]["uid"], name, known.zone, now, now)

    def is_looked_at(self, name: str) -> bool:
        """Return whether a pool's status tells of a look."""
        return bool(self.stage.api.get(self.path("InferencePool", name)).get("status", {}).get("conditions"))

    def end(self, name: str) -> None:
        """Delete the pool, and then what it kept."""
        known = self.pools.pop(name)
        self.stage.api.delete(self.path("InferencePool", name))
        self._close(known)
        self.stage.api.delete(self.path("Deployment", name))

    def close(self) -> None:
        """Take down the lives of the pools that are left as ended now."""
        for known in list(self.pools.values()):
            self._close(known)

    def _close(self, known: Known) -> None:
        if known.life:
            life = known.life
            self.lives.append(Life(life.uid, life.name, life.zone, life.begin, self.clock.now()))

    def change(self, name: str) -> None:
        """Give a pool other bounds."""
        known = self.pools[name]
        most = 5 + (known.most - 4) % 4
        with self._ordered(name, "most", most):
            self.patch(name, {"maxReplicas": most})
        known.most = most

    def pin(self, name: str) -> None:
        """Pin a pool's size, another one than the last time: that ends by itself after four hours."""
        known = self.pools[name]
        pinned = 3 + (known.pinned + 1) % 3
        with self._ordered(name, "pin", pinned):
            self.patch(name, {"replicas": pinned})
        known.pinned = pinned

    def override(self, name: str) -> None:
        """Override a pool's minimum for two hours."""
        until = format_instant(self.clock.now() + OVERRIDDEN)
        text = json.dumps({"until": until, "by": "soak", "spec": {"minReplicas": RAISED}})
        with self._ordered(name, "override"):
            self.stage.api.patch(self.path("InferencePool", name), {"metadata": {"annotations": {OVERRIDE: text}}})

    def spoil(self, name: str) -> None:
        """Give a pool a spec that cannot be accepted."""
        with self._ordered(name, "spoil"):
            self.patch(name, {"schedule": {"windows": [NEVER]}})

    def mend(self, name: str) -> None:
        """Give a pool its good spec again."""
        with self._ordered(name, "mend"):
            self.patch(name, {"schedule": {"windows": [OFFICE]}})

    @contextmanager
    def _ordered(self, name: str, kind: str, size: int = 0) -> Iterator[None]:
        """Take down what is asked of a pool, as of before it is, unless that is refused."""
        order = Order(self.clock.now(), kind, size)
        yield
        self.orders[name].given.append(order)

    def patch(self, name: str, spec: Mapping[str, object]) -> None:
        """Change a pool's spec."""
        self.stage.api.patch(self.path("InferencePool", name), {"spec": spec})

    # Nodes

    def add_node(self) -> None:
        """Add a node that all may use."""
        self.made += 1
        self.nodes.append(f"shared-{self.made}")
        self._create_node(gpu_nodes([self.nodes[-1]], NODE_GPUS, SHARED_NODES)[0], SHARED_NODES)

    def add_spot(self, kind: str = "spot") -> None:
        """Add a node of EKS, on spot or on demand, for the pools on spot."""
        self.made += 1
        made = provider_nodes("eks", kind, 1, SPOT_GPUS if kind == "spot" else NODE_GPUS)[0]
        made["metadata"]["name"] = f"{'spot' if kind == 'spot' else 'kept'}-{self.made}"
        if kind == "spot":
            self.spots.append(made["metadata"]["name"])
        self._create_node(made, SPOT_NODES)

    def replace_node(self) -> None:
        """Add a node, and drain and delete the oldest of those that all may use."""
        self.add_node()
        self.drain(self.nodes.pop(0))

    def reclaim(self) -> None:
        """Take a spot node away, after a notice; another comes."""
        going = self.spots.pop(0)
        taint = {"key": NOTICES["eks"], "value": "soak", "effect": "NoSchedule"}
        self.stage.api.patch(f"/api/v1/nodes/{going}", {"spec": {"taints": [taint]}})
        time.sleep(1.0)
        self.drain(going)
        self.add_spot()

    def drain(self, name: str) -> None:
        """Let nothing come to a node, delete its pods, and then the node."""
        self.stage.api.patch(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": True}})
        wait_until(lambda: not self._evict(name), f"nothing runs on {name}", 60)
        self.stage.api.delete(f"/api/v1/nodes/{name}")

    def _evict(self, name: str) -> int:
        found = [one for one in self.stage.api.get(collection("Pod", NAMESPACE))["items"] if node(one) == name]
        for one in found:
            if "deletionTimestamp" not in one["metadata"]:
                with suppress(ApiError):  # it went by itself
                    self.stage.api.delete(self.path("Pod", one["metadata"]["name"]))
        return len(found)

    # Programs

    def restart_api_server(self) -> None:
        """Kill the API server and start it again, with the moved date from its first answer on."""
        programs = self.stage.cluster.programs
        programs.stop("kube-apiserver")
        self.clock.move(programs.start("kube-apiserver"))
        wait_until(self._answers, "the API server answers", 60)

    def sees_since(self, moment: float) -> bool:
        """Return whether every watch of the operator that leads has shown life since a moment (monotonic)."""
        try:
            page = self.leader.page("/metrics")
        except (OSError, http.client.HTTPException):  # it is about to end
            return False
        ages = [float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(WATCH_AGE)]
        return bool(ages) and max(ages) < time.monotonic() - moment

    def _answers(self) -> bool:
        try:
            self.stage.api.get("/readyz/ping")
        except ValueError:  # "ok" is no JSON
            return True
        except (ApiError, OSError):
            return False
        return True

    def operate(self, account: Installation) -> Operator:
        """Start an operator; the first leads, others stand by."""
        name = f"operator-{self.made}-{len(self.operators)}"
        command = [sys.executable, str(PROGRAM), str(self.clock.board.path), "run", "--kubeconfig"]
        given = [str(account.kubeconfig), "--listen", "127.0.0.1:0", "--identity", name, *account.arguments, *LEASE]
        self.stage.cluster.run(name, [*command, *given])
        self.operators.append(Operator(self.stage.cluster, name))
        return self.operators[-1]

    @property
    def leader(self) -> Operator:
        """The operator that leads, or will."""
        return self.operators[0]

    def change_leader(self, account: Installation, *, kill: bool) -> None:
        """End the operator that leads, by SIGTERM or as a crash would; the other leads then, another stands by."""
        going = self.operators.pop(0)
        if kill:
            going.kill()
        elif going.running:
            os.kill(going.pid, signal.SIGTERM)
        self.made += 1
        self.operate(account)
        self.leader.wait_until_leading()

    # The API

    def path(self, kind: str, name: str) -> str:
        """Return where an object is."""
        return f"{collection(kind, NAMESPACE)}/{name}"

    def _create(self, thing: Json) -> Json:
        return self.stage.api.create({**thing, "metadata": {**thing["metadata"], "namespace": NAMESPACE}})

    def _create_node(self, thing: Json, labels: Mapping[str, str]) -> None:
        thing["metadata"]["labels"] |= labels
        self.stage.api.post("/api/v1/nodes", thing)


def is_spot(name: str) -> bool:
    """Return whether a pool stands on spot, by its name."""
    return name.startswith("spot-")


def queue() -> Json:
    """Return a queue that shrinks a step after five minutes' grace."""
    return {"scaleUp": {"above": 5, "settle": "30s"}, "scaleDown": {"below": 3, "gracePeriod": "5m"}}


def spec_of(known: Known, number: int) -> Json:
    """Return a pool's spec: some have a window, some a budget, those on spot two tiers."""
    tiers = PRICES if is_spot(known.name) else {"on-demand": PRICES["on-demand"]}
    cost: Json = {"timezone": known.zone, "pricePerGPUHour": tiers}
    if number % 2:
        cost |= {"budget": {"monthly": "4000", "alertAtPercent": [50, 80, 100]}}
    found: Json = {"minReplicas": LEAST, "maxReplicas": known.most, "cost": cost, "drain": {"deadline": "0s"}}
    found["schedule"] = {"timezone": known.zone, "windows": [OFFICE]}
    if is_spot(known.name):
        spot = {"name": "spot", "type": "Spot", "provider": "eks", "fallback": {"after": "2m"}}
        spot |= {"recovery": {"after": "1m", "backoff": "1m"}}
        found["capacity"] = {"guaranteed": {"base": BASE}, "tiers": [spot, {"name": "on-demand", "type": "OnDemand"}]}
    return found
