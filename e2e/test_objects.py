"""What the operator makes and says: a template's Deployment, events, history, conditions, and how kubectl tells."""

import json
from collections.abc import Iterator

import pytest

from controlplane import KubectlError
from rig.commons import common
from rig.ground import Ground
from rig.manifests import deployment, pool, published
from rig.space import Space
from rig.waiting import eventually, let_pass

HOLDING, LONG, SHORT = 500, 5000, 0
QUEUE = published(grace="2s")
Json = dict[str, object]


@pytest.fixture
def space(ground: Ground) -> Iterator[Space]:
    with common(ground, "objects") as made:
        yield made


@pytest.fixture(scope="module")
def shrunk(ground: Ground) -> Iterator[str]:
    """A pool that had twelve changes of size."""
    with common(ground, "objects") as space:
        space.deploy("shrunk", 14)
        space.fleet.queue(space.workload("shrunk"), SHORT)
        space.create(pool("shrunk", published(grace="100ms"), maxReplicas=20))
        space.wait_for_size("shrunk", 2)
        eventually(lambda: space.status("shrunk")["lastDecision"]["to"] == 2, "the last change is in the status")
        yield "shrunk"


of_shrunk = pytest.mark.xdist_group("shrunk")


def templated(name: str, image: str = "vllm/vllm-openai:v0.11.0", **spec: object) -> Json:
    """Return a pool that owns its Deployment."""
    template = deployment(name, 0)["spec"]["template"]
    template["spec"]["containers"][0]["image"] = image
    made = pool(name, QUEUE, template=template, **spec)
    del made["spec"]["targetRef"]
    return made


def grown(space: Space, name: str, **spec: object) -> None:
    """Have a pool with a template that has grown to its maximum of three."""
    space.fleet.queue(space.workload(name), LONG)
    space.create(templated(name, maxReplicas=3, **spec))
    space.wait_for_size(name, 3)
    space.fleet.queue(space.workload(name), HOLDING)
    space.wait_until_ready(name, 3)


def events(space: Space, name: str) -> list[dict[str, str]]:
    found = space.api.get(f"/api/v1/namespaces/{space.name}/events?fieldSelector=involvedObject.name={name}")
    return [event for event in found["items"] if event["involvedObject"]["kind"] == "InferencePool"]


def shown(space: Space, *arguments: str) -> list[list[str]]:
    """Return what kubectl prints as a table, cell by cell."""
    lines = space.ground.cluster.kubectl("get", "-n", space.name, *arguments).splitlines()
    return [line.split() for line in lines]


# The Deployment of a pool with a template


def test_a_template_becomes_a_deployment_of_the_minimum_size(space: Space) -> None:
    space.create(templated("own"))
    space.wait_until_ready("own", 2)
    assert space.sizes("own") == [2]


def test_a_changed_template_rolls_out_and_the_size_stays(space: Space) -> None:
    grown(space, "rolled")
    space.api.patch(space.path("InferencePool", "rolled"), {"spec": templated("rolled", "vllm:2")["spec"]})
    eventually(lambda: image(space, "rolled") == "vllm:2", "the template is the new one")
    eventually(lambda: rolled_out(space, "rolled"), "the rollout is over")
    assert space.sizes("rolled") == [2, 3]


def image(space: Space, name: str) -> str:
    found = space.record.newest("Deployment", name)
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


def rolled_out(space: Space, name: str) -> bool:
    found = space.record.newest("Deployment", name)
    current = found["status"].get("observedGeneration") == found["metadata"]["generation"]
    return current and found["status"].get("updatedReplicas") == found["status"].get("replicas") == 3


def test_an_orphan_stays_and_a_new_pool_adopts_it_as_it_is(space: Space) -> None:
    grown(space, "orphan")
    space.api.delete(space.path("InferencePool", "orphan"))
    space.create(templated("orphan"))
    space.wait_for_reason("orphan", "Steady")
    assert space.sizes("orphan") == [2, 3]


def test_delete_ends_the_deployment_with_its_pool(space: Space) -> None:
    space.create(templated("ended", deletionPolicy="Delete"))
    space.wait_until_ready("ended", 2)
    space.api.delete(space.path("InferencePool", "ended"))
    assert eventually(lambda: not space.record.newest("Deployment", "ended"), "the Deployment is gone")


def test_a_policy_that_becomes_orphan_lets_go_of_the_deployment(space: Space) -> None:
    space.create(templated("released", deletionPolicy="Delete"))
    eventually(lambda: owners(space, "released"), "the pool owns the Deployment")
    space.api.patch(space.path("InferencePool", "released"), {"spec": {"deletionPolicy": "Orphan"}})
    assert eventually(lambda: not owners(space, "released"), "nobody owns the Deployment")


