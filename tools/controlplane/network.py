"""A /16 of the loopback network for each control plane, and the free ports on it; or a network that real pods reach."""

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
    def services(self) -> str:
        """The CIDR of the Services' addresses, which nobody serves."""
        return "10.96.0.0/16"

    @property
    def kubernetes(self) -> str:
        """The address of the Service `kubernetes`, by which pods call the API server."""
        return "10.96.0.1"

    @property
    def guardian(self) -> str:
        """The abstract socket whose holder owns this network; its guardian listens there."""
        return f"\0poolkeeper-controlplane-{self.number}"


@dataclass(frozen=True)
class RoutedNetwork(Network):
    """A plane's own network where it has a real node, whose pods have no way to a loopback.

    Taken from 198.18.0.0/15, which RFC 2544 sets apart for measurements inside a machine room: nobody's own network.

        198.18.N.0/24    all addresses are the host's own
          .0/25          pretended pods, .129 pretended nodes
          .192/26        Services; the first, `kubernetes`, is where the API server itself listens: no proxy is needed
        198.19.N.0/24    behind the real node
          .1             the bridge, .2 to .250 real pods, .254 the node
    """

    @property
    def local(self) -> str:
        """The CIDR of all addresses for which the host answers."""
        return f"198.18.{self.number}.0/24"

    @property
    def pods(self) -> str:
        """The CIDR of the pretended pods' addresses."""
        return f"198.18.{self.number}.0/25"

    @property
    def address(self) -> str:
        """Where the programs listen: the address of the Service `kubernetes`."""
        return self.kubernetes

    @property
    def node_address(self) -> str:
        """The address that all pretended nodes share."""
        return f"198.18.{self.number}.129"

    @property
    def services(self) -> str:
        """The CIDR of the Services' addresses."""
        return f"198.18.{self.number}.192/26"

    @property
    def kubernetes(self) -> str:
        """The first address of the Services."""
        return f"198.18.{self.number}.193"

    @property
    def real_pods(self) -> str:
        """The CIDR of the real pods' addresses, and of their node's."""
        return f"198.19.{self.number}.0/24"

    @property
    def last_real_pod(self) -> str:
        """The last address that a real pod may get."""
        return f"198.19.{self.number}.250"

    @property
    def machine_address(self) -> str:
        """The real node's address."""
        return f"198.19.{self.number}.254"

    @property
    def link(self) -> str:
        """What is the host's end of the link to the real node called, and the control group of its pods."""
        return f"poolkeeper-{self.number}"


def claim() -> tuple[Network, socket.socket]:
    """Take the first free network; its number stays taken for as long as any process holds the returned socket.

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
