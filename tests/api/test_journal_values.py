"""What containers get in their environment is not in the journal; that it changed is."""

import pytest

from builders import at, seen
from poolkeeper.api.journal_values import without_values
from poolkeeper.api.spec import parse_spec
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory


def spec(value="hf_secret", kind="containers"):
    engine = {"name": "engine", "image": "vllm", "ports": [{"name": "http", "containerPort": 8000}]}
    pod = {"containers": [engine]}
    pod[kind] = [engine | {"env": [{"name": "TOKEN", "value": value}, {"name": "NODE", "valueFrom": {"x": {}}}]}]
    return {"template": {"metadata": {"labels": {"app": "chat"}}, "spec": pod}, "minReplicas": 2, "maxReplicas": 8}


@pytest.mark.parametrize("kind", ["containers", "initContainers"])
def test_no_value_is_kept(kind):
    assert "hf_secret" not in str(without_values(spec(kind=kind), "uid-1"))


def test_another_value_shows():
    assert without_values(spec("one"), "uid-1") != without_values(spec("other"), "uid-1")


def test_the_same_value_is_the_same():
    assert without_values(spec(), "uid-1") == without_values(spec(), "uid-1")


def test_the_same_value_of_two_pools_does_not_show_that_it_is_the_same():
    assert without_values(spec(), "uid-1") != without_values(spec(), "uid-2")


def test_all_else_stays():
    found = without_values(spec(), "uid-1")
    found["template"]["spec"]["containers"][0]["env"][0]["value"] = "hf_secret"
    assert found == spec()


def test_the_spec_itself_is_left_alone():
    given = spec()
    without_values(given, "uid-1")
    assert given == spec()


@pytest.mark.parametrize(
    "odd",
    [
        {"env": None},
        {"env": "none"},
        {"env": ["none"]},
        {"env": [{"name": "A"}]},
    ],
)
def test_what_is_no_environment_stays(odd):
    assert without_values(odd, "uid-1") == odd


def test_it_is_decided_the_same():
    given, kept = (parse_spec(one).to_core() for one in (spec(), without_values(spec(), "uid-1")))
    assert decide(kept, seen(), Memory(), at(0)) == decide(given, seen(), Memory(), at(0))
