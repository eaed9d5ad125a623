"""From workloads of every kind as the API server sends them to what we keep, and to what the core sees."""

import pytest
from tests.shell.raw_objects import AT, AT_LATER, LATER, WHEN, condition, metadata, read

from poolkeeper.core.observation import Pod
from poolkeeper.shell.views import PodView
from poolkeeper.shell.workload_objects import LeaderWorkerSetObject, StatefulSetObject, WorkloadObject
from poolkeeper.shell.workload_projections import (
    deployment,
    leader_worker_set,
    rollout,
    stateful_set,
    target,
)


def a_deployment(*, spec=None, status=None, **changes):
    body = {"metadata": metadata(**changes), "spec": {"replicas": 3} | (spec or {}), "status": status or {}}
    return deployment(read(body, WorkloadObject))


def owner(manager, *, fields=None, time=WHEN, **more):
    fields = {"f:spec": {"f:replicas": {}}} if fields is None else fields
    return {"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields} | more


class TestDeployment:
    def test_its_size_and_version(self):
        found = a_deployment(generation=4)
        assert (found.replicas, found.resource_version, found.generation) == (3, "7", 4)

    def test_no_rollout_while_it_only_grows(self):
        assert not a_deployment(status={"replicas": 2, "updatedReplicas": 2, "readyReplicas": 1}).rolling

    def test_a_rollout_while_older_pods_are_there(self):
        assert a_deployment(status={"replicas": 4, "updatedReplicas": 1, "readyReplicas": 3}).rolling

    def test_why_it_makes_no_pods(self):
        failed = condition("ReplicaFailure", "True", reason="FailedCreate", message="exceeded quota")
        found = a_deployment(status={"conditions": [failed]})
        assert (found.failure, found.failure_since) == ("FailedCreate: exceeded quota", AT_LATER)

    def test_a_failure_that_is_over_is_none(self):
        found = a_deployment(status={"conditions": [condition("ReplicaFailure", "False", message="exceeded quota")]})
        assert (found.failure, found.failure_since) == ("", None)

    def test_who_owns_its_replicas(self):
        entries = [
            owner("kubectl", fields={"f:spec": {"f:paused": {}}}),
            owner("argocd", operation="Apply"),
            {"manager": "x"},
        ]
        (writer,) = a_deployment(managedFields=entries).writers
        assert (writer.manager, writer.operation, writer.at) == ("argocd", "Apply", AT)

    def test_through_which_subresource(self):
        assert a_deployment(managedFields=[owner("hpa", subresource="scale")]).writers[0].subresource == "scale"

    def test_of_several_the_last_to_write_counts(self):
        entries = [owner("late", time=LATER), owner("early")]
        assert a_deployment(managedFields=entries).writer.manager == "late"

    @pytest.mark.parametrize(
        ("applied", "replicas"),
        [
            ('{"spec":{"replicas":5}}', 5),
            ('{"spec":{}}', None),
            ("{}", None),
            ("nonsense", None),
            ('{"spec":{"replicas":"5"}}', None),
            (f'{{"spec":{{"replicas":5}},"x":{"[" * 9000}{"]" * 9000}}}', None),
        ],
    )
    def test_the_replicas_that_kubectl_applied(self, applied, replicas):
        key = "kubectl.kubernetes.io/last-applied-configuration"
        assert a_deployment(annotations={key: applied}).last_applied == replicas

    def test_the_marks_of_gitops_tools(self):
        found = a_deployment(
            labels={"app": "chat", "kustomize.toolkit.fluxcd.io/name": "flux"},
            annotations={"argocd.argoproj.io/tracking-id": "argo"},
        )
        assert found.gitops == (
            ("argocd.argoproj.io/tracking-id", "argo"),
            ("kustomize.toolkit.fluxcd.io/name", "flux"),
        )

    def test_its_template_s_digest_changes_with_anything_in_it(self):
        templates = [{"spec": {"containers": [{"name": "c", "image": image}]}} for image in ("a", "a", "b")]
        first, same, other = (a_deployment(spec={"template": template}).template_digest for template in templates)
        assert (first == same, first == other) == (True, False)

    def test_its_tier(self):
        assert a_deployment(labels={"poolkeeper.io/tier": "spot"}).tier == "spot"

    def test_whose_nodes_it_was_made_for(self):
        assert a_deployment(labels={"poolkeeper.io/provider": "eks"}).provider == "eks"

    def test_all_that_it_belongs_to(self):
        owners = [{"kind": kind, "apiVersion": "v1", "name": "chat", "uid": kind} for kind in ("Deployment", "Other")]
        assert a_deployment(ownerReferences=owners).owners == ("Deployment", "Other")


class TestTarget:
    def test_it_is_ours_when_our_field_manager_owns_the_size(self):
        seen = target(a_deployment(managedFields=[owner("poolkeeper", subresource="scale")]), ())
        assert (seen.replicas, seen.writer, seen.ours) == (3, "poolkeeper", True)

    def test_it_is_not_when_another_does(self):
        assert not target(a_deployment(managedFields=[owner("kubectl-scale")]), ()).ours

    @pytest.mark.parametrize(("labels", "tier"), [({"poolkeeper.io/tier": "spot"}, "spot"), ({}, "on-demand")])
    def test_its_tier(self, labels, tier):
        assert target(a_deployment(labels=labels), ()).tier == tier

    def test_its_pods_are_seen_as_one_says(self):
        seen = Pod("u1", "chat", AT, notice="node n1 is gone")
        assert target(a_deployment(), [(PodView("lab", "chat", "u1", AT),)], lambda _: seen).pods == (seen,)


def test_only_pools_of_our_group_are_owners_that_count():
    owners = [
        {"kind": "InferencePool", "apiVersion": f"{group}/v1", "name": "chat", "uid": group}
        for group in ("inference.networking.k8s.io", "poolkeeper.io")
    ]
    assert a_deployment(ownerReferences=owners).pool_owners == ("poolkeeper.io",)


def a_stateful_set(*, partition=None, strategy="RollingUpdate", start=None, updated=1):
    update = {"type": strategy} | ({} if partition is None else {"rollingUpdate": {"partition": partition}})
    spec = {"replicas": 3, "updateStrategy": update} | ({} if start is None else {"ordinals": {"start": start}})
    body = {"metadata": metadata(), "spec": spec, "status": {"replicas": 3, "updatedReplicas": updated}}
    return stateful_set(read(body, StatefulSetObject))


class TestStatefulSet:
    def test_its_size(self):
        assert (a_stateful_set().replicas, a_stateful_set().shown) == (3, "statefulset/chat")

    @pytest.mark.parametrize(("updated", "rolling"), [(1, True), (3, False)])
    def test_it_rolls_while_older_pods_are_there(self, updated, rolling):
        assert a_stateful_set(updated=updated).rolling is rolling

    @pytest.mark.parametrize(("partition", "rolling"), [(0, True), (1, True), (2, False), (3, False)])
    def test_what_a_partition_holds_back_is_no_rollout(self, partition, rolling):
        assert a_stateful_set(partition=partition).rolling is rolling

    def test_nor_is_one_by_hand(self):
        assert not a_stateful_set(strategy="OnDelete", updated=0).rolling

    @pytest.mark.parametrize(("policy", "one_by_one"), [({}, True), ({"podManagementPolicy": "Parallel"}, False)])
    def test_its_pods_are_made_one_by_one_unless_it_says_otherwise(self, policy, one_by_one):
        found = stateful_set(read({"metadata": metadata(), "spec": policy}, StatefulSetObject))
        assert target(found, ()).one_by_one is one_by_one

    @pytest.mark.parametrize(("start", "ordinals"), [(None, [1, 2]), (1, [0, 1])])
    def test_places_are_counted_from_its_first_ordinal(self, start, ordinals):
        pods = [(PodView("lab", f"chat-{number}", f"u{number}", AT),) for number in (1, 2)]
        assert [pod.ordinal for pod in target(a_stateful_set(start=start), pods).pods] == ordinals

    def test_a_pod_that_bears_no_number_has_no_place(self):
        assert target(a_stateful_set(), [(PodView("lab", "chat-x", "u1", AT),)]).pods[0].ordinal is None


def template(gpus):
    limits = {"resources": {"limits": {"nvidia.com/gpu": str(gpus)}}} if gpus else {}
    return {"spec": {"containers": [{"name": "engine", **limits}]}}


def groups(*, leader=None, worker=4, size=3, updating="False", **status):
    made = {"workerTemplate": template(worker), "size": size}
    made |= {} if leader is None else {"leaderTemplate": template(leader)}
    told = {"conditions": [condition("UpdateInProgress", updating)]} | status
    body = {"metadata": metadata(), "spec": {"replicas": 2, "leaderWorkerTemplate": made}, "status": told}
    return leader_worker_set(read(body, LeaderWorkerSetObject))


class TestLeaderWorkerSet:
    def test_its_size_is_in_groups(self):
        assert (groups().replicas, groups().pods_each, groups().shown) == (2, 3, "leaderworkerset/chat")

    @pytest.mark.parametrize(
        ("leader", "worker", "renting"), [(None, 4, 3), (0, 4, 2), (8, 4, 3), (8, 0, 1), (0, 0, 3), (None, 0, 3)]
    )
    def test_the_pods_with_gpus_are_what_a_group_rents(self, leader, worker, renting):
        assert groups(leader=leader, worker=worker).renting == renting

    def test_no_template_of_its_own_for_leaders_may_be_null(self):
        made = {"workerTemplate": template(4), "leaderTemplate": None, "size": 2}
        body = {"metadata": metadata(), "spec": {"leaderWorkerTemplate": made}}
        assert leader_worker_set(read(body, LeaderWorkerSetObject)).renting == 2

    @pytest.mark.parametrize("updating", ["True", "False"])
    def test_it_says_itself_whether_it_rolls(self, updating):
        assert groups(updating=updating, replicas=2, updatedReplicas=1).rolling is (updating == "True")

    @pytest.mark.parametrize("changes", [{"leader": 8}, {"worker": 8}])
    def test_its_digest_changes_with_either_template(self, changes):
        assert groups().template_digest != groups(**changes).template_digest

    def test_a_group_is_one_replica_in_its_place(self):
        pods = [tuple(PodView("lab", f"chat-1{end}", f"u{end}", AT, group_size=2) for end in ("", "-1"))]
        (seen,) = target(groups(), pods).pods
        assert (seen.name, seen.ordinal) == ("chat-1", 1)


def a_rollout(selector="", **status):
    body = {"metadata": metadata(), "spec": {"selector": None}, "status": {"selector": selector} | status}
    return rollout(read(body, WorkloadObject))


class TestRollout:
    def test_it_is_one_replica_where_nothing_is_said(self):
        assert (a_rollout().replicas, a_rollout().shown) == (1, "rollout/chat")

    @pytest.mark.parametrize(("told", "seen"), [("7", 7), ("", 0), ("6bcf9c", 0), ("9" * 5000, 0)])
    def test_its_generation_is_text(self, told, seen):
        assert a_rollout(observedGeneration=told).observed_generation == seen

    @pytest.mark.parametrize(("hash_", "serves"), [("a", True), ("b", False)])
    def test_a_preview_does_not_serve(self, hash_, serves):
        found = a_rollout("app=chat,rollouts-pod-template-hash=a")
        assert found.serves(PodView("lab", "chat-1", "u1", AT, labels={"rollouts-pod-template-hash": hash_})) is serves

    def test_without_a_preview_all_serve(self):
        assert a_rollout("app=chat").serves(PodView("lab", "chat-1", "u1", AT))
