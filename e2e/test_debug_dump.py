"""`poolkeeper debug dump` of a cluster that has a secret wherever one can be."""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from rig.commons import OPERATOR, common
from rig.ground import Ground
from rig.manifests import deployment, pool
from rig.operators import POOLKEEPER, Operator
from rig.space import Space

CANARY = "cAnArY8f2c71dd"
numbers = count()
pytestmark = pytest.mark.xdist_group("terminal")


@pytest.fixture(scope="module")
def shared(ground: Ground) -> Iterator[Space]:
    """The shared namespace, for as long as the report is looked at."""
    with common(ground, "shared") as made:
        yield made


@pytest.fixture(scope="module")
def kept(shared: Space) -> str:
    """A pool and all that belongs to it, with secrets in every place."""
    name = f"reported-{next(numbers)}-{os.getpid()}"
    workload = deployment(name, 1)
    workload["metadata"]["annotations"] = {"example.com/copy": CANARY}
    (container,) = workload["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "HF_TOKEN", "value": CANARY}]
    container["args"] = ["--api-key", CANARY, f"--key={CANARY}", "--port=8000"]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": {"token": CANARY}}
    kept = pool(name, {})
    kept["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": f'{{"x": "{CANARY}"}}',
        "poolkeeper.io/budget-lifted-by": f"https://me:{CANARY}@wiki/why",
    }
    shared.create(workload, kept)
    apply(shared, secret)
    shared.wait_until(lambda: shared.status(name).get("reason"), "it is decided")
    about = {"apiVersion": "poolkeeper.io/v1alpha1", "kind": "InferencePool", "name": name, "namespace": shared.name}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": f"{name}.said"}, "involvedObject": about}
    apply(shared, event | {"reason": "Said", "message": f"sent Authorization: Bearer {CANARY}", "type": "Normal"})
    return name


def apply(shared: Space, thing: dict[str, Any]) -> None:
    """Make an object of a kind that no other test makes; it goes with the ground."""
    shared.ground.cluster.kubectl("apply", "-n", shared.name, "-f", "-", input=yaml.safe_dump(thing))


def dump(shared: Space, path: Path, kubeconfig: Path | None = None, *more: str) -> subprocess.CompletedProcess[str]:
    """Write a report of the shared namespace."""
    given = ["--kubeconfig", str(kubeconfig or shared.ground.cluster.kubeconfig), "-n", shared.name]
    command = [str(POOLKEEPER), "debug", "dump", "-o", str(path), *given, *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def parts(shared: Space, kept: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What is in a report: each part by its place."""
    path = tmp_path_factory.mktemp("report") / "report.tar.gz"
    address = str(Operator(shared.ground.cluster, OPERATOR).said("serving")["address"])
    done = dump(shared, path, None, "--operator", address)
    assert done.returncode == 0, done.stderr
    return unpacked(path)


def unpacked(path: Path) -> dict[str, str]:
    """Return a report's parts by their places."""
    with tarfile.open(path) as packed:
        read = {one.name.partition("/")[2]: packed.extractfile(one) for one in packed.getmembers()}
        return {place: file.read().decode() for place, file in read.items() if file}


def test_no_secret_is_in_it(parts: dict[str, str]) -> None:
    assert not [place for place, text in parts.items() if CANARY.lower() in text.lower()]


def test_it_holds_what_a_report_needs(parts: dict[str, str], shared: Space, kept: str) -> None:
    home = f"pools/{shared.name}/{kept}"
    pools = {f"{home}/{part}.json" for part in ("pool", "workload", "pods", "events")}
    operator = {f"operator/local/{part}" for part in ("healthz.txt", "readyz.txt", "inside.json", "metrics.txt")}
    assert pools | operator | {"contents.txt", "versions.json", "crd.json", "leases.json", "check.json"} <= set(parts)


def test_what_a_container_is_told_keeps_its_names(parts: dict[str, str], shared: Space, kept: str) -> None:
    workload = parts[f"pools/{shared.name}/{kept}/workload.json"]
    assert all(word in workload for word in ('"HF_TOKEN"', '"--api-key"', '"--key=(left out)"', '"--port=8000"'))


def test_the_tasks_of_the_operator_are_in_it(parts: dict[str, str]) -> None:
    assert "loop.py" in parts["operator/local/inside.json"]


def test_a_file_that_is_there_is_not_overwritten(shared: Space, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    done = dump(shared, tmp_path / "mine")
    assert (done.returncode, (tmp_path / "mine").read_text()) == (2, "mine")


def test_who_may_read_nothing_is_told_what_is_missing(shared: Space, tmp_path: Path) -> None:
    kubectl = shared.ground.cluster.kubectl
    account = f"nobody-{os.getpid()}"
    apply(shared, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}})
    config = yaml.safe_load(shared.ground.cluster.kubeconfig.read_text())
    token = kubectl("create", "token", account, "-n", shared.name).strip()
    config["users"] = [{**one, "user": {"token": token}} for one in config["users"]]
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    done = dump(shared, tmp_path / "report.tar.gz", tmp_path / "config")
    assert done.returncode == 0, done.stderr
    missing = unpacked(tmp_path / "report.tar.gz")["contents.txt"].partition("could not be had")[2]
    assert all(part in missing for part in ("pools: ", "leases.json: ", "operator/pods.json: ")), missing
