"""The process that ends what we started, whatever ends us.

It makes the temporary directory, starts every program, and serves requests on the socket it inherits. When its owner
is gone (exit, Ctrl-C, even kill -9: it watches the owner's pidfd), it kills the programs, removes the directory and
exits. If it is killed itself, its programs die with it. Standard library only: it must start in a moment.
"""

import contextlib
import ctypes
import json
import os
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Let the kernel kill this process when the one that started it dies."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose own parent dies, so that none escapes."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1)


@dataclass
class Program:
    """How a program is started, the process that runs it now, and a command to run once everything has ended."""

    argv: list[str]
    env: dict[str, str]
    log: str
    farewell: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> int:
        """Start it, with its output added to its log; return its process id."""
        if self.process is not None and self.process.poll() is None:
            raise RuntimeError("it runs already")
        with Path(self.log).open("ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  this process has one thread
            )
        return self.process.pid

    def stop(self) -> None:
        """Kill it and whatever it started in its session: a crash, not a farewell."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def state(self) -> dict[str, int | None]:
        """Return its process id and, once it has ended, its exit code."""
        if self.process is None:
            return {"pid": None, "exit": None}
        return {"pid": self.process.pid, "exit": self.process.poll()}


@dataclass
class Guardian:
    """Starts, stops and finally ends programs for the owner and for others of the same user."""

    server: socket.socket
    programs: dict[str, Program] = field(default_factory=dict)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    ending: bool = False

    def serve(self, owner: int) -> None:
        """Answer requests until the owner says `end` or dies."""
        self.selector.register(self.server, selectors.EVENT_READ, self.answer)
        try:
            self._when_gone(owner, self._end)
        except ProcessLookupError:  # it was killed before we could look
            return
        while not self.ending:
            for key, _ in self.selector.select():
                key.data()

    def answer(self) -> None:
        """Serve one connection: a line of JSON in, a line of JSON out."""
        connection, _ = self.server.accept()
        # A bad request harms nobody but its sender, nor does one who hangs up: then even closing fails.
        with contextlib.suppress(OSError, ValueError), connection, connection.makefile("rwb") as stream:
            pid, uid = _peer(connection)
            if uid != os.getuid():
                return
            connection.settimeout(5)
            stream.write(json.dumps(self._respond(json.loads(stream.readline()), pid)).encode() + b"\n")

    def _respond(self, request: dict[str, Any], requester: int) -> dict[str, Any]:
        acts: dict[str, Callable[[dict[str, Any], int], dict[str, Any]]] = {
            "start": self._start,
            "stop": self._stop,
            "list": lambda _request, _requester: {name: program.state() for name, program in self.programs.items()},
            "end": lambda _request, _requester: self._end(),
        }
        try:
            return acts[request["act"]](request, requester)
        except (KeyError, TypeError, OSError, RuntimeError) as error:
            return {"error": f"{type(error).__name__}: {error}"}

    def _start(self, request: dict[str, Any], requester: int) -> dict[str, Any]:
        name = request["name"]
        if "argv" in request:
            self._stop(request, requester)
            farewell = request.get("farewell", [])
            self.programs[name] = Program(request["argv"], request["env"], request["log"], farewell)
        if request.get("tied"):
            self._when_gone(requester, self.programs[name].stop)
        pid = self.programs[name].start()
        self._when_gone(pid, lambda: None)  # an ended program is reaped at once, not kept as a zombie
        return {"pid": pid}

    def _stop(self, request: dict[str, Any], _requester: int) -> dict[str, Any]:
        if program := self.programs.get(request["name"]):
            program.stop()
        return {}

    def _end(self) -> dict[str, Any]:
        self.ending = True
        return {}

    def _when_gone(self, pid: int, act: Callable[[], object]) -> None:
        descriptor = os.pidfd_open(pid)

        def gone() -> None:
            self.selector.unregister(descriptor)
            os.close(descriptor)
            for program in self.programs.values():
                program.state()
            act()

        self.selector.register(descriptor, selectors.EVENT_READ, gone)

    def end_everything(self) -> None:
        """Kill every program and what they left to us; then remove what no kill removes."""
        for program in self.programs.values():
            program.stop()
        while children := Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii").split():
            for child in map(int, children):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        for farewell in filter(None, (program.farewell for program in self.programs.values())):
            subprocess.run(farewell, stdin=subprocess.DEVNULL, check=False)


def _peer(connection: socket.socket) -> tuple[int, int]:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, _gid = struct.unpack("3i", credentials)
    return pid, uid


def _remove(directory: str) -> None:
    # Another process may be writing there this very moment (a kubectl of a test that was cut short): try again.
    for _ in range(10):
        shutil.rmtree(directory, ignore_errors=True)
        if not Path(directory).exists():
            return


def main(descriptor: int, owner: int) -> None:
    """Guard `owner`; requests come through the listening socket `descriptor`."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit())
    adopt_orphans()
    guardian = Guardian(socket.socket(fileno=descriptor))
    directory = tempfile.mkdtemp(prefix="poolkeeper-")
    try:
        with contextlib.suppress(BrokenPipeError):  # an owner that is interrupted right now no longer listens
            os.write(sys.stdout.fileno(), f"{directory}\n".encode())
        guardian.serve(owner)
    finally:
        guardian.end_everything()
        _remove(directory)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
