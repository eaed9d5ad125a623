"""A terminal that plays one page: its commands in their order, in one directory, against one cluster."""

import json
import os
import re
import signal
import subprocess
import sys
import time  # noqa: TID251  it waits for programs
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from tests.docs.pages import ROOT, Block, blocks

from controlplane import Cluster

PATIENCE = 300.0
STATE = "./.exported"
SHELL = ("bash", "-euo", "pipefail", "-c")
LIMITED = ("timeout", str(PATIENCE), *SHELL)  # it ends all that a command has started

numbers = count()


class Console:
    """Plays blocks. `tell` tells the pretended engines something; `output` is what the last command printed."""

    def __init__(
        self, cluster: Cluster, directory: Path, variables: dict[str, str], tell: Callable[[str], Any]
    ) -> None:
        self.cluster, self.directory, self.tell = cluster, directory, tell
        path = f"{Path(sys.executable).parent}:{cluster.environment['PATH']}"
        self.variables = {"KUBECONFIG": str(cluster.kubeconfig), "PATH": path, "COLUMNS": "160"} | variables
        self.background: dict[str, int] = {}
        self.output = ""
        for entry in ROOT.iterdir():
            (directory / entry.name).symlink_to(entry)

    def follow(self, page: Path) -> None:
        """Do what a reader of this page would do."""
        for block in blocks(page):
            self.play(block)

    def play(self, block: Block) -> None:
        """Do what a reader of this block would do."""
        if "fleet" in block.notes:
            self.tell(block.notes["fleet"])
        if "file" in block.notes:
            (self.directory / block.notes["file"]).write_text(block.text)
        elif "shows" in block.notes:
            missing = [line for line in block.text.splitlines() if line.strip() and not stands(line, self.output)]
            assert not missing, f"{block}: not in\n{self.output}"
        elif block.language == "sh" and "not run" not in block.notes:
            self.run(block)

    def run(self, block: Block) -> None:
        """Execute a block's commands."""
        if "background" in block.notes:
            self.start(block)
            return
        done = subprocess.run(  # noqa: S603  the project's own pages
            [*LIMITED, f"[ -f {STATE} ] && . {STATE}\n{block.text}\nexport -p > {STATE}"],
            cwd=self.directory,
            env=self.cluster.environment | self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.output = done.stdout
        assert done.returncode == int(block.notes.get("fails", 0)), f"{block}: {done.stdout}"

    def start(self, block: Block) -> None:
        """Start a command that goes on, and wait until it has said that it began."""
        name = f"page-{next(numbers)}"
        settings = "\n".join(f"export {key}={json.dumps(value)}" for key, value in self.variables.items())
        script = f"cd {self.directory}\n{settings}\nexec {block.text}"
        self.background[name] = self.cluster.run(name, [*SHELL, script])
        until = time.monotonic() + PATIENCE
        while block.notes["background"] not in self.log(name):
            assert name in self.cluster.programs.pids(), f"{block} ended: {self.log(name)}"
            assert time.monotonic() < until, f"{block}: {self.log(name)}"
            time.sleep(0.1)

    def log(self, name: str) -> str:
        """Return what a background command has printed."""
        path = self.cluster.programs.log(name)
        return path.read_text() if path.exists() else ""

    def close(self) -> None:
        """End what goes on, as Ctrl-C would."""
        for name, process in self.background.items():
            leave(self.cluster, name, process)


def stands(line: str, output: str) -> bool:
    """Return whether a line is among what was printed: spaces count once, `…` stands for anything."""
    pattern = r"\s+".join(re.escape(word).replace("…", ".*") for word in line.split())
    return re.search(pattern, output) is not None


def leave(cluster: Cluster, name: str, process: int) -> None:
    """Tell a program to end, so that an operator releases its lease, and wait until it has."""
    os.kill(process, signal.SIGTERM)
    until = time.monotonic() + PATIENCE
    while name in cluster.programs.pids() and time.monotonic() < until:
        time.sleep(0.05)
