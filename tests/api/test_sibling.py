from copy import deepcopy

import pytest

from poolkeeper.api.names import LAST_APPLIED, POOL_LABEL, PROVIDER_LABEL, TIER_LABEL
from poolkeeper.api.pinning import is_pinned
from poolkeeper.api.providers import AKS, GKE, KARPENTER
from poolkeeper.api.sibling import blueprint
from poolkeeper.api.workload import TEMPLATE_HASH

OURS = {POOL_LABEL: "talk", TIER_LABEL: "spot", PROVIDER_LABEL: "karpenter"}
LABELS = {"app": "chat", "app.kubernetes.io/instance": "prod"}
TARGET = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "chat",
        "namespace": "inference",
        "uid": "uid-d",
        "labels": {"team": "ml"},
        "annotations": {LAST_APPLIED: "{}", "deployment.kubernetes.io/revision": "3"},
    },
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": LABELS, "matchExpressions": [{"key": "app", "operator": "Exists"}]},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "minReadySeconds": 5,
        "template": {
            "metadata": {"labels": LABELS, "annotations": {"kubectl.kubernetes.io/restartedAt": "now"}},
            "spec": {
                "containers": [{"name": "engine", "image": "vllm"}],
                "nodeSelector": {"karpenter.sh/capacity-type": "on-demand"},
            },
        },
    },
}


def made(provider=KARPENTER, replicas=3, **metadata):
    return plan(provider, **metadata).manifest(replicas)


def plan(provider=KARPENTER, **metadata):
    return blueprint({**TARGET, "metadata": TARGET["metadata"] | metadata}, "talk", provider)


def test_it_has_the_targets_name_and_the_tier():
    assert (made()["metadata"]["name"], made()["metadata"]["namespace"]) == ("chat-spot", "inference")


def test_its_size_is_in_it():
    assert made(replicas=7)["spec"]["replicas"] == 7


def test_it_belongs_to_the_target():
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "chat", "uid": "uid-d"}
    assert made()["metadata"]["ownerReferences"] == [owner]


def test_its_labels_are_the_targets_and_ours():
    assert made()["metadata"]["labels"] == {"team": "ml"} | OURS


@pytest.mark.parametrize(
    "mark",
    [
        "app.kubernetes.io/instance",
        "app.kubernetes.io/managed-by",
        "argocd.argoproj.io/instance",
        "helm.sh/chart",
        "helm.toolkit.fluxcd.io/name",
        "kustomize.toolkit.fluxcd.io/name",
        "applyset.kubernetes.io/part-of",
    ],
)
def test_nobodys_mark_is_copied(mark):
    assert mark not in made(labels={mark: "x"})["metadata"]["labels"]


def test_a_target_without_labels_has_a_sibling_with_ours():
    assert made(labels=None)["metadata"]["labels"] == OURS


def test_its_only_annotation_is_the_digest():
    assert made()["metadata"]["annotations"] == {TEMPLATE_HASH: plan().digest}


def test_its_selector_is_the_targets_and_the_tier():
    expressions = [{"key": "app", "operator": "Exists"}]
    assert made()["spec"]["selector"] == {
        "matchLabels": LABELS | {TIER_LABEL: "spot"},
        "matchExpressions": expressions,
    }


def test_a_selector_by_expressions_alone_gets_the_tier_too():
    target = deepcopy(TARGET)
    del target["spec"]["selector"]["matchLabels"]
    assert blueprint(target, "talk", KARPENTER).body["spec"]["selector"]["matchLabels"] == {TIER_LABEL: "spot"}


def test_its_pods_wear_what_the_targets_wear_and_the_tier():
    metadata = made()["spec"]["template"]["metadata"]
    assert metadata["labels"] == LABELS | {TIER_LABEL: "spot"}
    assert metadata["annotations"] == {"kubectl.kubernetes.io/restartedAt": "now"}


def test_it_rolls_as_the_target_does():
    spec = made()["spec"]
    assert (spec["strategy"], spec["minReadySeconds"], "paused" in spec) == (TARGET["spec"]["strategy"], 5, False)


def test_it_requires_spot_instead_of_on_demand():
    pod = made()["spec"]["template"]["spec"]
    assert not is_pinned(pod, KARPENTER)
    assert "nodeSelector" not in pod


