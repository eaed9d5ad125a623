"""A /16 of the loopback network for each control plane, and the free ports on it."""

import contextlib
import socket
from dataclasses import dataclass

_FIRST, _LAST = 20, 250


@dataclass(frozen=True)
class Network:
    """One plane's own part of the loopback: its pods' addresses, and one address for its programs."""

    number: int

    @property
    def pods(self) -> str:
        """The CIDR of the pods' addresses."""
        return f"127.{self.number}.0.0/16"

    @property
    def address(self) -> str:
        """Where the programs listen: the end of the network, far from the first pods."""
        return f"127.{self.number}.255.254"

    @property
    def node_address(self) -> str:
        """The address that all pretended nodes share."""
        return f"127.{self.number}.255.253"

    @property
    def guardian(self) -> str:
        """The abstract socket whose holder owns this network; its guardian listens there."""
        return f"\0poolkeeper-controlplane-{self.number}"


def claim() -> tuple[Network, socket.socket]:
    """Take the first free network; it stays taken for as long as any process holds the returned socket.

    Binding is atomic in the kernel, so two planes that boot at once never get the same one.

    Raises:
        RuntimeError: all networks are taken.
    """
    for number in range(_FIRST, _LAST + 1):
        network = Network(number)
        holder = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with contextlib.suppress(OSError):
            holder.bind(network.guardian)
            holder.listen(64)
            return network, holder
        holder.close()
    raise RuntimeError(f"all loopback networks from 127.{_FIRST}.0.0 to 127.{_LAST}.0.0 are taken by control planes")


def free_ports(address: str, names: tuple[str, ...]) -> dict[str, int]:
    """Return a different free port of `address` for each name."""
    with contextlib.ExitStack() as stack:
        ports = {}
        for name in names:
            probe = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            probe.bind((address, 0))
            ports[name] = probe.getsockname()[1]
        return ports
