"""Several processes divide the pools among them: each pool is decided by one process at a time, whatever happens.

The pools have no target: a status is all that is written of them, at each change of their spec, and the API server's
audit log tells by whom.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from secrets import token_hex

import pytest

from poolkeeper.api.shards import Shard, shards
from rig import audit
from rig.api import collection
from rig.fence import pods, pods_kubeconfig
from rig.ground import Ground
from rig.install import Installation, installed
from rig.manifests import pool
from rig.operators import Operator
from rig.space import Space
from rig.waiting import eventually

pytestmark = [pytest.mark.xdist_group("shards"), pytest.mark.lasts(60)]

DURATION = "6s"
NAMES = [f"p{number}" for number in range(12)]
STARTED = 300.0
"""Seconds that a process may take to start, on a machine with ten others that want it."""
EVERY_LEASE = [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "list", "patch"]}]


@dataclass
class Crew:
    """An installation's processes by the pods that they say they are, and pools of all shards."""

    space: Space
    installation: Installation
    free: Iterator[str]
    alive: dict[str, Operator] = field(default_factory=dict)
    rounds: int = 8

    def start(self, count: int, of: int) -> list[str]:
        """Start so many processes for so many shards; return their pods once all are ready to lead."""
        cluster, started = self.space.ground.cluster, [next(self.free) for _ in range(count)]
        for pod in started:
            given = ("--lease-namespace", self.installation.namespace, "--lease-duration", DURATION)
            kubeconfig = pods_kubeconfig(cluster, self.installation, pod)
            known = (*given, "--shards", str(of), "--identity", pod)
            self.alive[pod] = self.space.operate(*known, kubeconfig=kubeconfig)
        eventually(lambda: all(self.alive[pod].is_ready for pod in started), "they are ready to lead", STARTED)
        return started

    def holder(self, shard: Shard) -> str:
        """Return the pod that holds a shard's lease, empty where none does."""
        found = self.space.api.get(collection("Lease", self.installation.namespace))["items"]
        held = {one["metadata"]["name"]: one["spec"].get("holderIdentity") or "" for one in found}
        return held.get(shard.lease, "").rpartition("_")[0]

    def keepers(self, of: int) -> dict[Shard, str]:
        """Return who keeps which shard, once each has a living process."""

        def found() -> dict[Shard, str] | None:
            held = {shard: self.holder(shard) for shard in shards(of)}
            return held if set(held.values()) <= self.alive.keys() else None

        return eventually(found, f"{of} shards have a process each")

    def deciders(self) -> dict[str, str]:
        """Change all pools, and return by pool who has decided it since."""
        known = len(self.decisions())
        self.rounds += 1
        for name in NAMES:
            self.space.api.patch(self.space.path("InferencePool", name), {"spec": {"maxReplicas": self.rounds}})
        eventually(lambda: all(self._is_told(name) for name in NAMES), "all pools are decided")
        return dict(self.decisions()[known:])

    def _is_told(self, name: str) -> bool:
        found = self.space.api.get(self.space.path("InferencePool", name))
        return bool(found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"])

    def decisions(self) -> list[tuple[str, str]]:
        """Return all pools that were decided, in order, each with the pod that did."""
        told = audit.requests(self.space.ground.cluster, self.installation.user)
        return [(one.name, one.pod) for one in told if one.resource == "inferencepools/status" and one.status < 400]

    def due(self, keepers: dict[Shard, str]) -> dict[str, str]:
        """Return by pool who is to decide it."""
        uids = {name: self._uid(name) for name in NAMES}
        return {name: pod for name, uid in uids.items() for shard, pod in keepers.items() if shard.has(uid)}

    def _uid(self, name: str) -> str:
        return str(self.space.api.get(self.space.path("InferencePool", name))["metadata"]["uid"])

    def end(self, pods: Sequence[str]) -> None:
        for pod in pods:
            self.alive.pop(pod).stop()

    def turns(self) -> list[list[str]]:
        """Return by pool in which order processes have decided it, each as often as it began to."""
        told = self.decisions()
        return [[pod for pod, _ in groupby(pod for one, pod in told if one == name)] for name in NAMES]


@pytest.fixture
def crew(ground: Ground) -> Iterator[Crew]:
    space = Space(ground, f"shards-{token_hex(3)}")
    with installed(ground.cluster, space.name) as installation:
        roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{installation.namespace}/roles"
        space.api.patch(f"{roles}/poolkeeper-lease-{space.name}", {"rules": EVERY_LEASE})
        for name in NAMES:
            space.create(pool(name))
        yield Crew(space, installation, iter(pods(space.api, installation, 6)))
        space.close()


def test_a_standby_takes_over_the_shard_of_a_process_that_was_killed(crew: Crew) -> None:
    crew.start(3, of=2)
    before = crew.keepers(2)
    first = (crew.deciders(), crew.due(before))
    crew.alive.pop(before[Shard(0, 2)]).kill()
    after = crew.keepers(2)
    second = (crew.deciders(), crew.due(after))
    assert first[0] == first[1]
    assert second[0] == second[1]
    assert after[Shard(1, 2)] == before[Shard(1, 2)]


def test_while_the_number_of_shards_changes_no_pool_is_decided_by_two(crew: Crew) -> None:
    old = crew.start(2, of=2)
    crew.keepers(2)
    crew.deciders()
    crew.start(3, of=3)
    beside = set(crew.deciders().values())
    crew.end(old)
    keepers = crew.keepers(3)
    assert (beside <= set(old), crew.deciders()) == (True, crew.due(keepers))
    assert [turns for turns in crew.turns() if len(turns) != len(set(turns))] == []
