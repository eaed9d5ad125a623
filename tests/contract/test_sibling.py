"""What becomes of a real Deployment's sibling, its budget and its pods' ranks, whoever else writes them."""

import asyncio
import json
import shlex
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from tests.contract.objects import until

from builders import BODY
from poolkeeper.api.names import API_VERSION, KIND, POOL_LABEL, PROVIDER_LABEL, RESOURCE, TIER_LABEL
from poolkeeper.api.pinning import REQUIRED, advice, is_pinned
from poolkeeper.api.providers import KARPENTER, PROVIDERS
from poolkeeper.api.workload import TEMPLATE_HASH
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import victims
from poolkeeper.shell.access import Access
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.disruption import Budgets, Covered
from poolkeeper.shell.kube_errors import ConflictError, Invalid, KubeError
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.sibling import Siblings

pytestmark = pytest.mark.cluster

DONE = {"ReplicaSetUpdated", "NewReplicaSetAvailable"}
LABELS = {"app": "chat"}
PINNED = {"nodeSelector": {"karpenter.sh/capacity-type": "on-demand", "gpu": "h100"}}
TERMS = [
    {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]},
    {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["b"]}]},
]
TEMPLATES = {
    "plain": {},
    "zones": {"affinity": {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": TERMS}}}},
    "on spot": {"nodeSelector": {key: value for provider in PROVIDERS for key, value in provider.spot[:1]}},
    "tolerant": {"tolerations": [{"operator": "Exists"}]},
}


def deployment(**pod):
    container = {"name": "engine", "image": "vllm:1", "env": [{"name": "MODEL", "value": "m"}]}
    template = {"metadata": {"labels": LABELS}, "spec": {"containers": [container], **pod}}
    metadata = {"name": "chat", "labels": {"team": "ml", "app.kubernetes.io/instance": "prod"}}
    spec = {"replicas": 2, "selector": {"matchLabels": LABELS}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def is_done(said, size):
    """Return whether a Deployment's controller has nothing more to write: until then its version moves."""
    status = said["status"]
    conditions = {one["type"]: one["reason"] for one in status.get("conditions", ())}
    made = status.get("replicas", 0) == status.get("updatedReplicas", 0) == size
    current = status.get("observedGeneration") == said["metadata"]["generation"]
    return made and current and conditions.get("Progressing") in DONE


class Rig:
    """A pinned target, its pool, and the operator's picture of a namespace of their own."""

    def __init__(self, plane, kube, namespace):
        self.plane, self.kube, self.namespace = plane, kube, namespace
        self.cluster = Cluster(kube, (namespace,))
        self.path = f"/apis/apps/v1/namespaces/{namespace}/deployments"
        self.siblings, self.budgets = Siblings(kube, self.cluster), Budgets(kube, self.cluster)
        self.plane.apply({"apiVersion": API_VERSION, "kind": KIND, "metadata": self.name, "spec": BODY["spec"]})
        self.turn_to("chat")

    @property
    def name(self):
        return {"name": "chat", "namespace": self.namespace}

    def turn_to(self, target):
        """Let the pool name this target. It is the real one: what an owner that is none bears is deleted."""
        found = self.get(RESOURCE, "chat")["metadata"]
        self.pool = Pools().take({"metadata": found, "spec": BODY["spec"] | {"targetRef": {"name": target}}})

    @property
    def target(self):
        return self.cluster.deployment((self.namespace, "chat"))

    @property
    def sibling(self):
        return self.cluster.deployment((self.namespace, "chat-spot"))

    @property
    def budget(self):
        return next(iter(self.cluster.budgets(self.namespace)), None)

    def kubectl(self, *words):
        return self.plane.kubectl("--namespace", self.namespace, *words)

    def get(self, *words):
        return self.plane.get("--namespace", self.namespace, *words)

    @property
    def container(self):
        return self.get("deployment", "chat-spot")["spec"]["template"]["spec"]["containers"][0]

    async def plan(self):
        return await self.siblings.blueprint(self.pool, self.target, KARPENTER)

    async def guard(self, size=10):
        plan = await self.plan()
        return await self.budgets.keep(self.pool, Covered(plan.selector, plan.labels), size)

    async def keep(self, size=3):
        return await self.siblings.keep(self.pool, self.target, await self.plan(), size)

    async def seen(self):
        """Wait until the picture shows the sibling's spec and annotations as they are."""
        now = self.get("deployment", "chat-spot")["metadata"]
        wanted = now["generation"], now["annotations"].get(TEMPLATE_HASH, "")
        await until(lambda: (self.sibling.generation, self.sibling.template_hash) == wanted)

    async def made(self, size=3):
        """Make the sibling, and wait until its controller has nothing more to write: that moves its version."""
        await self.keep(size)
        await until(lambda: self.sibling and self.is_seen(self.get("deployment", "chat-spot"), size))

    def is_seen(self, said, size):
        return is_done(said, size) and said["metadata"]["resourceVersion"] == self.sibling.resource_version

    def freeze(self):
        """Let the picture be as it is now, whatever comes."""
        picture = Cluster(self.kube)
        picture.deployments.items.update(self.cluster.deployments.items)
        self.cluster, self.siblings = picture, Siblings(self.kube, picture)

    async def retemplated(self, *words):
        """Change the target's template by kubectl, and wait until that is seen."""
        before = self.target.template_digest
        self.kubectl(*words)
        await until(lambda: self.target.template_digest != before)


@asynccontextmanager
async def following(cluster):
    found = [cluster.reflectors[kind] for kind in ("deployments", "replicasets", "pods", "poddisruptionbudgets")]
    tasks = [asyncio.create_task(one.run()) for one in found]
    try:
        await asyncio.gather(*(one.synced() for one in found))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def access(cluster):
    return Access.from_kubeconfig(cluster.kubeconfig)


@pytest.fixture
async def rig(cluster, crd, kube, leases):
    rig = Rig(cluster, kube, leases.split("/")[-2])
    await kube.post(rig.path, deployment(**PINNED))
    async with following(rig.cluster):
        yield rig


class Advised:
    """A target that is not pinned, and the command that is advised for it."""

    def __init__(self, plane, path):
        self.plane, self.namespace, self.path = plane, path.split("/")[-2], path

    @property
    def pod(self):
        return self.plane.get("--namespace", self.namespace, "deployment", "chat")["spec"]["template"]["spec"]

    def follow(self, provider):
        words = advice(self.namespace, "chat", self.pod, provider).partition("kubectl ")[2]
        self.plane.kubectl(*shlex.split(words))


@pytest.fixture
def advised(cluster, leases):
    return Advised(cluster, leases.replace("coordination.k8s.io", "apps").replace("leases", "deployments"))


@pytest.mark.parametrize("template", TEMPLATES)
@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.name)
async def test_the_patch_that_is_advised_pins_the_target(advised, kube, provider, template):
    await kube.post(advised.path, deployment(**TEMPLATES[template]))
    advised.follow(provider)
    assert is_pinned(advised.pod, provider)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.name)
async def test_the_patch_keeps_what_else_the_target_requires(advised, kube, provider):
    await kube.post(advised.path, deployment(**TEMPLATES["zones"]))
    advised.follow(provider)
    terms = advised.pod["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert [term["matchExpressions"][0]["values"] for term in terms] == [["a"], ["b"]]


async def test_a_sibling_is_made_at_the_size_asked_for(rig):
    standing = await rig.keep(3)
    await until(lambda: rig.sibling)
    assert (standing.reason, rig.sibling.replicas, rig.sibling.tier) == (Reason.SIBLING_MISSING, 3, "spot")


async def test_it_bears_the_targets_labels_without_its_marks(rig):
    await rig.made()
    labels = rig.get("deployment", "chat-spot")["metadata"]["labels"]
    assert labels == {"team": "ml", POOL_LABEL: "chat", TIER_LABEL: "spot", PROVIDER_LABEL: "karpenter"}


async def test_nothing_is_written_where_nothing_differs(rig):
    await rig.made()
    rig.kube.apply = None  # whoever calls it fails
    assert (await rig.keep()).reason is Reason.AS_EXPECTED


async def test_a_new_image_of_the_target_follows_and_the_size_stays(rig):
    await rig.made()
    await rig.kube.patch(f"{rig.path}/chat-spot/scale", {"spec": {"replicas": 5}})
    await rig.retemplated("set", "image", "deployment/chat", "engine=vllm:2")
    await rig.keep()
    assert rig.container["image"] == "vllm:2"
    assert rig.get("deployment", "chat-spot")["spec"]["replicas"] == 5


async def test_a_size_that_moved_unseen_stays(rig):
    await rig.made()
    await rig.retemplated("set", "image", "deployment/chat", "engine=vllm:2")
    rig.freeze()
    rig.kubectl("scale", "deployment/chat-spot", "--replicas=7")
    await until(lambda: is_done(rig.get("deployment", "chat-spot"), 7))
    await rig.keep()
    assert rig.get("deployment", "chat-spot")["spec"]["replicas"] == 7


async def test_a_restart_of_the_target_rolls_the_sibling(rig):
    await rig.made()
    await rig.retemplated("rollout", "restart", "deployment/chat")
    await rig.keep()
    template = rig.get("deployment", "chat-spot")["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]


async def test_a_variable_that_somebody_adds_stays_and_is_not_fought(rig):
    await rig.made()
    rig.kubectl("set", "env", "deployment/chat-spot", "DEBUG=1")
    await rig.retemplated("set", "image", "deployment/chat", "engine=vllm:2")
    await rig.seen()
    standing = await rig.keep()
    assert (standing.reason, rig.container["image"]) == (Reason.AS_EXPECTED, "vllm:2")
    assert {"name": "DEBUG", "value": "1"} in rig.container["env"]


async def test_a_field_that_somebody_keeps_is_said_and_the_rest_follows(rig):
    await rig.made()
    rig.kubectl("set", "env", "deployment/chat-spot", "MODEL=other")
    await rig.retemplated("set", "image", "deployment/chat", "engine=vllm:2")
    standing = await rig.keep()
    assert (rig.container["image"], rig.container["env"]) == ("vllm:2", [{"name": "MODEL", "value": "other"}])
    assert standing.reason is Reason.SIBLING_BEHIND
    assert '.env[name="MODEL"].value (kubectl-set)' in standing.detail


async def test_it_is_said_as_long_as_it_lasts_and_not_tried_again(rig):
    await rig.made()
    rig.kubectl("set", "env", "deployment/chat-spot", "MODEL=other")
    await rig.retemplated("set", "image", "deployment/chat", "engine=vllm:2")
    first = await rig.keep()
    await rig.seen()
    rig.kube.apply = None  # whoever calls it fails
    assert await rig.keep() == first


async def test_a_restart_of_the_operator_finds_out_again(rig):
    await rig.made()
    rig.kubectl("set", "env", "deployment/chat-spot", "MODEL=other")
    await rig.retemplated("set", "image", "deployment/chat", "engine=vllm:2")
    first = await rig.keep()
    await rig.seen()
    rig.siblings = Siblings(rig.kube, rig.cluster)
    assert await rig.keep() == first


async def test_once_the_field_is_given_up_the_sibling_is_whole_again(rig):
    await rig.made()
    rig.kubectl("set", "env", "deployment/chat-spot", "MODEL=other")
    await rig.retemplated("set", "image", "deployment/chat", "engine=vllm:2")
    await rig.keep()
    rig.kubectl("set", "env", "deployment/chat-spot", "MODEL-")
    await rig.seen()
    assert (await rig.keep()).reason is Reason.AS_EXPECTED
    assert rig.container["env"] == [{"name": "MODEL", "value": "m"}]


async def test_the_next_pool_adopts_it_without_a_rollout(rig):
    await rig.made()
    metadata = BODY["metadata"] | {"namespace": rig.namespace, "name": "talk", "uid": "uid-2"}
    rig.pool = Pools().take(BODY | {"metadata": metadata})
    before = rig.sibling.template_digest
    assert (await rig.keep()).reason is Reason.AS_EXPECTED
    await rig.seen()
    assert (rig.sibling.template_digest, rig.sibling.replicas) == (before, 3)


@pytest.mark.parametrize(
    ("path", "twice"),
    [
        ("/containers/0/env", [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]),
        ("/containers/0/ports", [{"containerPort": 8000}, {"containerPort": 8000, "name": "http"}]),
        ("/imagePullSecrets", [{"name": "registry"}, {"name": "registry"}]),
        ("/hostAliases", [{"ip": "10.0.0.1", "hostnames": ["a"]}, {"ip": "10.0.0.1", "hostnames": ["b"]}]),
    ],
)
async def test_a_target_that_says_a_key_twice_has_a_sibling(rig, path, twice):
    change = [{"op": "add", "path": f"/spec/template/spec{path}", "value": twice}]
    await rig.retemplated("patch", "deployment", "chat", "--type=json", "--patch", json.dumps(change))
    assert (await rig.keep()).reason is Reason.SIBLING_MISSING
    await until(lambda: rig.sibling)


async def test_one_that_names_a_port_twice_is_refused_in_words(rig):
    ports = [{"containerPort": 8000, "name": "http"}, {"containerPort": 8000, "name": "metrics"}]
    change = [{"op": "add", "path": "/spec/template/spec/containers/0/ports", "value": ports}]
    await rig.retemplated("patch", "deployment", "chat", "--type=json", "--patch", json.dumps(change))
    with pytest.raises(KubeError, match="duplicate entries for key"):
        await rig.keep()


async def test_one_that_is_made_is_known_at_the_version_that_it_was_made_at(rig):
    rig.freeze()
    await rig.keep()
    made = rig.get("deployment", "chat-spot")["metadata"]
    assert int(rig.pool.own_writes["chat-spot"].resource_version) <= int(made["resourceVersion"])


async def test_somebody_elses_deployment_of_that_name_is_left_alone(rig):
    other = deployment()
    await rig.kube.post(rig.path, other | {"metadata": {"name": "chat-spot"}})
    await until(lambda: rig.sibling)
    assert (await rig.keep()).reason is Reason.SIBLING_TAKEN
    assert rig.container["image"] == "vllm:1"


async def test_one_that_was_not_seen_yet_is_not_written_over(rig):
    foreign = deployment() | {"metadata": {"name": "chat-spot"}}
    foreign["spec"]["replicas"] = 9
    rig.freeze()
    await rig.kube.post(rig.path, foreign)
    with pytest.raises(ConflictError):
        await rig.keep()
    assert rig.get("deployment", "chat-spot")["spec"]["replicas"] == 9


async def test_it_ends_with_the_target(rig):
    await rig.made()
    rig.kubectl("delete", "deployment", "chat")
    await until(lambda: rig.sibling is None)


async def test_it_is_deleted_once_it_is_empty(rig):
    await rig.made(0)
    await until(lambda: rig.sibling.observed_generation)
    assert not await rig.siblings.remove(rig.target)
    await until(lambda: rig.sibling is None)
    assert await rig.siblings.remove(rig.target)


async def test_it_is_not_deleted_when_it_grew_unseen(rig):
    await rig.made(0)
    rig.freeze()
    rig.kubectl("scale", "deployment/chat-spot", "--replicas=1")
    with pytest.raises(ConflictError):
        await rig.siblings.remove(rig.target)


@pytest.fixture
async def pods(rig):
    """The two pods of the target, in the order of their names."""
    await until(lambda: len(rig.cluster.pods_of(rig.target)) == 2)
    return sorted(rig.cluster.pods_of(rig.target), key=lambda pod: pod.name)


async def test_the_one_that_is_marked_goes(rig, pods):
    await victims.mark(rig.kube, rig.namespace, pods, [pods[1].name])
    rig.kubectl("scale", "deployment/chat", "--replicas=1")
    await until(lambda: [one.name for one in rig.cluster.pods_of(rig.target)] == [pods[0].name])


async def test_another_pod_of_that_name_is_not_marked(rig, pods):
    with pytest.raises(Invalid, match="immutable"):
        await victims.mark(rig.kube, rig.namespace, [replace(pods[0], uid="other")], [pods[0].name])


async def test_a_mark_can_be_taken_back(rig, pods):
    await victims.mark(rig.kube, rig.namespace, pods, [pods[0].name])
    await until(lambda: any(one.deletion_cost for one in rig.cluster.pods_of(rig.target)))
    await victims.mark(rig.kube, rig.namespace, rig.cluster.pods_of(rig.target), [pods[1].name])
    assert "annotations" not in rig.get("pod", pods[0].name)["metadata"]


async def test_the_budget_follows_the_size_and_goes(rig):
    for size, least in ((10, 9), (2, 1), (20, 18)):
        await rig.guard(size)
        await until(lambda least=least: rig.budget and rig.budget.min_available == least)
    await rig.guard(1)
    await until(lambda: rig.budget is None)


async def test_the_budget_covers_both_halves_and_lets_unhealthy_pods_go(rig):
    await rig.guard()
    found = rig.get("poddisruptionbudget", "chat-pool")
    assert found["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    assert found["spec"]["selector"] == {"matchLabels": LABELS}


async def test_a_selector_of_expressions_is_read_back_as_it_was_applied(rig):
    expressions = [{"key": "app", "operator": "In", "values": ["chat"]}, {"key": "old", "operator": "DoesNotExist"}]
    covered = Covered({"matchLabels": LABELS, "matchExpressions": expressions}, LABELS)
    await rig.budgets.keep(rig.pool, covered, 10)
    await until(lambda: rig.budget)
    rig.kube.apply = None  # whoever calls it fails
    assert (await rig.budgets.keep(rig.pool, covered, 10)).reason is Reason.AS_EXPECTED


async def test_a_budget_of_another_target_of_the_pool_goes(rig):
    rig.turn_to("before")
    await rig.guard()
    await until(lambda: rig.budget)
    rig.turn_to("chat")
    await rig.guard()
    await until(lambda: [one.name for one in rig.cluster.budgets(rig.namespace)] == ["chat-pool"])


async def test_a_budget_that_somebody_edits_is_theirs(rig):
    await rig.guard()
    rig.kubectl("patch", "poddisruptionbudget", "chat-pool", "--patch", '{"spec":{"minAvailable":0}}')
    await until(lambda: rig.budget and rig.budget.min_available == 0)
    standing = await rig.guard()
    assert (standing.reason, rig.budget.min_available) == (Reason.FOREIGN_BUDGET, 0)
    assert standing.detail == "poddisruptionbudget/chat-pool: others own .spec.minAvailable (kubectl-patch)"


async def test_the_budget_gives_way_to_somebody_elses(rig):
    await rig.guard()
    await until(lambda: rig.budget)
    rig.kubectl("create", "poddisruptionbudget", "mine", "--selector=app=chat", "--min-available=1")
    await until(lambda: len(rig.cluster.budgets(rig.namespace)) == 2)
    standing = await rig.guard()
    await until(lambda: [one.name for one in rig.cluster.budgets(rig.namespace)] == ["mine"])
    assert (standing.reason, standing.detail) == (
        Reason.FOREIGN_BUDGET,
        "poddisruptionbudget/mine guards the pods",
    )
