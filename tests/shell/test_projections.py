"""From JSON as the API server sends it to what we keep."""

from datetime import timedelta

import pytest
from tests.shell.raw_objects import AT, AT_LATER, LATER, WHEN, condition, metadata, read

from poolkeeper.shell.kubernetes_objects import (
    AutoscalerObject,
    OwnedObject,
    PodObject,
)
from poolkeeper.shell.projections import autoscaler, pod, replica_set


def a_pod(*, spec=None, status=None, **changes):
    return pod(read({"metadata": metadata(**changes), "spec": spec or {}, "status": status or {}}, PodObject))


def waiting(reason, message=None):
    return {"name": "engine", "state": {"waiting": {"reason": reason} | ({"message": message} if message else {})}}


class TestPod:
    def test_its_names(self):
        found = a_pod(labels={"app": "chat", "pod-template-hash": "7d9"})
        assert (found.namespace, found.name, found.uid, found.template) == ("lab", "chat", "u1", "7d9")

    def test_its_creation(self):
        assert a_pod().created_at == AT

    def test_its_owner_is_the_replica_set_that_controls_it(self):
        owners = [
            {"kind": "Other", "name": "x", "uid": "x", "controller": True},
            {"kind": "ReplicaSet", "name": "y", "uid": "y"},
            {"kind": "ReplicaSet", "name": "chat-7d9", "uid": "rs1", "controller": True},
        ]
        assert a_pod(ownerReferences=owners).controller == "rs1"

    def test_or_the_stateful_set(self):
        owners = [{"kind": "StatefulSet", "name": "chat", "uid": "s1", "controller": True}]
        assert a_pod(ownerReferences=owners).controller == "s1"

    @pytest.mark.parametrize(
        ("labels", "template"),
        [
            ({"rollouts-pod-template-hash": "r1", "app": "chat"}, "r1"),
            ({"controller-revision-hash": "chat-1"}, "chat-1"),
            ({"controller-revision-hash": "chat-1", "leaderworkerset.sigs.k8s.io/template-revision-hash": "g1"}, "g1"),
            ({}, ""),
        ],
    )
    def test_whoever_made_it_names_its_template(self, labels, template):
        assert a_pod(labels=labels).template == template

    @pytest.mark.parametrize(("told", "size"), [("4", 4), ("0", 1), ("many", 1), ("9" * 5000, 1)])
    def test_how_many_pods_are_a_group(self, told, size):
        assert a_pod(annotations={"leaderworkerset.sigs.k8s.io/size": told}).group_size == size

    @pytest.mark.parametrize(("told", "cost"), [("-7", -7), ("many", None), ("9" * 5000, None)])
    def test_what_its_deletion_costs(self, told, cost):
        assert a_pod(annotations={"controller.kubernetes.io/pod-deletion-cost": told}).deletion_cost == cost

    def test_it_is_scheduled_since_the_condition_says_so(self):
        assert a_pod(status={"conditions": [condition("PodScheduled", "True")]}).scheduled_at == AT_LATER

    def test_it_is_ready_since_the_condition_says_so(self):
        found = a_pod(status={"conditions": [condition("Ready", "True")]})
        assert (found.ready_at, found.unready_since) == (AT_LATER, None)

    def test_it_is_unready_since_the_condition_says_so(self):
        found = a_pod(status={"conditions": [condition("Ready", "False")]})
        assert (found.ready_at, found.unready_since) == (None, AT_LATER)

    def test_its_address_and_node(self):
        found = a_pod(spec={"nodeName": "n1"}, status={"podIP": "10.0.0.9", "phase": "Running"})
        assert (found.ip, found.node, found.phase) == ("10.0.0.9", "n1", "Running")

    def test_the_named_ports_of_all_its_containers(self):
        ports = [
            [{"name": "http", "containerPort": 8000}, {"containerPort": 1}],
            [{"name": "admin", "containerPort": 9}],
        ]
        found = a_pod(spec={"containers": [{"name": "c", "ports": some} for some in ports]})
        assert found.ports == {"http": 8000, "admin": 9}

    def test_the_gpus_that_its_containers_ask_for(self):
        asked = [{"limits": {"nvidia.com/gpu": "2"}}, {"requests": {"cpu": "1", "nvidia.com/gpu": "1"}}, {}]
        found = a_pod(spec={"containers": [{"name": "c", "resources": some} for some in asked]})
        assert (found.devices, found.gpus) == ((("nvidia.com/gpu", 3),), 3)

    @pytest.mark.parametrize(("policy", "gpus"), [({"restartPolicy": "Always"}, 3), ({}, 2)])
    def test_a_sidecar_runs_on_beside_them(self, policy, gpus):
        engine, other = ({"name": "c", "resources": {"limits": {"nvidia.com/gpu": n}}} for n in ("1", "2"))
        assert a_pod(spec={"containers": [engine], "initContainers": [other | policy]}).gpus == gpus

    @pytest.mark.parametrize("spec", [{}, {"containers": [{"name": "c", "resources": {"claims": [{"name": "gpu"}]}}]}])
    def test_one_that_asks_for_no_device_does_not_tell_its_gpus(self, spec):
        assert a_pod(spec=spec).gpus is None

    def test_it_terminates_once_it_has_a_deletion_timestamp(self):
        assert a_pod(deletionTimestamp=LATER).terminating

    @pytest.mark.parametrize(
        ("phase", "live"), [("Pending", True), ("Running", True), ("Succeeded", False), ("Failed", False)]
    )
    def test_a_finished_one_is_not_live(self, phase, live):
        assert a_pod(status={"phase": phase}).live is live

    def test_a_terminating_one_is_not_live(self):
        assert not a_pod(deletionTimestamp=LATER, status={"phase": "Running"}).live

    def test_the_schedulers_words(self):
        words = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
        found = a_pod(
            status={"conditions": [condition("PodScheduled", "False", reason="Unschedulable", message=words)]}
        )
        assert found.trouble == f"Unschedulable: {words}"

    @pytest.mark.parametrize(
        "reason", ["ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff", "CreateContainerConfigError"]
    )
    def test_the_kubelets_words(self, reason):
        assert a_pod(status={"containerStatuses": [waiting(reason, "said so")]}).trouble == f"{reason}: said so"

    def test_the_kubelets_words_on_an_init_container(self):
        assert a_pod(status={"initContainerStatuses": [waiting("CrashLoopBackOff")]}).trouble == "CrashLoopBackOff"

    @pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
    def test_starting_is_no_trouble(self, reason):
        assert a_pod(status={"containerStatuses": [waiting(reason)]}).trouble == ""

    def test_why_it_was_evicted(self):
        status = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}
        assert a_pod(status=status).trouble == "Evicted: The node was low on resource: memory."

    def test_who_is_about_to_end_it(self):
        told = condition("DisruptionTarget", "True", reason="EvictionByEvictionAPI")
        assert a_pod(status={"conditions": [told]}).disruption == "EvictionByEvictionAPI"

    def test_nobody_is(self):
        told = condition("DisruptionTarget", "False", reason="EvictionByEvictionAPI")
        assert a_pod(status={"conditions": [told]}).disruption == ""

    def test_why_it_failed(self):
        assert a_pod(status={"phase": "Failed", "reason": "NodeShutdown"}).disruption == "NodeShutdown"

    @pytest.mark.parametrize("status", [{}, {"phase": "Pending"}, {"phase": "Running"}])
    def test_a_live_one_has_no_end(self, status):
        told = [condition("Ready", "False"), condition("DisruptionTarget", "True", reason="EvictionByEvictionAPI")]
        assert a_pod(status=status | {"conditions": told}).ended_at is None

    @pytest.mark.parametrize(("grace", "second"), [(300, -60), (0, 240), (None, 240)])
    def test_its_end_begins_when_its_deletion_is_asked_for(self, grace, second):
        found = a_pod(deletionTimestamp=LATER, deletionGracePeriodSeconds=grace, status={"phase": "Running"})
        assert found.ended_at == AT + timedelta(seconds=second)

    @pytest.mark.parametrize(
        ("conditions", "ended"),
        [([condition("DisruptionTarget", "True")], AT_LATER), ([condition("Ready", "False")], AT_LATER), ([], AT)],
        ids=["who ended it", "no longer ready", "never began"],
    )
    def test_its_end_is_as_near_as_its_status_has_it(self, conditions, ended):
        assert a_pod(status={"phase": "Failed", "conditions": conditions}).ended_at == ended

    def test_an_old_wreck_that_is_cleared_away_has_ended_long_ago(self):
        status = {"phase": "Failed", "conditions": [condition("Ready", "False", lastTransitionTime=WHEN)]}
        assert a_pod(deletionTimestamp=LATER, deletionGracePeriodSeconds=0, status=status).ended_at == AT

    def test_what_it_asked_of_a_node_is_dropped_once_it_has_one(self):
        assert a_pod(spec={"nodeName": "n1", "nodeSelector": {"gpu": "h100"}}).alternatives == ()

    def test_what_the_core_sees(self):
        status = {"conditions": [condition("PodScheduled", "True"), condition("Ready", "True")]}
        seen = a_pod(status=status).core
        assert (seen.uid, seen.created_at, seen.scheduled_at, seen.ready_at) == ("u1", AT, AT_LATER, AT_LATER)


