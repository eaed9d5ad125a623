"""What people ask of a pool beside its spec, with kubectl and `poolkeeper`, on the real control plane; and two roles.

    kubectl scale ipool --replicas=6 ... the queue is empty, and 6 stay ... poolkeeper unpin ... the queue decides
    poolkeeper override --min 5 --for 20s ... 5 ... and after 20 s the floor is 2 again, with no restart
    prefill (25-200 % of decode) and decode: the queue of one lifts both

That a pin ends after four hours is told by tests/shell/test_pin_ends.py, on a clock that is moved.
"""

import json
import subprocess
from typing import Any

import pytest

from controlplane import KubectlError
from rig.manifests import pool, published
from rig.operators import POOLKEEPER
from rig.space import Space
from rig.waiting import eventually

Json = dict[str, Any]

HOLDING, LONG = 500, 1500
QUEUE = published(grace="3s")


def kubectl(space: Space, *words: str) -> str:
    return str(space.ground.cluster.kubectl(*words, "-n", space.name))


def poolkeeper(space: Space, *words: str) -> subprocess.CompletedProcess[str]:
    access = ["-n", space.name, "--kubeconfig", str(space.ground.cluster.kubeconfig)]
    return subprocess.run([POOLKEEPER, *words, *access], capture_output=True, text=True, check=False)


def live(space: Space, name: str, waiting: int = HOLDING, **spec: object) -> None:
    """Make a pool of two replicas with this queue, and wait until it is looked at."""
    space.deploy(name)
    space.fleet.queue(space.workload(name), waiting)
    space.create(pool(name, QUEUE, **spec))
    space.wait_for_condition(name, "Ready", "AsExpected")


def columns(space: Space, name: str) -> dict[str, str]:
    """Return what kubectl shows of a pool."""
    heads, row = kubectl(space, "get", f"ipool/{name}", "-o", "wide").splitlines()
    starts = [heads.index(head) for head in heads.split()]
    ends = [*starts[1:], None]
    return {head: row[a:b].strip() for head, a, b in zip(heads.split(), starts, ends, strict=True)}


def test_kubectl_pins_a_pool_and_unpin_frees_it(shared: Space) -> None:
    live(shared, "pinned")
    kubectl(shared, "scale", "ipool/pinned", "--replicas=6")
    shared.wait_for_size("pinned", 6)
    told = eventually(lambda: shared.status("pinned").get("pin"), "the status tells of the pin")
    assert (told["replicas"], told["by"], told["counts"]) == (6, "/scale", True)
    assert shared.condition("pinned", "Pinned")["status"] == "True"
    scale = json.loads(kubectl(shared, "get", "ipool/pinned", "--subresource=scale", "-o", "json"))
    assert (scale["spec"]["replicas"], scale["status"]["selector"]) == (6, "app=pinned")
    shared.fleet.queue(shared.workload("pinned"), 0)
    shared.wait_until_ready("pinned", 6)
    kubectl(shared, "scale", "ipool/pinned", "--replicas=5")
    shared.wait_for_size("pinned", 5)
    assert "was pinned to 5 by /scale since" in poolkeeper(shared, "unpin", "pinned").stdout
    shared.wait_for_size("pinned", 2)
    eventually(lambda: "pin" not in shared.status("pinned"), "nothing tells of the pin any more")
    with pytest.raises(KubectlError, match="does not exist"):
        kubectl(shared, "get", "ipool/pinned", "--subresource=scale")


def test_an_override_changes_the_spec_for_a_while_and_ends_by_itself(shared: Space) -> None:
    live(shared, "overridden")
    done = poolkeeper(
        shared, "override", "overridden", "--min", "5", "--max", "6", "--for", "20s", "--because", "night"
    )
    assert done.stdout.startswith("ipool/overridden: minReplicas 5, maxReplicas 6 until ")
    shared.wait_for_size("overridden", 5)
    told = shared.wait_for_condition("overridden", "Overridden", "Overridden")
    assert told["message"].endswith("by admin: night")
    assert columns(shared, "overridden")["OVERRIDE"] == "maxReplicas 6, minReplicas 5"
    shared.fleet.queue(shared.workload("overridden"), 0)
    eventually(lambda: not shared.condition("overridden", "Overridden"), "the override has ended", 60)
    shared.wait_for_size("overridden", 2)
    assert shared.record.newest("InferencePool", "overridden")["spec"]["minReplicas"] == 2


def test_an_override_is_in_force_after_a_restart(space: Space) -> None:
    first = space.operate().wait_until_leading()
    live(space, "chat")
    poolkeeper(space, "override", "chat", "--min", "4", "--for", "1h")
    space.wait_for_size("chat", 4)
    first.kill()
    space.operate(identity="second").wait_until_leading()
    eventually(lambda: space.explain("chat").get("schedule", {}).get("floor") == 4, "the floor is that of the override")


@pytest.mark.parametrize(
    ("name", "words", "problem"),
    [
        ("wide", ["--min", "9"], "minReplicas must not be over maxReplicas (9 is over 8)"),
        ("mistyped", ["--set", "queue.scaleUp.abov=9"], "did you mean above?"),
        ("elsewhere", ["--set", "targetRef.name=other"], "cannot be overridden"),
    ],
)
def test_a_bad_override_is_refused_before_it_is_written(
    shared: Space, name: str, words: list[str], problem: str
) -> None:
    shared.create(pool(name, QUEUE))
    done = poolkeeper(shared, "override", name, *words, "--for", "1h")
    assert (done.returncode, problem in done.stderr) == (1, True)
    found = shared.api.get(shared.path("InferencePool", name))
    assert "poolkeeper.io/override" not in found["metadata"].get("annotations", {})


def test_an_autoscaler_of_the_pool_itself_is_told_of(shared: Space) -> None:
    live(shared, "scaled")
    target = {"apiVersion": "poolkeeper.io/v1alpha1", "kind": "InferencePool", "name": "scaled"}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3}
    shared.create(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "own"}, "spec": spec}
    )
    told = shared.wait_for_condition("scaled", "Autoscaled", "AutoscaledPool")
    assert "hpa/own" in told["message"]


def test_two_pools_that_are_tied_grow_together(shared: Space) -> None:
    live(shared, "decode", peerRef={"name": "prefill", "minPercent": 50, "maxPercent": 200})
    live(shared, "prefill", peerRef={"name": "decode", "minPercent": 50, "maxPercent": 200})
    shared.wait_for_condition("decode", "Tied", "AsExpected")
    shared.fleet.queue(shared.workload("decode"), 9000)
    shared.wait_for_size("decode", 8)
    shared.wait_for_size("prefill", 4)
    assert max(shared.sizes("prefill")) == 4
    eventually(lambda: shared.status("prefill")["peer"]["summary"] == "4-16 beside decode 8", "the status tells of it")


def test_a_pool_without_its_peer_is_sized_by_itself(shared: Space) -> None:
    live(shared, "alone", LONG, peerRef={"name": "nobody", "minPercent": 50, "maxPercent": 200})
    shared.wait_for_growth("alone")
    assert "ipool/nobody is not in" in shared.condition("alone", "Tied")["message"]
