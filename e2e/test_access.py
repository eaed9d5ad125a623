"""Least privilege: the manifests' account is enough for all that the operator does, and holds nothing besides."""

from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from secrets import token_hex

import pytest
import yaml

from controlplane import KubectlError
from poolkeeper.api.target import KINDS
from rig import audit
from rig.api import collection
from rig.ground import Ground
from rig.guarded import GuardedPages
from rig.install import BASE, Installation, installed
from rig.manifests import deployment, pool, published
from rig.picker import V1ALPHA2, Picker
from rig.space import Space
from rig.spot import SpotPool, capacity
from rig.waiting import eventually
from rig.workloads import define_kinds, leader_worker_set, rollout, stateful_set

pytestmark = [pytest.mark.xdist_group("access"), pytest.mark.lasts(60)]

Right = tuple[str, str, str]
QUEUE = published(grace="1s")
PRICED = {"pricePerGPUHour": {"on-demand": "3.00"}}
OLD_MONTH = "poolkeeper-ledger-2020-01-gone"
UNUSED = {
    ("keda.sh", "scaledobjects", "watch"): "there is nothing to watch until KEDA is installed",
    **{
        (kind.group, f"{kind.plural}/scale", "get"): "only after somebody else's write came between a look and ours"
        for kind in KINDS.values()
    },
    ("policy", "poddisruptionbudgets", "create"): "asked for where an apply makes one; the log calls it a patch",
}


@pytest.fixture(scope="module")
def installation(ground: Ground) -> Iterator[Installation]:
    with installed(ground.cluster, f"access-{token_hex(3)}") as made:
        yield made


@pytest.fixture(scope="module")
def space(ground: Ground, installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Space]:
    """A namespace in which an operator with the manifests' rights has done all that it ever does."""
    define_kinds(ground.cluster)
    made = Space(ground, f"access-{token_hex(3)}")
    old = {"name": OLD_MONTH, "namespace": installation.namespace, "labels": {"poolkeeper.io/ledger": "2020-01"}}
    ground.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": old})
    made.operate(*installation.arguments, kubeconfig=installation.kubeconfig).wait_until_leading()
    made.create(templated("own", "vllm:1"))
    made.deploy("chat")
    made.fleet.queue(made.workload("chat"), 1500)
    made.create(pool("chat", QUEUE, maxReplicas=3, cost=PRICED))
    made.wait_for_size("chat", 3)
    made.wait_until_ready("own", 2)
    made.api.patch(made.path("InferencePool", "own"), {"spec": templated("own", "vllm:2")["spec"]})
    made.fleet.queue(made.workload("chat"), 0)
    live_on_spot(made)
    live_on_other_kinds(made)
    eventually(lambda: made.sizes("chat") == [2, 3, 2], "up and down")
    eventually(lambda: made.record.newest("Deployment", "own")["metadata"]["generation"] > 1, "a new template")
    eventually(lambda: (made.status("chat").get("lastDecision") or {}).get("to") == 2, "the status says so")
    eventually(lambda: renewed(ground, installation), "the lease was renewed")
    live_on_a_picker(made)
    live_on_a_secret(made, installation, tmp_path_factory.mktemp("guarded"))
    live_on_money(made, installation)
    yield made
    made.close()


def live_on_other_kinds(space: Space) -> None:
    """Let targets of other kinds be brought to their pools' minimum, whoever then makes their pods."""
    for target in (stateful_set("row", 1), leader_worker_set("groups", 1), rollout("canary", 1)):
        kind, name = target["kind"], target["metadata"]["name"]
        space.create(target, pool(name, QUEUE, targetRef={"kind": kind, "name": name}))
        eventually(partial(has_minimum, space, space.path(kind, name)), f"{name} has its minimum")


def has_minimum(space: Space, path: str) -> bool:
    return bool(space.api.get(path)["spec"]["replicas"] == 2)


def live_on_spot(space: Space) -> None:
    """Let a pool be split, lose a replica and have it back, and give spot up."""
    split = SpotPool(space, "split")
    split.add_nodes("on-demand", 1, gpus=10)
    split.add_nodes("spot", 5)
    split.deploy(1).create(4, capacity("eks"))
    split.wait_until_split(1, 3)
    split.lose(1)
    split.wait_until_split(1, 3)
    space.api.patch(space.path("InferencePool", "split"), {"spec": {"capacity": None}})
    eventually(lambda: not space.record.newest("Deployment", "split-spot"), "the sibling is removed")


def live_on_a_picker(space: Space) -> None:
    """Let a pool ask a picker, whose InferencePool is of the older version: the newer one is looked for first."""
    with Picker(space, "picked", V1ALPHA2) as picker:
        space.deploy(picker.name)
        space.create(pool(picker.name, published(sources=[picker.source])))
        space.wait_for_condition(picker.name, "MetricsAvailable", "AsExpected")


