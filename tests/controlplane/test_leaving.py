"""Whatever ends the one who booted a plane, no process and no file of it is left.

A plane's processes inherit TMPDIR and put everything under it: so after the end, that directory must be empty, and no
process on the machine may have it in its environment.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from controlplane import BootError, ControlPlane
from controlplane.readiness import wait_for

pytestmark = pytest.mark.cluster

OWNER = """
import sys
from controlplane import ControlPlane
with ControlPlane():
    print("booted", flush=True)
    sys.stdin.read()
"""
Start = Callable[[], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process of its own that boots a plane and waits; it is a session, as a terminal would make it."""
    owners = []

    def act() -> subprocess.Popen[str]:
        owners.append(
            subprocess.Popen(  # noqa: S603  this Python
                [sys.executable, "-c", OWNER],
                env={**os.environ, "TMPDIR": str(tmp_path)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        )
        return owners[-1]

    yield act
    for owner in owners:
        with owner:
            owner.kill()


def processes(mark: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end while we look
            if f"TMPDIR={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found


def assert_nothing_left(mark: Path) -> None:
    wait_for(lambda: not processes(mark) and not list(mark.iterdir()), "nothing is left", timedelta(seconds=10))


def has_started(component: str, mark: Path) -> Callable[[], bool]:
    return lambda: any(mark.glob(f"poolkeeper-*/logs/{component}.log"))


def test_kill_nine(start, tmp_path):
    owner = start()
    assert owner.stdout.readline() == "booted\n"
    assert len(processes(tmp_path)) == 7, "five components, the guardian and the owner"
    owner.kill()
    assert_nothing_left(tmp_path)


def test_a_command_that_ends(tmp_path):
    argv = [sys.executable, "-m", "controlplane", "cluster", "--nodes=1", "--", "sh", "-c"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    ended = subprocess.run([*argv, "kubectl get nodes -o name; exit 5"], env=environment, stdout=-1, check=False)  # noqa: S603  this Python
    assert (ended.stdout, ended.returncode) == (b"node/gpu-0\n", 5)
    assert (processes(tmp_path), list(tmp_path.iterdir())) == ([], [])


def test_ctrl_c_during_the_boot(start, tmp_path):
    owner = start()
    wait_for(has_started("kube-controller-manager", tmp_path), "half of it runs", timedelta(seconds=30))
    os.killpg(owner.pid, signal.SIGINT)
    owner.wait(timeout=10)
    assert_nothing_left(tmp_path)


def test_a_polite_kill_during_the_boot(start, tmp_path):
    owner = start()
    wait_for(has_started("etcd", tmp_path), "etcd starts", timedelta(seconds=30))
    owner.terminate()
    assert_nothing_left(tmp_path)


def test_the_guardian_itself_is_killed(start, tmp_path):
    owner = start()
    wait_for(has_started("kube-apiserver", tmp_path), "etcd runs", timedelta(seconds=30))
    guardian = Path(f"/proc/{owner.pid}/task/{owner.pid}/children").read_text().split()[0]
    os.kill(int(guardian), signal.SIGKILL)
    assert "is gone" in owner.communicate(timeout=10)[1]
    assert_nothing_left(tmp_path)


def test_a_component_that_dies_is_named_with_its_last_words(monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    (tmp_path / "assets").mkdir()
    broken = tmp_path / "assets" / "kube-apiserver"
    broken.write_text("#!/bin/sh\necho 'no, thanks'\nexit 7\n")
    broken.chmod(0o755)
    with pytest.raises(BootError, match=r"kube-apiserver ended with 7\nno, thanks"), ControlPlane():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["assets"]
