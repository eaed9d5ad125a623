"""Every document of the samples is taken by a real API server, other projects' kinds by their published schemas."""

import subprocess
from pathlib import Path

import pytest

from controlplane import ControlPlane
from controlplane.assets import KARPENTER, ensure
from rig.picker import define

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SAMPLES = sorted((ROOT / "manifests/samples").glob("*.yaml"))

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("samples"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cluster():
    """A cluster that knows our kind, Karpenter's, EC2's and the Gateway API inference extension's."""
    with ControlPlane() as booted:
        program = ensure([KARPENTER])[KARPENTER]
        karpenters = subprocess.run([program, "crds"], capture_output=True, text=True, check=True).stdout  # noqa: S603  ours
        booted.define("-f", "-", input=karpenters)
        booted.define("-f", str(HERE / "crds"), "-f", str(ROOT / "crds"))
        define(booted)
        for name in ("inference", "poolkeeper"):
            booted.kubectl("create", "namespace", name)
        yield booted


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_it_takes_a_sample_as_it_stands(path, cluster):
    answer = cluster.kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", str(path))
    assert answer.count("(server dry run)") == sum(line.startswith("kind: ") for line in path.read_text().splitlines())
