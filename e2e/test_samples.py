"""Each provider's sample runs as it stands, on nodes that bear that provider's labels and taints, and `check` and
Argo CD agree.

Added is what the ground wants: a label of the nodes that are this test's own, and a pretended load that is short.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rig.argocd import health
from rig.manifests import FAST
from rig.space import Space
from rig.spot import SpotPool

SAMPLES = Path(__file__).parents[1] / "manifests/samples"
HALVES = {"eks-karpenter": ("karpenter", 2, 1), "gke-spot": ("gke", 2, 1), "aks-spot": ("aks", 1, 1)}
"""Whose nodes, and what the floor is split into: on-demand, spot."""


@pytest.mark.parametrize("sample", HALVES)
def test_a_providers_sample_is_split_over_its_nodes(shared: Space, sample: str, tmp_path: Path) -> None:
    provider, on_demand, spot = HALVES[sample]
    with SpotPool(shared, sample, provider) as chat:
        chat.add_nodes("on-demand", 1, gpus=4)
        chat.add_nodes("spot", 2)
        target, pool = adapted(sample, chat.nodes)
        shared.create(target)
        shared.wait_until_ready(sample, 1)
        shared.create(pool)
        chat.wait_until_split(on_demand, spot)
        file = tmp_path / "pool.yaml"
        file.write_text(yaml.safe_dump(pool | {"metadata": {"name": sample, "namespace": shared.name}}))
        assert check(shared, file) == 0
        shared.wait_until(
            lambda: health(shared.record.newest("InferencePool", sample))[0] == "Healthy", "it is healthy"
        )


def adapted(sample: str, nodes: dict[str, str]) -> tuple[dict[str, object], dict[str, object]]:
    """Return a sample's Deployment and pool under a name of their own, on these nodes."""
    text = (SAMPLES / f"{sample}.yaml").read_text().replace("name: chat", f"name: {sample}")
    found = {one["kind"]: one for one in yaml.safe_load_all(text.replace("app: chat", f"app: {sample}"))}
    for one in found.values():
        one["metadata"].pop("namespace", None)
    template = found["Deployment"]["spec"]["template"]
    template["metadata"]["annotations"] = FAST
    template["spec"]["nodeSelector"] = nodes
    return found["Deployment"], found["InferencePool"]


def check(space: Space, file: Path) -> int:
    """Return what `poolkeeper check` leaves with; what it says is shown where the test fails."""
    program = Path(sys.executable).with_name("poolkeeper")
    kubeconfig = str(space.ground.cluster.kubeconfig)
    done = subprocess.run([program, "check", "-f", file, "--kubeconfig", kubeconfig], check=False)
    return done.returncode
