"""A machine that cannot have a real node says what it lacks, before anything is started."""

import os
from pathlib import Path

import pytest

from controlplane import ControlPlane, machine
from controlplane.machine import NoMachineError, missing


@pytest.fixture
def root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)


@pytest.mark.usefixtures("somebody")
def test_it_needs_root():
    assert missing().startswith("a real node needs root")


@pytest.mark.usefixtures("root")
def test_it_needs_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "mount").write_text("")
    (tmp_path / "mount").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing() == "a real node needs unshare, nsenter, ip on PATH"


@pytest.mark.usefixtures("root")
def test_it_needs_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("nsenter", "ip", "mount", "unshare"):
        (tmp_path / name).write_text("#!/bin/sh\necho not here >&2; exit 1\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "_CONTROL_GROUPS", (tmp_path,))
    assert missing() == "a real node needs namespaces: not here"


@pytest.mark.usefixtures("root")
def test_it_needs_control_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machine.shutil, "which", str)
    monkeypatch.setattr(machine, "_CONTROL_GROUPS", (tmp_path / "none",))
    assert missing() == "a real node needs control groups at /sys/fs/cgroup"


@pytest.mark.usefixtures("somebody")
def test_nothing_is_started_where_there_can_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(NoMachineError, match="root"), ControlPlane(real_node=True):
        pass
    assert list(tmp_path.iterdir()) == []
