"""What the programs of a real node are told."""

import json
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path

import yaml

from controlplane import runtime
from controlplane.network import Network, RoutedNetwork

NETWORK = RoutedNetwork(42)
PROGRAMS, HOME = Path("/programs"), Path("/home")


def test_every_address_of_a_network_that_pods_reach_is_the_host_s():
    addresses = [NETWORK.address, NETWORK.node_address, NETWORK.kubernetes]
    assert all(ip_address(address) in ip_network(NETWORK.local) for address in addresses)


def test_pretended_pods_and_services_share_no_address():
    assert not ip_network(NETWORK.pods).overlaps(ip_network(NETWORK.services))


def test_the_api_server_listens_where_pods_call_it():
    assert NETWORK.address == str(next(ip_network(NETWORK.services).hosts()))


def test_no_pod_gets_the_address_of_its_node():
    pods = ip_network(NETWORK.real_pods)
    assert ip_address(NETWORK.last_real_pod) < ip_address(NETWORK.machine_address) in pods


def test_two_planes_of_one_number_have_one_guardian():
    assert NETWORK.guardian == Network(42).guardian


def test_containerd_finds_its_programs_where_they_were_unpacked():
    told = tomllib.loads(runtime.containerd(PROGRAMS, HOME))["plugins"]["io.containerd.grpc.v1.cri"]
    runc = told["containerd"]["runtimes"]["runc"]["options"]["BinaryName"]
    assert (runc, told["cni"]["bin_dir"]) == ("/programs/usr/sbin/runc", "/programs/usr/lib/cni")


def test_the_bridge_leads_to_the_cluster_and_nowhere_else():
    (plugin,) = json.loads(runtime.bridge(NETWORK))["plugins"]
    assert plugin["ipam"]["routes"] == [{"dst": NETWORK.local}]


def test_the_kubelet_keeps_to_its_own_control_group():
    told = yaml.safe_load(runtime.kubelet(Path("/pki"), HOME, NETWORK.link))
    assert told["cgroupRoot"] == "/poolkeeper-42"


def test_the_host_sees_nothing_of_what_the_node_writes():
    writes = ("/run/containerd", "/run/netns", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods")
    assert all(any(path.startswith(covered) for covered in runtime.COVERED) for path in writes)