def live_on_a_secret(space: Space, installation: Installation, folder: Path) -> None:
    """Let a pool ask pages that want a token, which a Role of the pool's namespace lets the operator read."""
    inside = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{space.name}"
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["guarded"], "verbs": ["get"]}
    subject = {"kind": "ServiceAccount", "name": installation.account, "namespace": installation.namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "guarded"}
    space.api.post(f"{inside}/roles", {"metadata": {"name": "guarded"}, "rules": [rule]})
    space.api.post(f"{inside}/rolebindings", {"metadata": {"name": "guarded"}, "roleRef": role, "subjects": [subject]})
    with GuardedPages(folder, "s3cr3t") as pages:
        keys = {"token": pages.token, "ca.crt": pages.trusted}
        secret = {"metadata": {"name": "guarded"}, "stringData": keys}
        space.api.post(f"/api/v1/namespaces/{space.name}/secrets", secret)
        space.deploy("guarded")
        space.create(pool("guarded", published(sources=[pages.source("guarded")])))
        space.wait_for_condition("guarded", "MetricsAvailable", "AsExpected")


def live_on_money(space: Space, installation: Installation) -> None:
    """Let a pool end that cost something, and an old month of the ledger go."""
    months = collection("ConfigMap", installation.namespace)

    def kept() -> set[str]:
        found = space.api.get(f"{months}?labelSelector=poolkeeper.io%2Fledger")["items"]
        return {one["metadata"]["name"] for one in found}

    uid = space.record.newest("InferencePool", "chat")["metadata"]["uid"]
    space.api.delete(space.path("InferencePool", "chat"))
    eventually(lambda: any(name.endswith(uid) for name in kept()), "the last day is in the ledger")
    eventually(lambda: OLD_MONTH not in kept(), "the old month is gone")


def renewed(ground: Ground, installation: Installation) -> bool:
    asked = audit.requests(ground.cluster, installation.user)
    return any((one.resource, one.verb) == ("leases", "patch") for one in asked)


def templated(name: str, image: str) -> dict[str, object]:
    template = deployment(name, 0)["spec"]["template"]
    template["spec"]["containers"][0]["image"] = image
    made = pool(name, QUEUE, template=template)
    del made["spec"]["targetRef"]
    return made


def rules() -> list[dict[str, list[str]]]:
    """Return the rules of the operator's own roles."""
    files = ("cluster-role.yaml", "lease-role.yaml", "money-role.yaml")
    documents = [found for name in files for found in yaml.safe_load_all((BASE / name).read_text())]
    return [rule for found in documents for rule in found.get("rules", ())]


def granted() -> set[Right]:
    return {
        (group, resource, verb)
        for rule in rules()
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def requests(space: Space, installation: Installation) -> list[audit.Request]:
    return audit.requests(space.ground.cluster, installation.user)


def may(space: Space, installation: Installation, verb: str, resource: str) -> bool:
    """Return what the API server says to a right in every namespace."""
    question = ("auth", "can-i", verb, resource, "--all-namespaces", f"--as={installation.user}")
    try:
        return space.ground.cluster.kubectl(*question).strip() == "yes"
    except KubectlError:
        return False


def test_no_rule_has_a_wildcard() -> None:
    lines = [line.split("#")[0] for path in BASE.glob("*.yaml") for line in path.read_text().splitlines()]
    assert [line for line in lines if "*" in line] == []


def test_the_image_is_this_version() -> None:
    (image,) = yaml.safe_load((BASE / "kustomization.yaml").read_text())["images"]
    assert image["newTag"] == version("poolkeeper")


def test_its_pods_keep_the_restricted_profile(ground: Ground, installation: Installation) -> None:
    space = ground.cluster.get("namespace", installation.namespace)
    enforced = space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    found = ("deployment", installation.account, "-n", installation.namespace)
    eventually(lambda: ground.cluster.get(*found)["status"].get("availableReplicas") == 2, "both are admitted")
    assert enforced == "restricted"


def test_nothing_was_refused(space: Space, installation: Installation) -> None:
    assert [one for one in requests(space, installation) if one.status in {401, 403}] == []


def test_its_log_tells_of_no_refusal(space: Space) -> None:
    assert "forbidden" not in space.operators[0].log.lower()


def test_every_right_was_used(space: Space, installation: Installation) -> None:
    used = {(one.group, one.resource, one.verb) for one in requests(space, installation)}
    assert granted() - used <= UNUSED.keys()


def test_it_wrote_nowhere_but_here_and_to_its_lease(space: Space, installation: Installation) -> None:
    places = {one.namespace for one in requests(space, installation) if one.writes}
    assert places == {space.name, installation.namespace}


def test_it_may_watch_the_whole_cluster_and_take_nothing_from_it(space: Space, installation: Installation) -> None:
    asked = ("watch pods", "watch inferencepools.poolkeeper.io", "get secrets", "delete pods")
    assert [may(space, installation, *right.split()) for right in asked] == [True, True, False, False]
