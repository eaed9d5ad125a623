"""Who this process is among the candidates for a lease: the same after a restart in its pod, and never two at once.

A container that restarts in its pod should lead again at once, without waiting for its own old lease to end. That is
safe only if nobody else bears the name meanwhile. So the name ends in a fingerprint of this boot of the machine
and of the network namespace (a pod's outlives its containers; two pods never share one unless they share the
host's), and inside that namespace an abstract unix socket guards it: the kernel frees it when the process dies,
however it dies. Whoever finds the name taken, or cannot tell, gets a name that nobody ever had.
"""

import hashlib
import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NETWORK = Path("/proc/self/ns/net")


@dataclass(frozen=True, slots=True)
class Identity:
    """A name that this process alone bears while it holds `guard`; None where the name is a new one."""

    name: str
    guard: socket.socket | None = None

    def close(self) -> None:
        """Let another process bear the name."""
        if self.guard is not None:
            self.guard.close()


def claim(lease: str, name: str | None = None) -> Identity:
    """Return an identity to contend for `lease` with, made from `name`, else from $POD_NAME, else from the host's."""
    base = name or os.environ.get("POD_NAME") or socket.gethostname()
    place = _fingerprint()
    stable = f"{base}_{place}"
    guard = _guard(f"{lease}/{stable}") if place else None
    return Identity(stable, guard) if guard else Identity(f"{base}_{uuid.uuid4().hex[:12]}")


def _fingerprint() -> str:
    """Return a digest of this boot and this network namespace; empty where the system does not tell."""
    try:
        place = f"{_BOOT.read_text()}{_NETWORK.stat().st_ino}"
    except OSError:
        return ""
    return hashlib.sha256(place.encode()).hexdigest()[:12]


def _guard(name: str) -> socket.socket | None:
    """Bind the abstract socket for `name`, or return None where another process holds it. Its length is limited."""
    guard = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        guard.bind(b"\0poolkeeper-" + hashlib.sha256(name.encode()).hexdigest().encode())
    except OSError:
        guard.close()
        return None
    return guard
