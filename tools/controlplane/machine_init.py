"""The first process of a real node: a machine of its own, as far as the kernel can make one.

It runs as process 1 of a PID namespace and in a mount namespace (`unshare` gives it both), and puts itself into a
network namespace tied to the host by one pair of interfaces. So whatever ends it, even kill -9, ends every container,
mount and interface with it: the kernel keeps none of them without it. Only control groups stay: the guardian's last
act removes them, and where even that was killed, the next node of the same name. Standard library only, as the
guardian, since it runs before anything else.
"""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

_CLONE_NEWNET = 0x40000000
_CONTROL_GROUPS = Path("/sys/fs/cgroup")


def run(*argv: str) -> None:
    """Run a command that must not fail."""
    subprocess.run(argv, check=True)


def join_network(address: str, host: str, local: str, beyond: str, link: str) -> None:
    """Leave the host's network for one of our own; `link` is the name of the host's end.

    The host answers for all of `local` and finds all of `beyond` behind `address`. Nothing is masqueraded, nothing is
    forwarded by the host, and there is no way out of this machine.
    """
    with contextlib.suppress(subprocess.CalledProcessError):  # a node that ended in the middle of this left one
        run("ip", "link", "del", link)
    outside = os.open("/proc/self/ns/net", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "no network namespace")
    there = ["nsenter", f"--net=/proc/{os.getpid()}/fd/{outside}", "ip"]
    run(*there, "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(os.getpid()))
    run("ip", "link", "set", "lo", "up")
    run("ip", "addr", "add", f"{address}/32", "dev", "eth0")
    run("ip", "link", "set", "eth0", "up")
    run("ip", "route", "add", host, "dev", "eth0")
    run("ip", "route", "add", local, "via", host, "dev", "eth0", "src", address)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")
    run(*there, "addr", "add", f"{host}/32", "dev", link)
    run(*there, "link", "set", link, "up")
    run(*there, "route", "add", "local", local, "dev", link)
    run(*there, "route", "add", address, "dev", link, "src", host)
    run(*there, "route", "add", beyond, "via", address, "dev", link, "src", host)
    os.close(outside)


def cover(paths: list[str]) -> None:
    """Lay a memory of ours over paths that programs have built in: only in here it is seen, and it ends with us."""
    for path in paths:
        run("mount", "-t", "tmpfs", "-o", "mode=755", "machine", path)


def remove_groups(name: str) -> None:
    """Remove the control groups that a node of this name left; none of its processes is there any more."""
    for top in (_CONTROL_GROUPS / name, *_CONTROL_GROUPS.glob(f"*/{name}")):
        for found, _, _ in os.walk(top, topdown=False):
            with contextlib.suppress(OSError):
                Path(found).rmdir()


def make_groups(name: str) -> None:
    """Make the control group below which all pods' are, in every hierarchy there is."""
    if (_CONTROL_GROUPS / "cgroup.controllers").exists():
        _make_unified(_CONTROL_GROUPS, name)
        return
    for hierarchy in (path for path in _CONTROL_GROUPS.iterdir() if path.is_dir()):
        (hierarchy / name).mkdir(exist_ok=True)
        for needed in ("cpuset.cpus", "cpuset.mems"):  # empty ones take no process
            if (hierarchy / needed).exists():
                (hierarchy / name / needed).write_text((hierarchy / needed).read_text(encoding="ascii"))


def _make_unified(top: Path, name: str) -> None:
    switches = " ".join(f"+{one}" for one in (top / "cgroup.controllers").read_text(encoding="ascii").split())
    (top / name).mkdir(exist_ok=True)
    for group in (top, top / name):
        (group / "cgroup.subtree_control").write_text(switches, encoding="ascii")


def main(order: dict[str, Any]) -> None:
    """Set the machine up, start its programs, and reap what they leave until told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    remove_groups(order["groups"])
    make_groups(order["groups"])
    join_network(**order["network"])
    cover(order["cover"])
    children = [subprocess.Popen(argv, env=order["env"]).pid for argv in order["programs"]]
    Path(order["ready"]).touch()
    while children:
        ended, status = os.wait()
        if ended in children:
            sys.exit(os.waitstatus_to_exitcode(status) or 1)


if __name__ == "__main__":
    if sys.argv[1] == "--remove-groups":
        remove_groups(sys.argv[2])
    else:
        main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
