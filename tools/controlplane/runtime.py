"""What a real node's programs are told: containerd, its CNI network, and the kubelet.

Their paths are the built-in ones wherever `machine_init` covers those, so that nothing of the host's is touched.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from controlplane.network import RoutedNetwork

SOCKET = "/run/containerd/containerd.sock"
PAUSE = "poolkeeper.dev/pause:1"
MOST_PODS = 50
COVERED = ["/run", "/var/lib", "/var/log"]
"""Where the programs of a node write, and of which the host sees nothing."""


def containerd(programs: Path, home: Path) -> str:
    """Return containerd's configuration; `programs` is where Debian's packages were unpacked, `home` the node's."""
    return f"""\
version = 2
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{programs / "usr/lib/cni"}"
conf_dir = "{home / "cni"}"
[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "{programs / "usr/sbin/runc"}"
"""


def bridge(network: RoutedNetwork) -> str:
    """Return the CNI network: one bridge, whose address is every pod's gateway to all of this cluster."""
    ranges = [[{"subnet": network.real_pods, "rangeEnd": network.last_real_pod}]]
    plugin = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "ipam": {"type": "host-local", "ranges": ranges, "routes": [{"dst": network.local}]},
    }
    return json.dumps({"cniVersion": "1.0.0", "name": "pods", "plugins": [plugin]})


def kubelet(pki: Path, home: Path, groups: str) -> str:
    """Return the kubelet's configuration; `groups` is the control group below which its pods' are."""
    return yaml.safe_dump(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{groups}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "resolvConf": str(home / "resolv.conf"),
            "clusterDomain": "cluster.local",
            "maxPods": MOST_PODS,
            "tlsCertFile": str(pki / "kubelet.crt"),
            "tlsPrivateKeyFile": str(pki / "kubelet.key"),
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": False},
                "x509": {"clientCAFile": str(pki / "ca.crt")},
            },
            "authorization": {"mode": "AlwaysAllow"},
            "healthzPort": 0,
            "nodeStatusUpdateFrequency": "2s",
            # The disk is the host's, and how full it is says nothing about this node.
            "evictionHard": {"memory.available": "50Mi"},
            "imageGCHighThresholdPercent": 100,
            "imageGCLowThresholdPercent": 99,
        },
        sort_keys=False,
    )


def order(network: RoutedNetwork, programs: Path, home: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what `machine_init` is to do."""
    return {
        "groups": network.link,
        "network": {
            "address": network.machine_address,
            "host": network.address,
            "local": network.local,
            "beyond": network.real_pods,
            "link": network.link,
        },
        "cover": COVERED,
        "programs": [[str(programs / "usr/bin/containerd"), "--config", str(home / "containerd.toml")]],
        "env": dict(environment),
        "ready": str(home / "ready"),
    }