@pytest.mark.parametrize("provider", [GKE, AKS], ids=lambda one: one.name)
def test_it_tolerates_the_providers_taints(provider):
    pod, (taint,) = made(provider)["spec"]["template"]["spec"], provider.taints
    toleration = {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": "NoSchedule"}
    assert pod["tolerations"] == [toleration]


def test_what_is_tolerated_anyway_is_not_tolerated_twice():
    target = deepcopy(TARGET)
    target["spec"]["template"]["spec"]["tolerations"] = [{"operator": "Exists"}]
    body = blueprint(target, "talk", AKS).body
    assert body["spec"]["template"]["spec"]["tolerations"] == [{"operator": "Exists"}]


def test_the_digest_is_the_same_whatever_the_targets_size():
    target = deepcopy(TARGET)
    target["spec"]["replicas"] = 9
    assert blueprint(target, "talk", KARPENTER).digest == plan().digest


def test_the_digest_tells_templates_apart():
    target = deepcopy(TARGET)
    target["spec"]["template"]["spec"]["containers"][0]["image"] = "vllm:2"
    assert blueprint(target, "talk", KARPENTER).digest != plan().digest


@pytest.mark.parametrize(("provider", "pinned"), [(KARPENTER, True), (GKE, False)], ids=["karpenter", "gke"])
def test_it_says_whether_the_target_is_pinned(provider, pinned):
    assert plan(provider).pinned is pinned


def test_it_says_what_budgets_and_services_select_by():
    assert (plan().selector, plan().labels) == (TARGET["spec"]["selector"], LABELS)


def test_of_variables_that_repeat_the_last_is_kept_as_the_kubelet_does():
    target = deepcopy(TARGET)
    variables = [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)"}, {"name": "A", "value": "2"}]
    target["spec"]["template"]["spec"]["containers"][0]["env"] = variables
    (container,) = blueprint(target, "talk", KARPENTER).body["spec"]["template"]["spec"]["containers"]
    assert container["env"] == variables[1:]


def test_init_containers_and_pull_secrets_are_no_exception():
    target, twice = deepcopy(TARGET), [{"name": "x"}, {"name": "x"}]
    target["spec"]["template"]["spec"] |= {"initContainers": [{"env": twice}], "imagePullSecrets": twice}
    pod = blueprint(target, "talk", KARPENTER).body["spec"]["template"]["spec"]
    assert (pod["initContainers"], pod["imagePullSecrets"]) == ([{"env": twice[:1]}], twice[:1])


def pod_of(**spec):
    target = deepcopy(TARGET)
    target["spec"]["template"]["spec"] |= spec
    return blueprint(target, "talk", KARPENTER).body["spec"]["template"]["spec"]


def test_the_names_of_an_address_are_put_together():
    aliases = [("10.0.0.1", ["a"]), ("10.0.0.2", ["c"]), ("10.0.0.1", ["b", "a"])]
    pod = pod_of(hostAliases=[{"ip": address, "hostnames": names} for address, names in aliases])
    assert [(one["ip"], one["hostnames"]) for one in pod["hostAliases"]] == [
        ("10.0.0.1", ["a", "b"]),
        ("10.0.0.2", ["c"]),
    ]


NUMBER = {"containerPort": 8000, "protocol": "TCP"}
HTTP, METRICS = NUMBER | {"name": "http"}, NUMBER | {"name": "metrics"}


@pytest.mark.parametrize(
    ("ports", "kept"),
    [
        ([NUMBER, {"containerPort": 8000}], [{"containerPort": 8000}]),
        ([NUMBER, HTTP], [HTTP]),
        ([NUMBER, NUMBER | {"protocol": "UDP"}], [NUMBER, NUMBER | {"protocol": "UDP"}]),
        ([HTTP, METRICS], [HTTP, METRICS]),
    ],
    ids=["said twice", "named once", "another protocol", "two names"],
)
def test_a_port_that_only_repeats_a_number_is_left_out(ports, kept):
    assert pod_of(containers=[{"name": "engine", "ports": ports}])["containers"][0]["ports"] == kept


def test_a_target_whose_pods_wear_no_labels_has_a_sibling_whose_pods_wear_the_tier():
    target = deepcopy(TARGET)
    del target["spec"]["template"]["metadata"]
    body = blueprint(target, "talk", KARPENTER).body
    assert body["spec"]["template"]["metadata"]["labels"] == {TIER_LABEL: "spot"}
