"""The admission policies on a real API server: what they refuse, and what they let pass."""

from collections.abc import Iterator
from secrets import token_hex
from typing import Any

import pytest

from controlplane import Cluster
from rig.ground import Ground
from rig.manifests import pool
from rig.policies import enforced, refusal
from rig.space import make_namespace
from rig.waiting import eventually

pytestmark = pytest.mark.xdist_group("policies")

Json = dict[str, Any]
Place = tuple[Cluster, str]

ANN, BOB, CAT = "ann", "bob", "cat"
POOLS = {"apiGroups": ["poolkeeper.io"], "resources": ["inferencepools"], "verbs": ["create", "get", "patch", "update"]}
ALL = [
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["create"]},
    {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["patch"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]},
]
SECRET = {"name": "scrape", "key": "token"}
LIMITS = {
    "policy.poolkeeper.io/max-replicas": "8",
    "policy.poolkeeper.io/max-monthly-budget": "15000",
    "policy.poolkeeper.io/servers": "default work",
}
BUDGET = {"cost": {"budget": {"monthly": "15000", "enforce": "HoldScaleUp"}}}
OVERRIDE = "poolkeeper.io/override"


def place(ground: Ground, annotations: dict[str, str]) -> str:
    """Make a namespace in which ann may do what a pool does, bob may only write pools, and cat scale besides."""
    name = f"policies-{token_hex(3)}"
    make_namespace(ground.api, name)
    ground.api.patch(f"/api/v1/namespaces/{name}", {"metadata": {"annotations": annotations}})
    inside = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{name}"
    for user, rules in ((ANN, [POOLS, *ALL]), (BOB, [POOLS]), (CAT, [POOLS, ALL[1]])):
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user}
        subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}
        ground.api.post(f"{inside}/roles", {"metadata": {"name": user}, "rules": rules})
        ground.api.post(f"{inside}/rolebindings", {"metadata": {"name": user}, "roleRef": role, "subjects": [subject]})
    return name


@pytest.fixture(scope="module")
def free(ground: Ground) -> Iterator[Place]:
    """A namespace where writers are held to their own rights."""
    name = place(ground, {})
    with enforced(ground.cluster, "writers", name, [name]):
        made = ground.cluster, name
        eventually(lambda: refused(made, pool("chat"), BOB), "the policy is in force")
        yield made
    ground.api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def limited(ground: Ground) -> Iterator[Place]:
    """A namespace with limits of every kind."""
    name = place(ground, LIMITS)
    ground.api.create(pool("old", maxReplicas=99) | {"metadata": {"name": "old", "namespace": name}})
    with enforced(ground.cluster, "namespaces", name, [name]):
        made = ground.cluster, name
        eventually(lambda: refused(made, pool("chat")), "the policy is in force")
        yield made
    ground.api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture(scope="module")
def euros(ground: Ground) -> Iterator[Place]:
    """A namespace with a budget in euros."""
    name = place(ground, {"policy.poolkeeper.io/max-monthly-budget": "15000 EUR"})
    with enforced(ground.cluster, "namespaces", name, [name]):
        made = ground.cluster, name
        eventually(lambda: refused(made, pool("chat")), "the policy is in force")
        yield made
    ground.api.delete(f"/api/v1/namespaces/{name}")


def refused(place: Place, body: Json, user: str = ANN) -> str:
    """Return what the policies say to a pool that somebody would make."""
    cluster, namespace = place
    return refusal(cluster, user, "create", "-n", namespace, "-f", "-", body=body)


def source(**given: object) -> Json:
    return {"queue": {"sources": [{"name": "one", **given}]}}


def overriding(text: str, **spec: object) -> Json:
    made = pool("chat", None, **spec)
    made["metadata"]["annotations"] = {OVERRIDE: text}
    return made


def budgeted(**cost: object) -> Json:
    return pool("chat", cost={**BUDGET["cost"], **cost})


def templated() -> Json:
    made = pool("own", template={"spec": {"containers": [{"name": "vllm", "image": "vllm"}]}})
    del made["spec"]["targetRef"]
    return made


ACTS = [
    (pool("chat"), "you may not scale Deployment chat"),
    (pool("chat", targetRef={"kind": "StatefulSet", "name": "row"}), "you may not scale StatefulSet row"),
    (templated(), "you may not create Deployments here"),
    (pool("chat", mode="Observe", **source(pods={"tokenSecretRef": SECRET})), "you may not read the Secrets here"),
    (
        pool("chat", mode="Observe", **source(pods={"tls": {"caSecretRef": SECRET}})),
        "you may not read the Secrets here",
    ),
    (
        pool(
            "chat",
            mode="Observe",
            **source(endpointPicker={"inferencePoolRef": {"name": "p"}, "tokenSecretRef": SECRET}),
        ),
        "you may not read the Secrets here",
    ),
    (
        overriding('{"spec": {"queue": {"sources": [{"pods": {"tokenSecretRef": {}}}]}}}', mode="Observe"),
        "you may not read the Secrets here",
    ),
    (overriding('{"until": "2099-01-01T00:00:00Z", "spec": {"mode": "Active"}}', mode="Observe"), "you may not scale"),
    (overriding('{"until": "2099-01-01T00:00:00Z", "spec": {"mode":null}}', mode="Observe"), "you may not scale"),
    (overriding('{"spec": {"m\\u006fde": null}}', mode="Observe"), "you may not scale"),
]


