"""A real node beside KWOK's: a kubelet and a containerd that run real containers, in namespaces of their own.

    this machine                            | the node: its own processes, mounts and network
    etcd, API server, fleet ... 198.18.N.193 +--- one link ---+ 198.19.N.254  kubelet, containerd
    pretended pods              198.18.N.x   |                  198.19.N.1    bridge, real pods behind it

Real pods call the API server as they would anywhere, by KUBERNETES_SERVICE_HOST and their own account's token, and
scrape pretended pods at their addresses.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from controlplane import runtime
from controlplane.assets import cache, ensure
from controlplane.debian import unpack_whole
from controlplane.ground import WORKER, Site
from controlplane.network import RoutedNetwork
from controlplane.pause import write_pause
from controlplane.programs import Programs
from controlplane.readiness import BootError, NotInTimeError, wait_for

PACKAGES = ("containerd", "runc", "containernetworking-plugins", "busybox-static")
LABEL = "poolkeeper.dev/real"
"""The label, with the value `true`, by which the real node is told from pretended ones."""

MACHINE, KUBELET = "machine", "kubelet"
_WITHIN = timedelta(seconds=120)
_CONTROL_GROUPS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup/cgroup.controllers"))
"""Of the first and of the second version."""
_INIT = Path(__file__).with_name("machine_init.py")


class NoMachineError(RuntimeError):
    """There can be no real node here; the message names what is missing."""


def missing() -> str:
    """Say what this machine lacks for a real node, empty where it lacks nothing."""
    if os.geteuid() != 0:
        return "a real node needs root: namespaces, mounts, control groups"
    if absent := [name for name in ("unshare", "nsenter", "ip", "mount") if not shutil.which(name)]:
        return f"a real node needs {', '.join(absent)} on PATH"
    if not any(path.exists() for path in _CONTROL_GROUPS):
        return "a real node needs control groups at /sys/fs/cgroup"
    tried = [str(shutil.which("unshare")), "--mount", "--net", "--pid", "--fork", "true"]
    done = subprocess.run(tried, capture_output=True, check=False)
    return "" if done.returncode == 0 else f"a real node needs namespaces: {done.stderr.decode().strip()}"


@dataclass(frozen=True)
class Machine:
    """The real node of one site."""

    site: Site
    network: RoutedNetwork
    programs: Programs

    @property
    def home(self) -> Path:
        """Where its files are."""
        return self.site.directory / MACHINE

    @cached_property
    def packages(self) -> Path:
        """Where Debian's packages are, unpacked."""
        return unpack_whole(PACKAGES, cache() / "containerd")

    def start(self) -> None:
        """Make the machine, with its network and its containerd, and wait until both are there.

        Raises:
            BootError: it ended, or took two minutes.
        """
        self._write()
        namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        init = [sys.executable, "-I", str(_INIT)]
        farewell = [*init, "--remove-groups", self.network.link]
        self.programs.start(MACHINE, [*namespaces, *init, str(self.home / "order.json")], farewell=farewell)
        self._wait((self.home / "ready").exists, "the node's network")
        self._wait(self._serves, "containerd")
        self.load(write_pause(self.packages / "bin/busybox", runtime.PAUSE, self.home))

    def start_kubelet(self) -> None:
        """Start the kubelet: the node registers itself. It wants an API server."""
        binary = ensure([KUBELET])[KUBELET]
        arguments = [
            f"--config={self.home / 'kubelet.yaml'}",
            f"--kubeconfig={self.site.kubeconfig(WORKER)}",
            f"--hostname-override={WORKER}",
            f"--node-ip={self.network.machine_address}",
            f"--node-labels={LABEL}=true",
        ]
        self.programs.start(KUBELET, self._inside(str(binary), *arguments), env=self._environment)

    def restart_kubelet(self) -> None:
        """Start the kubelet again, as after an update of it: its containers go on."""
        self.programs.stop(KUBELET)
        self.programs.start(KUBELET)

    def wait(self) -> None:
        """Wait until the kubelet says that the node is ready for pods.

        Raises:
            BootError: the kubelet or the node ended, or it took two minutes.
        """
        kubectl = [str(self.site.binaries["kubectl"]), "--kubeconfig", str(self.site.kubeconfig("admin"))]
        cache_ = ["--cache-dir", str(self.site.directory / "kubectl-cache")]
        told = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
        question = [*kubectl, *cache_, "get", "node", WORKER, "-o", told]

        def ready() -> bool:
            return subprocess.run(question, capture_output=True, text=True, check=False).stdout == "True"

        self._wait(ready, "the node is ready")

    def load(self, archive: Path) -> None:
        """Give the node the images of a docker or OCI archive, as if it had pulled them.

        Raises:
            BootError: containerd did not take it.
        """
        done = subprocess.run([*self._ctr, "images", "import", str(archive)], capture_output=True, check=False)
        if done.returncode:
            raise BootError(f"ctr images import {archive}: {done.stderr.decode()}")

    @property
    def _ctr(self) -> list[str]:
        # The socket is a file, which the node's first process has; by way of that its path is never too long.
        socket = f"/proc/{self._first}/root{runtime.SOCKET}"
        return [str(self.packages / "usr/bin/ctr"), "--address", socket, "--namespace", "k8s.io"]

    def _serves(self) -> bool:
        return subprocess.run([*self._ctr, "version"], capture_output=True, check=False).returncode == 0

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        def there() -> bool:
            for name in (MACHINE, KUBELET):
                if (code := self.programs.exits().get(name)) is not None:
                    raise BootError(f"{name} ended with {code}\n{self.programs.tail(name)}")
            return condition()

        try:
            wait_for(there, what, _WITHIN)
        except NotInTimeError as error:
            raise BootError(f"{error}\n{self.programs.tail(MACHINE)}\n{self.programs.tail(KUBELET)}") from error

    def _inside(self, *argv: str) -> list[str]:
        """Return how to run something in the node: in the namespaces of its first process."""
        return ["nsenter", "--target", self._first, "--mount", "--pid", "--net", *argv]

    @cached_property
    def _first(self) -> str:
        """The process id, as the host counts, of the node's first process."""
        outer = self.programs.pids()[MACHINE]
        return Path(f"/proc/{outer}/task/{outer}/children").read_text(encoding="ascii").split()[0]

    @property
    def _environment(self) -> Mapping[str, str]:
        paths = [self.packages / "usr/bin", self.packages / "usr/sbin"]
        return {**os.environ, "PATH": ":".join([*map(str, paths), os.environ.get("PATH", os.defpath)])}

    def _write(self) -> None:
        (self.home / "cni").mkdir(parents=True)
        for name, text in {
            "containerd.toml": runtime.containerd(self.packages, self.home),
            "cni/pods.conflist": runtime.bridge(self.network),
            "kubelet.yaml": runtime.kubelet(self.site.pki, self.home, self.network.link),
            "order.json": json.dumps(runtime.order(self.network, self.packages, self.home, self._environment)),
            "resolv.conf": "",
        }.items():
            (self.home / name).write_text(text, encoding="utf-8")


def machine_of(site: Site, programs: Programs) -> Machine | None:
    """Return the real node of a site, if that has one."""
    return Machine(site, site.network, programs) if isinstance(site.network, RoutedNetwork) else None


def prepare() -> None:
    """Fetch and build what a real node is made of, so that no boot waits for it.

    Raises:
        NoMachineError: there can be none here.
        BuildError: the kubelet must be built, and cannot be.
        DownloadError: containerd cannot be had.
    """
    if lack := missing():
        raise NoMachineError(lack)
    ensure([KUBELET])
    unpack_whole(PACKAGES, cache() / "containerd")
