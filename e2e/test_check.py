"""`poolkeeper check` on a cluster: each fault is made for real, named with its field, and its fix does what it says.

All faults stand at once in one namespace: the doctor is asked once with them, and once after all fixes were pasted.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from secrets import token_hex
from typing import Any, NamedTuple

import pytest

from controlplane.nodes import gpu_nodes
from rig.api import collection
from rig.ground import Ground
from rig.install import installed
from rig.manifests import deployment, pool, published
from rig.operators import POOLKEEPER
from rig.space import Space
from rig.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.xdist_group("check"), pytest.mark.lasts(40)]

Json = dict[str, Any]

QUEUE = published(grace="10m")
QUICK = {"drain": {"deadline": "0s"}}
TAINTED = {"rig": "doctor-tainted"}
EDGE = {"name": "edge", "prometheus": {"server": "default", "metric": "q", "selector": {"app": "served"}}}


class Examined(NamedTuple):
    """What the doctor said before, what was pasted, and what it said afterwards."""

    before: Json
    after: Json


def ask(space: Space, *options: str) -> Json:
    """Return what the doctor says of a namespace."""
    kubeconfig = ["--kubeconfig", str(space.ground.cluster.kubeconfig)]
    command = [str(POOLKEEPER), "check", "-n", space.name, "-o", "json", *kubeconfig, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    told: Json = json.loads(done.stdout)
    problems = [one for part in (told["cluster"], *told["items"]) for one in part["problems"]]
    assert done.returncode == (1 if problems else 0), done.stdout
    return told


def paste(space: Space, command: str) -> None:
    """Run a fix as somebody who pastes it into a terminal does."""
    variables = space.ground.cluster.environment | {"KUBECONFIG": str(space.ground.cluster.kubeconfig)}
    path = f"{POOLKEEPER.parent}{os.pathsep}{variables['PATH']}"
    done = subprocess.run(
        ["/bin/bash", "-c", command], env=variables | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"


def of(told: Json, name: str) -> Json:
    """Return the part of an answer about a pool."""
    return next(one for one in told["items"] if one["name"] == name)


def found(part: Json, about: str) -> Json:
    """Return the finding about something, empty without one."""
    return next((one for one in part["findings"] if one["about"].startswith(about)), {})


def fault(space: Space, name: str, change: Json, queue: Json = QUEUE, **spec: object) -> None:
    """Make a target whose pods are as `change` says, and its pool."""
    made = deployment(name, 1, nodes=change.pop("nodeSelector", None))
    made["spec"]["template"]["spec"] |= change
    space.create(made, pool(name, queue, **(QUICK | spec)))


def guard(name: str, app: str, **spec: object) -> Json:
    chosen = {"selector": {"matchLabels": {"app": app}}}
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name},
        "spec": chosen | spec,
    }


def make_faults(space: Space) -> None:
    """Have a pool with each fault, all of which an operator has looked at."""
    fault(space, "served", {"terminationGracePeriodSeconds": 5}, drain={"deadline": "1m"}, maxReplicas=4)
    fault(space, "blocked", {})
    fault(space, "twice", {})
    fault(space, "lower", {"priorityClassName": "doctor-no-such"})
    fault(space, "shut-out", {"nodeSelector": TAINTED})
    fault(space, "asked", {}, QUEUE | {"sources": [EDGE]})
    space.create(pool("lost", QUEUE), guard("strict", "blocked", maxUnavailable=0))
    space.create(*(guard(name, "twice", maxUnavailable=1) for name in ("one", "two")))
    space.wait_until_ready("served", 2)
    names = ("served", "blocked", "twice", "lower", "shut-out", "asked", "lost")
    eventually(lambda: all(space.status(name) for name in names), "all pools were looked at")
    space.api.patch(f"{space.path('InferencePool', 'served')}", {"spec": {"replicas": 2}})


@pytest.fixture(scope="module")
def space(ground: Ground) -> Iterator[Space]:
    made = Space(ground, f"doctor-{token_hex(3)}")
    (node,) = gpu_nodes([f"doctor-{token_hex(3)}"], 8, TAINTED)
    node["spec"] = {**node.get("spec", {}), "taints": [{"key": "doctor", "value": "x", "effect": "NoSchedule"}]}
    ground.api.post("/api/v1/nodes", node)
    made.nodes.append(node["metadata"]["name"])
    made.operate().wait_until_leading()
    yield made
    made.close()


FIXED = (
    ("served", "spec.replicas"),
    ("served", "spec.template.spec.terminationGracePeriodSeconds"),
    ("blocked", "poddisruptionbudget/strict"),
    ("twice", "poddisruptionbudgets"),
    ("shut-out", "nodes"),
)
CHOSEN = (("lower", "spec.template.spec.priorityClassName"),)
"""What has no command to paste: somebody has to choose."""


@pytest.fixture(scope="module")
def examined(space: Space) -> Iterator[Examined]:
    make_faults(space)
    before = ask(space)
    for name, about in FIXED:
        paste(space, found(of(before, name), about)["fix"])
    space.ground.cluster.kubectl("create", "priorityclass", "doctor-no-such", "--value=1000")
    yield Examined(before, ask(space))
    space.ground.cluster.kubectl("delete", "priorityclass", "doctor-no-such", "--ignore-not-found")


@pytest.mark.parametrize(("name", "about"), FIXED + CHOSEN)
def test_what_is_wrong_is_found_and_gone_once_its_fix_was_followed(examined: Examined, name: str, about: str) -> None:
    told = [bool(found(of(one, name), about)) for one in examined]
    assert told == [True, False], found(of(examined.after, name), about)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("blocked", "poddisruptionbudget/strict: maxUnavailable is 0"),
        ("twice", "one and two both select the pods of deployment/twice"),
        ("lower", "priorityClassName of deployment/lower is doctor-no-such, which does not exist"),
        ("shut-out", "bear the taint doctor:NoSchedule, which it does not tolerate"),
        ("lost", "spec.targetRef.name: deployment/lost does not exist"),
    ],
)
def test_a_fault_is_named_with_what_would_be_right(examined: Examined, name: str, words: str) -> None:
    assert [one for one in of(examined.before, name)["problems"] if words in one]


def test_a_prometheus_that_was_not_given_is_no_fault(examined: Examined) -> None:
    words = "source edge: not checked from here: give --prometheus default=URL as the operator has it"
    part = of(examined.before, "asked")
    assert (words in part["notes"], [one for one in part["problems"] if "edge" in one]) == (True, [])


@pytest.fixture(scope="module")
def short(space: Space, examined: Examined) -> Examined:
    """A quota that leaves one GPU, once all pods are there that will be."""
    quotas, hard = f"/api/v1/namespaces/{space.name}/resourcequotas", "requests.nvidia.com/gpu"
    eventually(lambda: len(space.pods("lower")) == len(space.pods("served")) == 2, "all pods are there")
    used = len(space.api.get(collection("Pod", space.name))["items"])
    space.api.post(quotas, {"metadata": {"name": "gpus"}, "spec": {"hard": {hard: str(used + 1)}}})
    eventually(lambda: space.api.get(f"{quotas}/gpus").get("status", {}).get("used"), "the quota has counted")
    before = ask(space)
    paste(space, found(of(before, "served"), "resourcequota/gpus")["fix"])
    return Examined(before, ask(space))


def test_a_quota_that_the_maximum_does_not_fit_into_is_named(short: Examined) -> None:
    said = found(of(short.before, "served"), "resourcequota/gpus")["what"]
    assert "cannot grow from 2 to maxReplicas 4: 2 of requests.nvidia.com/gpu more are asked for" in said


def test_a_quota_is_wide_enough_once_its_fix_was_pasted(short: Examined) -> None:
    assert found(of(short.after, "served"), "resourcequota/gpus") == {}


@pytest.fixture(scope="module")
def robbed(space: Space) -> Iterator[Examined]:
    """An operator by the manifests that has lost a right, and has it again."""
    with installed(space.ground.cluster, f"doctor-{token_hex(3)}") as installation:
        role = f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{installation.account}"
        rules = space.api.get(role)["rules"]
        space.api.patch(role, {"rules": [one for one in rules if "deployments/scale" not in one["resources"]]})
        where = ("--operator-namespace", installation.namespace)
        before = ask(space, *where)
        paste(space, found(before["cluster"], "rights in")["fix"])
        yield Examined(before, ask(space, *where))


def test_a_right_that_the_operator_lacks_is_named(robbed: Examined) -> None:
    (words,) = [one for one in robbed.before["cluster"]["problems"] if one.startswith("rights in")]
    assert "may not get, patch deployments/scale.apps" in words


def test_a_right_is_there_once_its_fix_was_pasted(robbed: Examined) -> None:
    assert found(robbed.after["cluster"], "rights in") == {}


def test_an_operator_that_never_led_is_named(robbed: Examined) -> None:
    assert "operator: no lease of one is there" in " ".join(robbed.before["cluster"]["problems"])
