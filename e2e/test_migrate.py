"""Another scaler hands its workload over, by the commands that `poolkeeper migrate` prints, as they are printed.

    Observe    the pool wants more, and writes nothing
    Active     ... it is in conflict with the other scaler, and writes nothing
    paused     ... the other scaler writes nothing any more, and the pool begins

The ScaledObject is one by its definition alone: KEDA itself is not here.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rig.ground import Ground
from rig.operators import POOLKEEPER
from rig.space import Space
from rig.waiting import eventually

Json = dict[str, Any]

LEAST, MOST, FOUND = 2, 6, 3
LONG = 1000
DEFINITION = Path(__file__).parent / "rig" / "crds_keda" / "scaledobject.yaml"
BEGINS = "kubectl patch ipool"
STOPS = ("kubectl delete hpa", "kubectl annotate scaledobject")


@pytest.fixture
def keda(ground: Ground) -> None:
    """The definition of ScaledObjects, which a cluster with KEDA has."""
    ground.cluster.define("-f", str(DEFINITION))


def autoscaler(name: str) -> Json:
    """Return what the autoscaler of a workload looks like where nobody serves its metric."""
    metric = {"metric": {"name": "vllm:num_requests_waiting"}, "target": {"type": "AverageValue", "averageValue": "5"}}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    bounds = {"minReplicas": LEAST, "maxReplicas": MOST}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {"scaleTargetRef": target, "metrics": [{"type": "Pods", "pods": metric}], **bounds},
    }


def scaled_object(name: str) -> Json:
    """Return what production-stack's chart makes of a queue."""
    query = {"serverAddress": "http://prometheus:9090", "query": "sum(vllm:num_requests_waiting)", "threshold": "5"}
    bounds = {"minReplicaCount": LEAST, "maxReplicaCount": MOST}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": name},
        "spec": {"scaleTargetRef": {"name": name}, "triggers": [{"type": "prometheus", "metadata": query}], **bounds},
    }


def migrate(space: Space, what: str, folder: Path) -> list[str]:
    """Save the pool that a scaler comes to, and return the commands of its change-over."""
    access = ["-n", space.name, "--kubeconfig", str(space.ground.cluster.kubeconfig)]
    out = folder / "pool.yaml"
    for form in (["--out", str(out)], ["--out", str(out), "-o", "json"]):
        done = subprocess.run(
            [POOLKEEPER, "migrate", what, *access, *form], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    [item] = json.loads(done.stdout)["items"]
    return [command for step in item["steps"] for command in step["commands"]]


def execute(space: Space, command: str, folder: Path) -> None:
    """Do what is printed, as it is printed."""
    cluster = space.ground.cluster
    path = f"{Path(POOLKEEPER).parent}:{cluster.environment['PATH']}"
    operator = space.operators[-1].said("serving")["address"]
    settings = {**os.environ, **cluster.environment, "PATH": path, "POOLKEEPER_OPERATOR": operator}
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def hand_over(space: Space, name: str, commands: list[str], folder: Path) -> None:
    """Do all that is printed with a long queue; until the other scaler is stopped, nobody may write the size."""
    for command in commands:
        if command.startswith(BEGINS):
            eventually(lambda: space.status(name).get("desiredReplicas", 0) > FOUND, "the pool would grow")
        if command.startswith(STOPS):
            eventually(lambda: space.condition(name, "Conflict").get("status") == "True", "the pool is in conflict")
            assert space.sizes(name) == [FOUND]
        execute(space, command, folder)


def judge(space: Space, name: str) -> None:
    """Hold what came of it against what must be."""
    space.wait_for_size(name, MOST)
    assert {size for size in space.sizes(name) if not LEAST <= size <= MOST} == set()
    eventually(lambda: space.condition(name, "Conflict")["status"] == "False", "nobody else is in its way")


def test_an_autoscaler_hands_its_workload_over(shared: Space, tmp_path: Path) -> None:
    shared.deploy("handed", FOUND)
    shared.create(autoscaler("handed"))
    shared.fleet.queue(shared.workload("handed"), LONG)
    shared.made.append(("InferencePool", "handed"))
    hand_over(shared, "handed", migrate(shared, "hpa/handed", tmp_path), tmp_path)
    judge(shared, "handed")


def test_keda_hands_its_workload_over(shared: Space, keda: None, tmp_path: Path) -> None:
    shared.deploy("taken", FOUND)
    kubectl = shared.ground.cluster.kubectl
    kubectl("apply", "-n", shared.name, "-f", "-", input=json.dumps(scaled_object("taken")))
    shared.fleet.queue(shared.workload("taken"), LONG)
    shared.made.append(("InferencePool", "taken"))
    hand_over(shared, "taken", migrate(shared, "so/taken", tmp_path), tmp_path)
    judge(shared, "taken")
    assert "taken" not in kubectl("get", "scaledobjects", "-n", shared.name, "-o", "name")