@pytest.mark.parametrize(("body", "words"), ACTS)
def test_a_pool_does_nothing_that_its_writer_may_not_do(free: Place, body: Json, words: str) -> None:
    assert words in refused(free, body, BOB)


def test_what_is_hidden_in_an_override_may_be_a_secret(free: Place) -> None:
    hidden = overriding('{"spec": {"\\u0071ueue": {}}}')
    assert "you may not read the Secrets here" in refused(free, hidden, CAT)


@pytest.mark.parametrize("body", [pool("chat"), templated(), pool("chat", **source(pods={"tokenSecretRef": SECRET}))])
def test_who_may_do_it_may_have_a_pool_do_it(free: Place, body: Json) -> None:
    assert refused(free, body) == ""


@pytest.mark.parametrize(
    "body", [pool("chat", mode="Observe"), overriding('{"spec": {"minReplicas": 6}}', mode="Observe")]
)
def test_who_may_only_write_pools_may_watch_by_them(free: Place, body: Json) -> None:
    assert refused(free, body, BOB) == ""


def test_who_may_scale_may_let_a_pool_act_for_a_while(free: Place) -> None:
    assert refused(free, overriding('{"spec": {"mode": "Active"}}', mode="Observe")) == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (pool("chat", maxReplicas=9, **BUDGET), "this namespace may have at most 8"),
        (pool("chat"), "this namespace wants monthly of at most 15000, and enforce: HoldScaleUp"),
        (pool("chat", cost={"budget": {"monthly": "15000"}}), "enforce: HoldScaleUp"),
        (pool("chat", cost={"budget": {"monthly": "15001", "enforce": "HoldScaleUp"}}), "at most 15000"),
        (budgeted(currency="EUR"), "this namespace has its budget in USD"),
        (budgeted(pricePerGPUHour={"on-demand": "0"}), "the price book counts"),
        (budgeted(commitments=[{"gpus": 4, "pricePerGPUHour": "0"}]), "the price book counts"),
        (budgeted(gpusPerReplica="0.001"), "the price book counts"),
        (pool("chat", **BUDGET, **source(redis={"server": "theirs", "list": "jobs"})), "may name: default work"),
        (pool("chat", **BUDGET, **source(rabbitMq={"server": "theirs", "queue": "jobs"})), "may name: default work"),
        (
            pool("chat", **BUDGET, **source(prometheus={"server": "theirs", "metric": "jobs"})),
            "may name: default work",
        ),
        (pool("chat", **BUDGET, **source(prometheus={"query": "sum(up)"})), "a raw query can see every namespace"),
        (
            pool("chat", cost={**BUDGET["cost"], "units": [{"name": "orders", "query": "sum(up)"}]}),
            "a raw query can see every namespace",
        ),
        (overriding('{"spec": {"maxReplicas": 99}}', **BUDGET), "it touches what is limited"),
        (overriding('{"spec": {"m\\u0061xReplicas": 99}}', **BUDGET), "it touches what is limited"),
        (overriding('{"spec": {"queue": {"sources": []}}}', **BUDGET), "it touches what is limited"),
    ],
)
def test_a_namespace_has_its_limits(limited: Place, body: Json, words: str) -> None:
    assert words in refused(limited, body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (budgeted(), "this namespace has its budget in EUR"),
        (
            pool("chat", cost={"currency": "EUR", "budget": {"monthly": "15001", "enforce": "HoldScaleUp"}}),
            "at most 15000 EUR",
        ),
    ],
)
def test_a_namespace_has_its_budget_in_its_own_currency(euros: Place, body: Json, words: str) -> None:
    assert words in refused(euros, body)


def test_a_budget_may_be_in_another_currency(euros: Place) -> None:
    assert refused(euros, budgeted(currency="EUR")) == ""


def test_nobody_lifts_a_budget_that_a_namespace_must_have(limited: Place) -> None:
    body = pool("chat", **BUDGET)
    body["metadata"]["annotations"] = {"poolkeeper.io/budget-lifted-until": "2030-01-01T00:00:00Z"}
    assert "nobody lifts a budget" in refused(limited, body)


@pytest.mark.parametrize(
    "body",
    [
        pool("chat", **BUDGET),
        budgeted(currency="USD", timezone="Europe/Berlin"),
        pool("chat", **BUDGET, **source(redis={"server": "work", "list": "jobs"})),
        overriding('{"spec": {"minReplicas": 6}}', **BUDGET),
    ],
)
def test_what_is_within_the_limits_passes(limited: Place, body: Json) -> None:
    assert refused(limited, body) == ""


def test_what_was_there_before_keeps_its_costs_up_to_date(limited: Place) -> None:
    cluster, namespace = limited
    assert refusal(cluster, ANN, "annotate", "ipool", "old", "poolkeeper.io/cost-per-hour=3.00", "-n", namespace) == ""


def test_what_was_there_before_is_held_to_the_limits_once_it_changes(limited: Place) -> None:
    cluster, namespace = limited
    lower = ("patch", "ipool", "old", "--type=merge", "-p", '{"spec": {"maxReplicas": 98}}', "-n", namespace)
    assert "this namespace may have at most 8" in refusal(cluster, ANN, *lower)
