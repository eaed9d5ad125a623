"""Asking the guardian: start this, stop that, what is running."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane import guardian as guardian_module
from controlplane.network import Network


class ProgramError(RuntimeError):
    """The guardian is gone, or could not do what it was asked."""


@dataclass(frozen=True)
class Programs:
    """The programs of one control plane, as its guardian keeps them."""

    guardian: str
    directory: Path

    def start(
        self,
        name: str,
        argv: Sequence[str] = (),
        *,
        env: Mapping[str, str] | None = None,
        tied: bool = False,
        farewell: Sequence[str] = (),
    ) -> int:
        """Start `argv` under `name`, or, without `argv`, what ran under that name before; return its process id.

        It ends with the control plane; `tied`, also with the process that calls this. `farewell` is run when all is
        over, to remove what outlives processes and files.
        """
        request: dict[str, Any] = {"act": "start", "name": name, "tied": tied}
        if argv:
            request |= {"argv": list(argv), "env": dict(env or os.environ), "log": str(self.log(name))}
            request["farewell"] = list(farewell)
        return int(self._ask(request)["pid"])

    def stop(self, name: str) -> None:
        """Kill it at once (SIGKILL), and wait until it is gone."""
        self._ask({"act": "stop", "name": name})

    def exits(self) -> dict[str, int]:
        """Return the exit code of each program that has ended."""
        states = self._ask({"act": "list"})
        return {name: state["exit"] for name, state in states.items() if state["exit"] is not None}

    def pids(self) -> dict[str, int]:
        """Return the process id of each program that runs."""
        states = self._ask({"act": "list"})
        return {name: state["pid"] for name, state in states.items() if state["pid"] and state["exit"] is None}

    def end(self) -> None:
        """Kill everything and remove the directory: the guardian's last act."""
        self._ask({"act": "end"})

    def log(self, name: str) -> Path:
        """Return the file that holds the program's output."""
        return self.directory / "logs" / f"{name}.log"

    def tail(self, name: str, lines: int = 15) -> str:
        """Return the last lines of the program's output."""
        text = self.log(name).read_text(encoding="utf-8", errors="replace") if self.log(name).exists() else ""
        return "\n".join(text.splitlines()[-lines:])

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._exchange(request)
        except (OSError, ValueError) as error:
            raise ProgramError(f"the control plane in {self.directory} is gone: {error}") from error
        if "error" in answer:
            raise ProgramError(f"{request['act']} {request.get('name', '')}: {answer['error']}")
        return answer

    def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(30)
            connection.connect(self.guardian)
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as stream:
                answer: dict[str, Any] = json.loads(stream.readline())
                return answer


def start_guardian(network: Network, holder: socket.socket) -> tuple[subprocess.Popen[str], Programs]:
    """Start the guardian of this process's plane; `holder` passes to it, and its directory is made."""
    process = subprocess.Popen(
        [sys.executable, "-I", guardian_module.__file__, str(holder.fileno()), str(os.getpid())],
        pass_fds=(holder.fileno(),),
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    holder.close()
    try:
        return process, Programs(network.guardian, _made(process))
    except BaseException:  # nobody else knows of it yet
        process.terminate()
        process.wait()
        raise


def _made(guardian: subprocess.Popen[str]) -> Path:
    """The directory that a guardian says it has made, once it has."""
    assert guardian.stdout is not None  # noqa: S101  its maker asks for it
    with guardian.stdout:
        directory = Path(guardian.stdout.readline().strip())
    (directory / "logs").mkdir()
    return directory