def owners(space: Space, name: str) -> list[object]:
    metadata = space.record.newest("Deployment", name).get("metadata", {})
    return metadata.get("ownerReferences", []) if metadata else []


def test_a_foreign_deployment_of_the_name_is_left_alone_and_said(space: Space) -> None:
    space.deploy("taken", 3)
    space.create(templated("taken", minReplicas=5))
    found = space.wait_for_condition("taken", "Conflict", "ConflictName")
    let_pass(2)
    assert (space.sizes("taken"), "rename the pool or use targetRef" in found["message"]) == ([3], True)


def test_a_paused_pool_makes_no_deployment(space: Space) -> None:
    space.create(templated("unmade", mode="Paused"))
    space.wait_for_condition("unmade", "AbleToScale", "TargetNotFound")
    let_pass(2)
    assert space.record.newest("Deployment", "unmade") == {}


# Wrong YAML


def test_a_wrong_pool_is_refused_by_name_and_the_good_one_beside_it_scales(space: Space) -> None:
    space.deploy("good")
    space.fleet.queue(space.workload("good"), LONG)
    both = [pool("good", QUEUE), pool("wrong", QUEUE, minReplicas=9)]
    manifest = json.dumps({"apiVersion": "v1", "kind": "List", "items": both})
    with pytest.raises(KubectlError, match="minReplicas must not be over maxReplicas"):
        space.ground.cluster.kubectl("apply", "-n", space.name, "-f", "-", input=manifest)
    assert space.wait_for_growth("good")


def test_a_typo_that_the_api_server_dropped_is_named(space: Space) -> None:
    space.deploy("typo")
    wrong = pool("typo", QUEUE | {"scaleup": {"above": 9}})
    wrong["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(wrong)}
    space.create(wrong)
    found = space.wait_for_condition("typo", "SpecWarning", "SpecWarning")
    assert "spec.queue.scaleup" in found["message"]


def test_a_target_that_is_not_there_is_said(space: Space) -> None:
    space.create(pool("nowhere", QUEUE))
    assert space.wait_for_condition("nowhere", "AbleToScale", "TargetNotFound")["status"] == "False"


# Why the size is what it is


@of_shrunk
@pytest.mark.lasts(30)
def test_each_change_of_size_has_one_event(space: Space, shrunk: str) -> None:
    eventually(lambda: len(events(space, shrunk)) >= 12, "twelve events")
    let_pass(1)
    assert [event["reason"] for event in events(space, shrunk)] == ["QueueBelow"] * 12


@of_shrunk
@pytest.mark.lasts(30)
def test_an_event_says_from_where_to_where_and_why(space: Space, shrunk: str) -> None:
    (last,) = [event for event in events(space, shrunk) if event["message"].startswith("3 -> 2: ")]
    assert "the queue stayed short for the whole grace period (queue 0, below 100" in last["message"]


@of_shrunk
@pytest.mark.lasts(30)
def test_the_status_keeps_the_last_ten_changes_newest_first(space: Space, shrunk: str) -> None:
    history = space.wait_until(lambda: space.status(shrunk).get("history"), "the history is told")
    assert [(change["from"], change["to"]) for change in history] == [(size + 1, size) for size in range(2, 12)]


def test_every_condition_speaks_of_the_newest_spec(space: Space) -> None:
    space.deploy("renewed")
    space.create(pool("renewed", QUEUE))
    eventually(lambda: space.status("renewed"), "it was looked at")
    space.api.patch(space.path("InferencePool", "renewed"), {"spec": {"maxReplicas": 9}})
    eventually(lambda: space.status("renewed")["observedGeneration"] == 2, "the new spec was looked at")
    assert {condition["observedGeneration"] for condition in space.status("renewed")["conditions"]} == {2}


# How kubectl shows it


def test_get_shows_the_size_and_the_reason(space: Space) -> None:
    space.deploy("shown", 3)
    space.fleet.queue(space.workload("shown"), HOLDING)
    space.create(pool("shown", QUEUE))
    eventually(lambda: space.status("shown").get("reason") == "Steady", "the status is written")
    head, row = shown(space, "ipool", "shown")
    assert head == ["NAME", "MODE", "DESIRED", "MAX", "READY", "SLO", "$/H", "MONTH", "REASON", "AGE"]
    assert row[:-1] == ["shown", "Active", "3", "8", "3", "Steady"]


@of_shrunk
@pytest.mark.lasts(30)
def test_describe_tells_the_story(space: Space, shrunk: str) -> None:
    story = space.ground.cluster.kubectl("describe", "-n", space.name, f"ipool/{shrunk}")
    assert [word for word in ("Conditions:", "Last Decision:", "Events:", "3 -> 2:") if word not in story] == []