@pytest.mark.parametrize("kind", ["Deployment", "Rollout"])
def test_a_replica_set_knows_its_workload(kind):
    owners = [{"kind": kind, "name": "chat", "uid": "d1", "controller": True}]
    assert replica_set(read({"metadata": metadata(ownerReferences=owners)}, OwnedObject)).controller == "d1"


def test_a_bare_replica_set_has_none():
    assert replica_set(read({"metadata": metadata()}, OwnedObject)).controller == ""


def an_autoscaler(reference, **changes):
    return autoscaler(read({"metadata": metadata(**changes), "spec": {"scaleTargetRef": reference}}, AutoscalerObject))


class TestAutoscaler:
    def test_what_it_scales(self):
        found = an_autoscaler({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "db"})
        assert (found.target_group, found.target_kind, found.target_name) == ("argoproj.io", "Rollout", "db")

    def test_a_scaled_object_scales_a_deployment_by_default(self):
        assert an_autoscaler({"name": "chat"}).target_kind == "Deployment"

    @pytest.mark.parametrize(
        ("annotations", "paused"),
        [
            ({"autoscaling.keda.sh/paused": "true"}, True),
            ({"autoscaling.keda.sh/paused": "false"}, False),
            ({"autoscaling.keda.sh/paused-replicas": "0"}, True),
            ({}, False),
        ],
    )
    def test_whether_it_is_paused(self, annotations, paused):
        assert an_autoscaler({"name": "chat"}, annotations=annotations).paused is paused
