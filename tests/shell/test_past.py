"""What a Prometheus is asked of a workload's past."""

import re
from dataclasses import replace

import pytest

from builders import at
from poolkeeper.api.holdings import Holding
from poolkeeper.api.survey import GpuPod, Parent, Reference
from poolkeeper.shell.past import gpu_query, named, number, requests_query
from poolkeeper.shell.prometheus import Element


def holding(kind, name="chat", pods=()):
    top = Reference(kind, name, "u", "apps/v1")
    made = tuple(GpuPod("models", pod, pod, at(0)) for pod in pods)
    return Holding("models", top, made, Parent(top, "models", replicas=1))


@pytest.mark.parametrize(
    ("kind", "own", "others"),
    [
        ("Deployment", "chat-7d9c5b6f8-x7k2p", "chat-print-7d9c5b6f8-x7k2p"),
        ("Deployment", "chat-7d9c5b6f8-x7k2p", "chat-train-x7k2p"),
        ("Deployment", "chat-7d9c5b6f8-x7k2p", "chat-cache-b4m9q"),
        ("Deployment", "chat-7d9c5b6f8-x7k2p", "chat-70b-b4m9q"),
        ("Rollout", "chat-7d9c5b6f8-x7k2p", "chat-0"),
        ("StatefulSet", "chat-11", "chat-print-0"),
        ("LeaderWorkerSet", "chat-0-1", "chat-0-1-2"),
        ("DaemonSet", "chat-b4m9q", "chat-print-b4m9q"),
        ("DaemonSet", "chat-b4m9q", "chat-cache"),
        ("Job", "chat-0-x7k2p", "chat-7d9c5b6f8-x7k2p"),
        ("CronJob", "chat-29000000-x7k2p", "chat-print-29000000-x7k2p"),
        ("Pod", "chat", "chat-0"),
    ],
)
def test_pods_of_the_past_are_told_by_how_their_kind_names_them(kind, own, others):
    pattern = named(holding(kind))
    assert (bool(re.fullmatch(pattern, own)), bool(re.fullmatch(pattern, others))) == (True, False)


def test_both_halves_of_a_pair_are_asked_for():
    members = tuple(Parent(Reference("Deployment", name, name), "models") for name in ("chat", "chat-spot"))
    pattern = named(replace(holding("Deployment"), members=members))
    assert all(re.fullmatch(pattern, f"{one.reference.name}-7d9c5b6f8-x7k2p") for one in members)


def test_a_pod_of_today_with_another_name_is_asked_for_by_it():
    assert named(holding("Deployment", pods=("chat-7d9c5b6f8-x7k2p", "odd"))).endswith("{5}|odd")


def test_an_unknown_kind_is_asked_for_by_today_s_pods():
    found = Holding("models", Reference("RayCluster", "ray", "u"), holding("x", pods=("ray-b", "ray-a")).pods)
    assert named(found) == "ray-a|ray-b"


def test_requests_are_those_of_any_engine_in_any_spelling():
    query = requests_query(holding("Deployment"))
    assert all(name in query for name in ("vllm:request_success_total", "vllm_request_success", "tgi_request_success"))


def test_a_dot_in_a_name_is_a_dot():
    assert 'pod=~"llama-3\\\\.1-' in requests_query(holding("Deployment", "llama-3.1"))


def test_dcgm_is_asked_for_with_its_own_labels_and_those_that_gave_way():
    query = gpu_query(holding("Pod"), "[14d:5m]")
    assert query.count('exported_pod=~"chat"') == 1
    assert query.startswith("avg_over_time(avg(DCGM_FI_DEV_GPU_UTIL{")


@pytest.mark.parametrize(
    ("found", "value"), [([], None), ([Element({}, 0, float("nan"))], None), ([Element({}, 0, 2.0)], 2)]
)
def test_what_is_no_number_is_unknown(found, value):
    assert number(found) == value
