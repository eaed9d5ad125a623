"""R10: who else writes a target's size, and what then. One operator for all of these; each has a target of its own."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from rig.commons import common
from rig.ground import Ground
from rig.manifests import deployment, pool, published
from rig.space import Space
from rig.waiting import eventually, let_pass

GRACE = 2.0
ANYTHING = {"x-kubernetes-preserve-unknown-fields": True}
HOLDING, LONG, SHORT = 500, 5000, 0
QUEUE = published(grace="2s")
TRACKING = {"argocd.argoproj.io/tracking-id": "site:apps/Deployment:site/chat"}


@pytest.fixture
def space(ground: Ground) -> Iterator[Space]:
    with common(ground, "ownership") as made:
        yield made


AT_ONCE = {"deadline": "0s"}


def keep(space: Space, name: str, size: int, queue: int = HOLDING, **spec: object) -> None:
    """Have a target of this size with a pool that has taken it in; a queue of HOLDING neither grows nor shrinks it."""
    space.deploy(name, size)
    space.fleet.queue(space.workload(name), queue)
    space.create(pool(name, QUEUE, **spec))
    eventually(lambda: space.status(name), f"{name} was looked at")


def scale(space: Space, name: str, replicas: int) -> None:
    """Change a size by hand, as `kubectl scale` does."""
    space.api.patch(f"{space.path('Deployment', name)}/scale", {"spec": {"replicas": replicas}})


def apply(space: Space, thing: dict[str, object], *flags: str) -> None:
    space.ground.cluster.kubectl("apply", "-n", space.name, *flags, "-f", "-", input=json.dumps(thing))


def without_replicas(name: str) -> dict[str, object]:
    made = deployment(name, 0)
    del made["spec"]["replicas"]
    return made


def annotated(name: str, size: int, annotations: dict[str, str]) -> dict[str, object]:
    made = deployment(name, size)
    return made | {"metadata": {"name": name, "annotations": annotations}}


def autoscaler(name: str) -> dict[str, object]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": f"{name}-scaler"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": 1,
            "maxReplicas": 20,
        },
    }


def scaled_object(name: str) -> dict[str, object]:
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": name},
        "spec": {"scaleTargetRef": {"name": name}},
    }


# Adoption


def test_a_live_target_over_the_cap_leaves_one_by_one_a_grace_period_each(space: Space) -> None:
    began = time.monotonic()
    keep(space, "large", 20, drain=AT_ONCE)
    space.wait_for_condition("large", "ScalingLimited", "AboveMaximum")
    space.wait_for_size("large", 17)
    assert space.sizes("large")[:4] == [20, 19, 18, 17]
    assert all(fell.at >= began + number * GRACE for number, fell in enumerate(space.changes("large"), 1))


# Edits by hand and by manifest


def test_replicas_dropped_from_an_applied_manifest_are_restored_at_once(space: Space) -> None:
    apply(space, deployment("dropped", 5))
    space.wait_until_ready("dropped", 5)
    space.fleet.queue(space.workload("dropped"), HOLDING)
    space.create(pool("dropped", published(grace="10m")))
    space.wait_for_reason("dropped", "Steady")
    apply(space, without_replicas("dropped"))
    assert eventually(lambda: space.sizes("dropped") == [5, 1, 5], "restored long before the grace period ends")


def test_growth_by_hand_stays_though_the_queue_is_short(space: Space) -> None:
    keep(space, "grown", 3)
    scale(space, "grown", 5)
    space.wait_for_reason("grown", "EditKept")
    space.fleet.queue(space.workload("grown"), SHORT)
    let_pass(3 * GRACE)
    assert space.sizes("grown") == [3, 5]


def test_a_shrink_by_hand_is_restored_after_the_grace_period(space: Space) -> None:
    keep(space, "cut", 6)
    cut_at = time.monotonic()
    scale(space, "cut", 4)
    restored = eventually(lambda: space.changes("cut")[1:], "restored")[0]
    assert (restored.replicas, restored.at - cut_at >= GRACE) == (6, True)


def test_the_third_revert_within_the_hour_is_a_conflict(space: Space) -> None:
    keep(space, "fought-over", 6)
    for round_ in (1, 2):
        scale(space, "fought-over", 4)
        eventually(lambda made=2 * round_: len(space.changes("fought-over")) == made, f"restored {round_} times")
    scale(space, "fought-over", 4)
    found = space.wait_for_condition("fought-over", "Conflict", "ConflictReverts")
    let_pass(GRACE + 1)
    assert (space.sizes("fought-over"), "kubectl keeps writing spec.replicas" in found["message"]) == (
        [6, 4, 6, 4, 6, 4],
        True,
    )


# GitOps


def test_an_owner_of_the_field_is_refused_and_the_field_is_named(space: Space) -> None:
    apply(space, deployment("argo", 3), "--server-side", "--field-manager=argocd-controller")
    space.wait_until_ready("argo", 3)
    space.fleet.queue(space.workload("argo"), LONG)
    space.create(pool("argo", QUEUE))
    found = space.wait_for_condition("argo", "Conflict", "ConflictGitOps")
    let_pass(2)
    assert ("Argo CD owns spec.replicas of deployment/argo" in found["message"], space.sizes("argo")) == (True, [3])


def test_what_gitops_lets_go_of_is_restored_and_ours(space: Space) -> None:
    manager = ("--server-side", "--field-manager=argocd-controller")
    apply(space, deployment("argo-ends", 3), *manager)
    space.wait_until_ready("argo-ends", 3)
    space.fleet.queue(space.workload("argo-ends"), HOLDING)
    space.create(pool("argo-ends", QUEUE))
    space.wait_for_condition("argo-ends", "Conflict", "ConflictGitOps")
    apply(space, without_replicas("argo-ends"), *manager)
    eventually(lambda: space.sizes("argo-ends")[1:] == [1, 3], "restored")
    assert space.wait_for_condition("argo-ends", "Conflict", "AsExpected")["status"] == "False"


def test_an_owner_by_its_last_applied_manifest_is_refused(space: Space) -> None:
    apply(space, annotated("argo-classic", 3, TRACKING))
    space.wait_until_ready("argo-classic", 3)
    space.create(pool("argo-classic", QUEUE))
    found = space.wait_for_condition("argo-classic", "Conflict", "ConflictGitOps")
    assert "drop it from the manifest in Git, or have it ignored" in found["message"]


def test_a_tracked_manifest_without_replicas_is_no_conflict(space: Space) -> None:
    apply(space, without_replicas("argo-polite") | {"metadata": {"name": "argo-polite", "annotations": TRACKING}})
    space.wait_until_ready("argo-polite", 1)
    space.create(pool("argo-polite", QUEUE))
    space.wait_for_size("argo-polite", 2)
    assert space.wait_for_condition("argo-polite", "Conflict", "AsExpected")


def test_a_tool_that_respects_what_it_ignores_is_no_conflict(space: Space) -> None:
    keep(space, "argo-respects", 3, minReplicas=4)
    space.wait_for_size("argo-respects", 4)
    space.wait_for_reason("argo-respects", "Steady")
    sync(space, "argo-respects", 4)
    space.fleet.queue(space.workload("argo-respects"), LONG)
    eventually(lambda: space.size("argo-respects") > 4, "it grows on")
    assert space.condition("argo-respects", "Conflict")["status"] == "False"


def test_a_tool_that_adopts_a_target_at_the_pools_size_from_the_clients_side_is_a_conflict(space: Space) -> None:
    keep(space, "argo-adopts", 3, minReplicas=4)
    space.wait_for_size("argo-adopts", 4)
    apply(space, annotated("argo-adopts", 4, TRACKING))
    space.wait_for_condition("argo-adopts", "Conflict", "ConflictGitOps")
    space.fleet.queue(space.workload("argo-adopts"), LONG)
    let_pass(2)
    assert space.sizes("argo-adopts") == [3, 4]


def test_a_tool_that_takes_the_size_back_is_a_conflict(space: Space) -> None:
    keep(space, "argo-returns", 3, minReplicas=4)
    space.wait_for_size("argo-returns", 4)
    sync(space, "argo-returns", 6)
    space.wait_for_condition("argo-returns", "Conflict", "ConflictGitOps")
    let_pass(1)
    assert space.sizes("argo-returns") == [3, 4, 6]


def sync(space: Space, name: str, size: int) -> None:
    """Apply a manifest with this size as Argo CD does."""
    apply(space, deployment(name, size), "--server-side", "--force-conflicts", "--field-manager=argocd-controller")


# Other autoscalers


def test_an_autoscaler_is_refused_and_named(space: Space) -> None:
    space.deploy("scaled")
    space.create(autoscaler("scaled"))
    space.fleet.queue(space.workload("scaled"), LONG)
    space.create(pool("scaled", QUEUE))
    found = space.wait_for_condition("scaled", "Conflict", "ConflictAutoscaler")
    let_pass(2)
    assert ("hpa/scaled-scaler" in found["message"], space.sizes("scaled")) == (True, [2])


def test_a_target_is_taken_over_once_its_autoscaler_is_gone(space: Space) -> None:
    space.deploy("freed")
    space.create(autoscaler("freed"))
    space.fleet.queue(space.workload("freed"), LONG)
    space.create(pool("freed", QUEUE))
    space.wait_for_condition("freed", "Conflict", "ConflictAutoscaler")
    space.api.delete(space.path("HorizontalPodAutoscaler", "freed-scaler"))
    space.wait_for_growth("freed")
    assert space.wait_for_condition("freed", "Conflict", "AsExpected")["status"] == "False"


def test_the_older_of_two_pools_keeps_the_target(space: Space) -> None:
    keep(space, "zeta", 2)
    let_pass(1.1)  # a creation time has whole seconds
    space.create(pool("alpha", QUEUE, targetRef={"name": "zeta"}))
    found = space.wait_for_condition("alpha", "Conflict", "ConflictPool")
    assert ("ipool/zeta" in found["message"], space.condition("zeta", "Conflict")["status"]) == (True, "False")


SCALED_OBJECTS: dict[str, object] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "scaledobjects.keda.sh"},
    "spec": {
        "group": "keda.sh",
        "scope": "Namespaced",
        "names": {"kind": "ScaledObject", "plural": "scaledobjects"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", **ANYTHING}}}
                },
            }
        ],
    },
}


def test_a_scaled_object_is_refused_unless_paused_though_its_kind_came_later(space: Space) -> None:
    keep(space, "keda", 2)
    space.ground.cluster.define("-f", "-", input=json.dumps(SCALED_OBJECTS))
    apply(space, scaled_object("keda"))
    found = space.wait_for_condition("keda", "Conflict", "ConflictScaledObject")
    space.ground.cluster.kubectl("annotate", "-n", space.name, "scaledobject/keda", "autoscaling.keda.sh/paused=true")
    space.wait_for_condition("keda", "Conflict", "AsExpected")
    assert "scaledobject/keda: delete it, or pause it" in found["message"]


# Modes


def test_observe_never_refuses_and_never_writes(space: Space) -> None:
    space.deploy("watched")
    space.create(autoscaler("watched"))
    space.fleet.queue(space.workload("watched"), LONG)
    space.create(pool("watched", QUEUE, mode="Observe"))
    eventually(lambda: space.status("watched").get("desiredReplicas") == 6, "it says what it would do")
    let_pass(2)
    assert (space.sizes("watched"), space.condition("watched", "Conflict")["status"]) == ([2], "False")


def test_a_paused_pool_writes_nothing(space: Space) -> None:
    space.deploy("paused")
    space.fleet.queue(space.workload("paused"), LONG)
    space.create(pool("paused", QUEUE, mode="Paused"))
    space.wait_for_condition("paused", "ScalingActive", "Paused")
    let_pass(2)
    assert space.sizes("paused") == [2]


def pause(space: Space, name: str, until: str) -> None:
    space.deploy(name)
    space.fleet.queue(space.workload(name), LONG)
    made = pool(name, QUEUE)
    made["metadata"]["annotations"] = {"poolkeeper.io/paused-until": until}
    space.create(made)


def test_a_pause_ends_at_its_time(space: Space) -> None:
    until = datetime.now(UTC) + timedelta(seconds=15)  # a busy machine tells of the pause late
    pause(space, "paused-until", until.isoformat(timespec="seconds"))
    space.wait_for_condition("paused-until", "ScalingActive", "Paused")
    space.wait_for_growth("paused-until")
    assert datetime.now(UTC) >= until.replace(microsecond=0)


def test_a_pause_that_is_over_pauses_nothing(space: Space) -> None:
    pause(space, "paused-once", "2026-01-01T00:00:00Z")
    assert space.wait_for_growth("paused-once")


def test_a_pause_that_cannot_be_read_pauses_for_good(space: Space) -> None:
    pause(space, "paused-somehow", "next Tuesday")
    space.wait_for_condition("paused-somehow", "ScalingActive", "Paused")
    let_pass(2)
    assert space.sizes("paused-somehow") == [2]


# The end of a pool


def test_a_deleted_pool_takes_no_capacity_away_and_does_not_hang(space: Space) -> None:
    keep(space, "left", 4)
    space.ground.cluster.kubectl("delete", "-n", space.name, "ipool/left", "--wait", "--timeout=5s")
    space.fleet.queue(space.workload("left"), SHORT)
    let_pass(2 * GRACE)
    assert space.sizes("left") == [4]


def test_a_new_pool_adopts_what_an_old_one_left(space: Space) -> None:
    keep(space, "heir", 4)
    space.api.delete(space.path("InferencePool", "heir"))
    space.create(pool("heir", QUEUE))
    space.fleet.queue(space.workload("heir"), LONG)
    space.wait_for_size("heir", 8)
    assert space.sizes("heir") == [4, 8]
