"""A real node beside pretended ones: it runs containers, and whatever ends it, nothing of it is left.

Its link and its control groups are called after its network's number, which is this process's until the end: no other
plane can have made what is found under that name.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from controlplane.machine import missing
from controlplane.network import RoutedNetwork
from controlplane.readiness import wait_for

LACK = missing()
pytestmark = [pytest.mark.cluster, pytest.mark.skipif(bool(LACK), reason=LACK)]

OWNER = """
import sys
from controlplane import ControlPlane
from controlplane.runtime import PAUSE
with ControlPlane(real_node=True) as cluster:
    cluster.kubectl("run", "sleeper", "--image", PAUSE)
    cluster.kubectl("wait", "--for=condition=Ready", "pod/sleeper", "--timeout=90s")
    print(cluster.site.network.number, flush=True)
    sys.stdin.read()
"""
WITHIN = timedelta(seconds=30)


class Owner:
    """A process of its own that boots a plane with a real node, runs a pod on it, and waits."""

    def __init__(self, mark: Path) -> None:
        self.process = subprocess.Popen(  # noqa: S603  this Python
            [sys.executable, "-c", OWNER],
            env={**os.environ, "TMPDIR": str(mark)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout
        self.network = RoutedNetwork(int(self.process.stdout.readline()))

    @property
    def guardian(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])

    @property
    def link(self) -> Path:
        return Path("/sys/class/net", self.network.link)

    @property
    def groups(self) -> list[Path]:
        top = Path("/sys/fs/cgroup")
        return [path for path in (top / self.network.link, *top.glob(f"*/{self.network.link}")) if path.exists()]

    def containers(self) -> list[str]:
        """Return the processes in the control groups of the pods."""
        found = {line for top in self.groups for path in top.rglob("cgroup.procs") for line in path.read_text().split()}
        return sorted(found)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    made = Owner(tmp_path)
    yield made
    with made.process:
        made.process.kill()


def test_nothing_of_it_is_left_when_its_owner_is_killed(owner: Owner, tmp_path: Path) -> None:
    assert owner.link.exists()
    assert owner.containers()
    owner.process.kill()
    wait_for(lambda: not (owner.link.exists() or owner.groups or list(tmp_path.iterdir())), "all is gone", WITHIN)


def test_its_containers_and_its_link_go_even_with_the_guardian(owner: Owner) -> None:
    assert owner.containers()
    os.kill(owner.guardian, signal.SIGKILL)
    wait_for(lambda: not (owner.link.exists() or owner.containers()), "all that runs is gone", WITHIN)
