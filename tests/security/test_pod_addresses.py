"""Whom the operator asks when a pod's status, a node or a pool's YAML would like it to ask somebody else."""

import socket
from dataclasses import replace

import pytest
from aiohttp import web

from builders import START
from poolkeeper.core.model import SecretKey, Transport
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.reach import VARIABLE, Reach, networks
from poolkeeper.shell.views import PodView

TOKEN = SecretKey("scrape", "token")
POD = PodView("inference", "chat-0", "uid", START, ip="127.0.0.1")
HERE = Reach(networks(["127.0.0.0/8"]))
INSIDE = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"]
METADATA = [
    "169.254.169.254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "169.254.170.23",
    "168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
]
NOWHERE = [
    "0.0.0.0",  # noqa: S104  an address to be refused
    "0.1.2.3",
    "::",
    "::ffff:0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "ff02::1",
    "169.254.1.1",
    "fe80::1",
]
ELSEWHERE = [
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:fffe:a9:fea9:fe00:0",
    "::ffff:0:169.254.169.254",
    "2001:0:7f00:1::1",
    "2001:0:4136:e378:8000:63bf:5601:5601",
    "fe80::5efe:169.254.169.254",
    "2001:db8::5efe:169.254.169.254",
    "2001:db8::200:5efe:127.0.0.1",
    "2001:db8::300:5efe:10.0.0.1",
]
"""IPv6 addresses from which packets go on as IPv4: by RFC 8215, SIIT, Teredo and ISATAP."""
SITE_LOCAL = ["fec0::1", "feff::1"]
NO_ADDRESSES = [
    *("", "localhost", "metadata.google.internal", "127.1", "0x7f000001", "2130706433", "010.0.0.1", "fe80::1%eth0"),
    *("10.0.0.1:80", "10.0.0.1@127.0.0.1", "10.0.0.1/../", "10.0.0.1#", "[::1]", "10.0.0.1\n", "10.0.0.1 "),
]
PODS = [
    "10.244.0.5",
    "192.168.7.7",
    "172.16.0.9",
    "100.64.3.4",
    "240.16.0.5",
    "198.18.0.9",
    "2001:db8::5",
    "2001:1::5",
    "64:ff9b:2::5",
    "fd00:1::5",
    "fd00:1::400:5efe:a00:1",
    "52.1.2.3",
]


class Secrets:
    """Holds a token for whoever asks."""

    async def read(self, _namespace, _wanted):
        return b"c4n4ry"

    def doubt(self, _namespace, _wanted):
        """A double has nothing to doubt."""


async def asked(listener, reach, pod=POD, transport=Transport()):  # noqa: B008  frozen
    """Ask a pod at a listener's port; its page, or why there is none."""
    pages = Pages(Secrets(), reach=reach)
    try:
        return await pages.read(pod, Endpoint(listener.port, "/metrics"), transport)
    except MetricError as fault:
        return fault
    finally:
        await pages.close()


def refusal(ip, reach=Reach()):  # noqa: B008  frozen
    with pytest.raises(MetricError) as told:
        reach.host(replace(POD, ip=ip), 8000)
    return told.value


@pytest.mark.parametrize("ip", [*INSIDE, *METADATA, *NOWHERE, *ELSEWHERE, *SITE_LOCAL, *NO_ADDRESSES])
def test_no_pod_is_there(ip):
    assert refusal(ip).reason is Reason.METRIC_REFUSED


@pytest.mark.parametrize("ip", PODS)
def test_a_pod_may_be_there(ip):
    assert Reach().host(replace(POD, ip=ip), 8000) == ip


@pytest.mark.parametrize("ip", [*METADATA, *ELSEWHERE])
def test_no_network_that_is_named_has_a_metadata_service(ip):
    assert refusal(ip, Reach(networks(["0.0.0.0/0", "::/0"]))).reason is Reason.METRIC_REFUSED


@pytest.mark.parametrize("ip", ["10.245.0.1", "127.0.0.1", "2001:db8::5", "::ffff:10.245.0.1"])
def test_named_networks_are_all_there_is(ip):
    assert "--pod-network" in refusal(ip, Reach(networks(["10.244.0.0/16", "fd00:1::/64"]))).detail


@pytest.mark.parametrize("ip", ["10.244.3.4", "fd00:1::9", "fec0::1"])
def test_a_pod_of_a_named_network_is_asked(ip):
    assert Reach(networks(["10.244.0.0/16", "fd00:1::/64", "fec0::/64"])).host(replace(POD, ip=ip), 1) == ip


@pytest.mark.parametrize("text", ["10.244.0.1/16", "everywhere", "10.0.0.0/40", "-1"])
def test_what_is_no_network_is_said(text):
    with pytest.raises(ValueError, match=r"--pod-network: .*; write a CIDR, as in"):
        networks([text])


def test_commands_take_the_networks_from_the_environment(monkeypatch):
    monkeypatch.setenv(VARIABLE, "127.0.0.0/8 ::1/128")
    assert Reach.given() == Reach(networks(["127.0.0.0/8", "::1/128"]))


@pytest.mark.parametrize("ip", ["127.0.0.1", "::ffff:127.0.0.1", "0.0.0.0"])  # noqa: S104  that is the point
async def test_who_listens_on_the_loopback_hears_nothing(listen, ip):
    listener = await listen()
    fault = await asked(listener, Reach(), replace(POD, ip=ip))
    assert (fault.reason, listener.asked.total()) == (Reason.METRIC_REFUSED, 0)


async def test_who_is_named_is_asked(listen):
    assert await asked(await listen(), HERE) == b"up 1\n"


async def test_a_port_of_the_node_is_not_asked(listen):
    listener = await listen()
    fault = await asked(listener, HERE, replace(POD, host_network=True, ports={"http": 8000}))
    assert (f"{listener.port} is none" in fault.detail, listener.asked.total()) == (True, 0)


async def test_a_port_that_a_pod_on_its_nodes_network_names_is_asked(listen):
    listener = await listen()
    assert await asked(listener, HERE, replace(POD, host_network=True, ports={"http": listener.port})) == b"up 1\n"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_leads_nowhere_and_takes_no_token_along(listen, status):
    other = await listen()
    listener = await listen(lambda _: web.Response(status=status, headers={"Location": f"{other.url}/metrics"}))
    fault = await asked(listener, HERE, transport=Transport(token=TOKEN))
    assert (fault.reason, other.asked.total()) == (Reason.METRIC_SERVER_ERROR, 0)
    assert listener.headers["Authorization"] == "Bearer c4n4ry"


async def test_no_proxy_of_the_surroundings_is_asked(listen, monkeypatch):
    proxy, listener = await listen(), await listen()
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("ALL_PROXY", proxy.url)
    assert (await asked(listener, HERE), proxy.asked.total()) == (b"up 1\n", 0)


async def test_a_name_that_a_pool_gives_is_never_looked_up(listen, monkeypatch):
    names = []
    found = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: names.append(host) or found(host, *a, **k))
    await asked(await listen(), HERE, transport=Transport(tls=True, server_name="metadata.google.internal"))
    assert "metadata.google.internal" not in names
