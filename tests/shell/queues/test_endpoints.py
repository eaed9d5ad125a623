import pytest

from poolkeeper.core.model import PodsSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.endpoints import Endpoint, endpoints

M, PM = "/metrics", "/prometheus/metrics"


def places(ports, engine="vllm", port="http"):
    return [(place.port, place.path) for place in endpoints(PodsSource(engine=engine, port=port), ports)]


@pytest.mark.parametrize(
    ("ports", "port", "expected"),
    [
        ({"http": 9000}, "http", [(9000, M)]),
        ({"http": 9000, "web": 9001}, "web", [(9001, M)]),
        ({"http": 9000}, 7000, [(7000, M)]),
        ({"web": 9001}, "http", [(9001, M)]),
        ({"web": 9001, "api": 9002}, "http", [(8000, M)]),
        ({"web": 9001, "api": 8000}, "http", [(8000, M)]),
        ({}, "http", [(8000, M)]),
        ({"http": 9000, "metrics": 9002}, "http", [(9000, M), (9002, M)]),
    ],
)
def test_the_port_is_the_named_one_else_the_usual_one_else_the_only_one(ports, port, expected):
    assert places(ports, port=port) == expected


def test_triton_s_metrics_are_beside_its_http_port():
    assert (8002, M) in places({"http": 8000, "grpc": 8001, "prom": 8002}, "triton")


def test_an_engine_has_its_own_path():
    assert places({"http": 8000}, "trtllm-serve") == [(8000, PM)]


def test_auto_tries_both_paths():
    assert places({"http": 9000}, "auto") == [(9000, M), (9000, PM)]


def test_auto_without_any_declared_port_tries_the_engines_own():
    assert {port for port, _ in places({}, "auto")} == {8000, 30000, 80, 8002}


def test_a_port_name_that_the_pod_lacks_is_a_fault_that_names_those_it_has():
    with pytest.raises(MetricError, match="'admin'; its ports are: http, web"):
        places({"web": 1, "http": 2}, port="admin")


def test_an_engine_that_nobody_knows_is_a_fault():
    with pytest.raises(MetricError, match="'vlm' is none of auto, vllm, sglang") as caught:
        endpoints(PodsSource(engine="vlm"), {})
    assert caught.value.reason is Reason.METRIC_UNKNOWN_ENGINE


def test_an_endpoint_is_a_port_and_a_path():
    assert endpoints(PodsSource(engine="vllm", port=1), {}) == [Endpoint(1, M)]
