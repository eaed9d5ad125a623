"""Where the operator is installed."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import pytest

from controlplane import Cluster, ControlPlane, assets
from controlplane.build import BuildError
from controlplane.debian import DownloadError
from controlplane.machine import LABEL, NoMachineError, missing
from fleet import FleetProcess, Settings
from image.build import REPOSITORY, build
from installed.engines import Engines, FleetEngines, PodEngines
from rig.manifests import SHARED_NODES

IMAGES = ("poolkeeper:first", "poolkeeper:second")
LOCAL, KIND, CURRENT = "local", "kind", "current"
CHOICES = (LOCAL, KIND, CURRENT)
NODE = "KIND_NODE_IMAGE"
"""In the environment: the node image that kind is to take, and with that the version of Kubernetes."""
ABSENT = (NoMachineError, BuildError, DownloadError)
"""What a machine may lack for a local cluster with a real node."""


@dataclass(frozen=True)
class Place:
    """A cluster that runs containers; `images` are the operator's, an upgrade goes from the first to the second.

    `nodes`: labels of the nodes that run containers, where others only pretend to. `local`: the cluster itself, where
    it is ours.
    """

    kubeconfig: Path
    images: Sequence[str]
    engines: Engines
    nodes: Mapping[str, str] = field(default_factory=dict)
    local: Cluster | None = None

    @property
    def cluster(self) -> Cluster:
        """The cluster, where it is ours.

        Raises:
            LookupError: it is not.
        """
        if self.local is None:
            raise LookupError("this cluster is somebody else's")
        return self.local

    @property
    def environment(self) -> dict[str, str]:
        """The environment of programs that use it."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig)}

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        """Run kubectl, with `given` as its input, and return what it prints.

        Raises:
            RuntimeError: it failed; the message is its own.
        """
        argv = [str(kubectl()), *arguments]
        done = subprocess.run(argv, env=self.environment, input=given, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout


def kubectl() -> Path:
    """Return our kubectl."""
    return assets.ensure(["kubectl"])["kubectl"]


@contextmanager
def place(kind: str, images: Sequence[str]) -> Iterator[Place]:
    """Have one of CHOICES; `images` are those that the current context's cluster can pull."""
    makers = {LOCAL: _local, KIND: _kind}
    with makers[kind]() if kind in makers else _current(images) as found:
        yield found


@contextmanager
def _local() -> Iterator[Place]:
    """A cluster of our own, with one real node beside pretended ones with GPUs."""
    if lack := missing():
        pytest.skip(f"no local cluster with a real node: {lack}")
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(1) as aside:
        building = aside.submit(build, IMAGES, Path(scratch) / "image.tar")
        try:
            with ControlPlane(audit=True, real_node=True) as cluster:
                cluster.add_gpu_nodes(1, 20, labels=SHARED_NODES)
                cluster.machine.load(building.result())
                with FleetProcess(Settings(kubeconfig=str(cluster.kubeconfig))) as fleet:
                    engines = FleetEngines(fleet, cluster)
                    yield Place(cluster.kubeconfig, IMAGES, engines, {LABEL: "true"}, cluster)
        except ABSENT as error:
            pytest.skip(f"no local cluster with a real node: {error}")


@contextmanager
def _kind() -> Iterator[Place]:
    """A cluster of kind's, made and deleted, and the image of operator/Dockerfile."""
    if lacking := [name for name in ("kind", "docker") if not shutil.which(name)]:
        pytest.skip(f"--cluster=kind needs {' and '.join(lacking)} on PATH")
    name = f"poolkeeper-{token_hex(3)}"
    with tempfile.TemporaryDirectory() as scratch:
        kubeconfig = Path(scratch) / "kubeconfig"
        tags = [option for image in IMAGES for option in ("--tag", image)]
        _run("docker", "build", "--quiet", "--file", str(REPOSITORY / "operator/Dockerfile"), *tags, str(REPOSITORY))
        try:
            node = ("--image", os.environ[NODE]) if NODE in os.environ else ()
            _run("kind", "create", "cluster", "--name", name, "--kubeconfig", str(kubeconfig), "--wait", "120s", *node)
            _run("kind", "load", "docker-image", *IMAGES, "--name", name)
            yield Place(kubeconfig, IMAGES, PodEngines(kubectl(), kubeconfig, IMAGES[0]))
        finally:
            _run("kind", "delete", "cluster", "--name", name, "--kubeconfig", str(kubeconfig))


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _current(images: Sequence[str]) -> Iterator[Place]:
    """The cluster of the current context, and images that it can pull."""
    if not images:
        pytest.skip("--cluster=current needs --image, one that this cluster can pull; twice, to upgrade from and to")
    kubeconfig = Path(os.environ.get("KUBECONFIG") or Path.home() / ".kube/config")
    yield Place(kubeconfig, images, PodEngines(kubectl(), kubeconfig, images[0]))
