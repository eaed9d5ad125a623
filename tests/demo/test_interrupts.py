"""Ctrl-C at any moment: exit code 130, no process and no file left. (That a wish to stop waits for the clearing up, and
that nothing runs any more when the summary is printed, is shown without a cluster.)

All processes of a demo inherit TMPDIR, and put their files under it.
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

from controlplane.readiness import wait_for

pytestmark = pytest.mark.cluster
LONG = timedelta(seconds=90)
Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a demo in a process group of its own, as a terminal would; its output goes to a file beside its files."""
    begun = []

    def act() -> subprocess.Popen[bytes]:
        (tmp_path / "files").mkdir()
        with (tmp_path / "said").open("wb") as said:
            demo = subprocess.Popen(
                [sys.executable, "-m", "demo"],
                env={**os.environ, "TMPDIR": str(tmp_path / "files")},
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        begun.append(demo)
        return demo

    yield act
    for demo in begun:
        with demo:
            demo.kill()


@pytest.mark.parametrize(
    "moment",
    [
        "Booting",  # before the first program runs
        "logs/kube-apiserver.log",
        "logs/operator.log",
        "00:00  queue",  # the replay has begun
    ],
)
def test_ctrl_c_leaves_nothing(start, tmp_path, moment):
    demo = start()
    wait_for(lambda: has_come(moment, tmp_path), moment, LONG)
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(timeout=30) == 130
    assert left(tmp_path / "files") == []
    assert "Traceback" not in (tmp_path / "said").read_text()


def has_come(moment: str, place: Path) -> bool:
    if moment.startswith("logs/"):
        return any((place / "files").glob(f"poolkeeper-*/{moment}"))
    return moment in (place / "said").read_text()


def left(files: Path) -> list[str]:
    """What is still there: files, and the command lines of processes."""
    found = [str(path) for path in files.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end while we look
            if f"TMPDIR={files}".encode() in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
    return found
