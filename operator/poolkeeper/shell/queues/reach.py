"""Which addresses and ports of pods are asked, whatever a pod's status says and a pool's YAML wants.

    --pod-network given       addresses in one of these networks, and no others
    else                      what the API server's own proxy to pods takes: no loopback, no link-local, no multicast
    a metadata service        never: where clouds hand out credentials no pod lives
    IPv4 in an IPv6 address   as the IPv4 address that it leads to
    what tunnels to IPv4      never: the IPv4 address may stand anywhere in it, and no pod lives behind it
    on the node's network     only at ports that the pod's containers name: the others are the node's own

A pod's address is written by its node, so that one node which lies could point the operator at itself, or at a cloud's
credentials. Source of the default: kubernetes/kubernetes pkg/proxy/util, which proxies to global unicast alone.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.views import PodView

VARIABLE = "POOLKEEPER_POD_NETWORKS"
"""Where the networks stand for commands that read pods besides `run`: CIDRs, with blanks between them."""
METADATA = frozenset(
    map(
        ip_address,
        (
            "169.254.169.254",  # Amazon, Google, Azure, Oracle and most others
            "169.254.170.2",  # Amazon, credentials of tasks
            "169.254.170.23",  # Amazon, credentials of pods
            "168.63.129.16",  # Azure's wire server
            "100.100.100.200",  # Alibaba
            "192.0.0.192",  # Oracle, before
            "fd00:ec2::254",  # Amazon
            "fd00:ec2::23",
            "fd20:ce::254",  # Google
        ),
    )
)
_NOT_GLOBAL = (
    ip_network("0.0.0.0/8"),  # this network
    ip_network("255.255.255.255/32"),
    ip_network("fec0::/10"),  # site-local, which RFC 3879 has ended
)
_TRANSLATED = ip_network("64:ff9b::/96")
_TUNNELS = (
    ip_network("64:ff9b:1::/48"),  # translated as a site likes it, RFC 8215
    ip_network("::ffff:0:0:0/96"),  # translated without state (SIIT), RFC 2765
    ip_network("2001::/32"),  # Teredo, RFC 4380
)
_ISATAP, _ANY_ISATAP = 0x5EFE, 0xFCFF_FFFF
"""What stands before the IPv4 address of RFC 5214, and which bits of that count: two of them tell whose it is."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


def networks(given: Iterable[str]) -> tuple[Network, ...]:
    """Read CIDRs. Raises ValueError that says what is wrong."""
    return tuple(map(_network, given))


def _network(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"--pod-network: {error}; write a CIDR, as in 10.244.0.0/16") from None


@dataclass(frozen=True, slots=True)
class Reach:
    """Where pods may be. Without networks: wherever the API server would go for a pod, too."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def given(cls) -> "Reach":
        """Return what the environment says. Raises ValueError."""
        return cls(networks(os.environ.get(VARIABLE, "").split()))

    def host(self, pod: PodView, port: int) -> str:
        """Return the address at which a pod's port is asked. Raises MetricError where it is not."""
        if pod.host_network and port not in pod.ports.values():
            words = f"it is on its node's network, where only ports that its containers name are asked: {port} is none"
            raise MetricError(Reason.METRIC_REFUSED, words)
        address = _parsed(pod.ip)
        meant = _meant(address)
        if meant in METADATA or _tunnels(meant) or not self._holds(meant):
            raise MetricError(Reason.METRIC_REFUSED, f"{address} is no address at which a pod is asked (--pod-network)")
        return str(address)

    def _holds(self, address: Address) -> bool:
        if self.networks:
            return any(address in network for network in self.networks)
        return not (
            address.is_loopback
            or address.is_link_local
            or address.is_multicast
            or address.is_unspecified
            or any(address in network for network in _NOT_GLOBAL)
        )


def _parsed(ip: str) -> Address:
    try:
        address = ip_address(ip)
    except ValueError:
        raise MetricError(Reason.METRIC_REFUSED, f"{ip!r} is no pod address") from None
    if isinstance(address, IPv6Address) and address.scope_id:
        raise MetricError(Reason.METRIC_REFUSED, f"{ip!r} is no pod address")
    return address


def _meant(address: Address) -> Address:
    """Return where packets to an address end."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED or (int(address) >> 32 == 0 and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _tunnels(address: Address) -> bool:
    return any(address in network for network in _TUNNELS) or int(address) >> 32 & _ANY_ISATAP == _ISATAP
