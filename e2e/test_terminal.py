"""People's own terminals on a real cluster: the live view in one, kubectl's plugin and its completion, bash's."""

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from rig.commons import OPERATOR
from rig.manifests import pool
from rig.operators import Operator
from rig.space import Space
from rig.waiting import eventually

PROGRAMS = Path(sys.executable).parent
LEAVES_SCREEN = "\x1b[?1049l"
numbers = count(999, -1)
pytestmark = pytest.mark.xdist_group("terminal")


@pytest.fixture
def watched(shared: Space) -> str:
    """A pool in the shared namespace."""
    name = f"aa-{next(numbers)}-watched-{os.getpid()}"
    shared.deploy(name)
    shared.create(pool(name, {}))
    shared.wait_until(lambda: shared.status(name).get("reason"), "it is decided")
    return name


@pytest.fixture
def environment(shared: Space) -> dict[str, str]:
    """What a command finds the cluster, the operator and our programs by."""
    cluster = shared.ground.cluster
    address = str(Operator(cluster, OPERATOR).said("serving")["address"])
    path = f"{PROGRAMS}:{cluster.environment['PATH']}"
    return {**cluster.environment, "PATH": path, "POOLKEEPER_OPERATOR": address, "TERM": "xterm-256color"}


class Terminal:
    """A program in a terminal of 80 columns and 24 lines; `text` is all that it has written."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
        os.close(theirs)
        self.text, self._ours = "", ours
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                self.text += os.read(self._ours, 65536).decode(errors="replace")
            except OSError:  # it has ended, and its side is closed
                return

    def press(self, keys: str) -> None:
        """Press keys."""
        with suppress(OSError):  # it has ended
            os.write(self._ours, keys.encode())

    def close(self) -> None:
        """End the program, if it goes on."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def view(shared: Space, watched: str, environment: dict[str, str]) -> Iterator[Terminal]:
    """The live view, once its cursor is on the pool: on the first by name, and the newest name is the first."""
    terminal = Terminal(["poolkeeper", "status", "-n", shared.name, "--watch"], environment)
    try:
        eventually(lambda: f"{shared.name}/{watched}, Active" in terminal.text, "it is chosen")
        yield terminal
    finally:
        terminal.close()


def test_the_live_view_explains_and_leaves_the_terminal_as_it_was(view: Terminal) -> None:
    view.press("e")
    eventually(lambda: "what it saw" in view.text, "the explanation is shown")
    view.press("q")
    eventually(lambda: view.press("q") or view.process.poll() is not None, "it leaves")
    assert (view.process.returncode, LEAVES_SCREEN in view.text) == (0, True)


def test_the_live_view_pauses(view: Terminal, shared: Space, watched: str) -> None:
    view.press("p")
    eventually(lambda: f"Pause ipool/{watched}?" in view.text, "it asks")
    view.press("y")
    eventually(lambda: shared.status(watched).get("reason") == "Paused", "it pauses")


def test_in_a_pipe_the_view_is_the_table_again_and_again(
    shared: Space, watched: str, environment: dict[str, str]
) -> None:
    command = ["poolkeeper", "status", "-n", shared.name, "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as running:
        lines = (line for line in running.stdout or () if line.startswith(f"{shared.name}/{watched} "))
        first, second = next(lines), next(lines)
        running.send_signal(signal.SIGINT)
    assert "\x1b" not in first + second


def told(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120).stdout


def test_kubectl_runs_it_as_a_plugin(shared: Space, watched: str, environment: dict[str, str]) -> None:
    assert f"{shared.name}/{watched}" in told(["kubectl", "poolkeeper", "status", "-n", shared.name], environment)


def test_kubectl_completes_its_pools(shared: Space, watched: str, environment: dict[str, str]) -> None:
    command = ["kubectl", "__complete", "poolkeeper", "explain", "-n", shared.name, watched[:-1]]
    assert watched in told(command, environment).splitlines()


BASH = """
source <(poolkeeper completion bash)
COMP_WORDS=(poolkeeper explain -n {namespace} {begun}) COMP_CWORD=4
_poolkeeper_completion poolkeeper
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def test_bash_completes_its_pools(shared: Space, watched: str, environment: dict[str, str]) -> None:
    script = BASH.format(namespace=shared.name, begun=watched[:-1])
    assert watched in told(["bash", "-c", script], environment).splitlines()
