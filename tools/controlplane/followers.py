"""What a person left running in the background of a cluster's shell: it ends with the cluster."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from controlplane.readiness import NotInTimeError, wait_for

PATIENCE = timedelta(seconds=5)


def end(kubeconfig: Path) -> None:
    """End every process that was started with this KUBECONFIG: politely, and after PATIENCE for good."""
    _tell(kubeconfig, signal.SIGTERM)
    with suppress(NotInTimeError):
        wait_for(lambda: not list(_running(kubeconfig)), "the shell's background jobs end", PATIENCE)
    _tell(kubeconfig, signal.SIGKILL)


def _tell(kubeconfig: Path, number: signal.Signals) -> None:
    for process in _running(kubeconfig):
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _running(kubeconfig: Path) -> Iterator[int]:
    mark = f"KUBECONFIG={kubeconfig}".encode()
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it ended meanwhile, or is another user's
            if mark in entry.read_bytes().split(b"\0") and int(entry.parent.name) != os.getpid():
                yield int(entry.parent.name)
