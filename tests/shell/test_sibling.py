"""The sibling's upkeep without a server; tests/contract/test_sibling.py has what the real one makes of it."""

import pytest

from builders import BODY, LONG_AGO, at
from poolkeeper.api.providers import EKS, KARPENTER
from poolkeeper.api.sibling import blueprint
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.apply import Scale, ScaleSpec
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import Metadata, Written
from poolkeeper.shell.kube_errors import ConflictError, FieldOwner, Forbidden
from poolkeeper.shell.pools import OwnWrite, Pools
from poolkeeper.shell.sibling import Siblings
from poolkeeper.shell.views import PodView, SetView, WorkloadView

LABELS = {"app": "chat"}
KEY = ("inference", "chat-spot")
IMAGE = '.spec.template.spec.containers[name="engine"].image'


def conflict(*paths):
    error = ConflictError("conflict", status=409)
    error.owners = tuple(FieldOwner(path, "kubectl-set") for path in paths)
    return error


class Kube:
    """An API server that holds one target, answers writes in turn by `answers`, and remembers them."""

    def __init__(self):
        self.answers, self.applied, self.deleted, self.reads = [], [], [], []
        self.generation, self.clock = 1, self

    def now(self):
        return at(0)

    async def get(self, path, *, into):
        self.reads.append(path)
        if into is Scale:
            return Scale(Metadata(resource_version="99"), ScaleSpec(5))
        pod = {"containers": [{"name": "engine", "image": "vllm"}]} | self.pin
        spec = {"selector": {"matchLabels": LABELS}, "template": {"metadata": {"labels": LABELS}, "spec": pod}}
        metadata = {"name": "chat", "namespace": "inference", "uid": "uid-d", "generation": self.generation}
        return {"metadata": metadata, "spec": spec}

    pin = {"nodeSelector": {"karpenter.sh/capacity-type": "on-demand"}}  # noqa: RUF012  replaced, never changed

    async def apply(self, _path, body, *, resource_version=None, **_):
        self.applied.append((body, resource_version))
        answer = self.answers.pop(0) if self.answers else None
        if answer:
            raise answer
        return Written(Metadata(resource_version="900", generation=8))

    async def delete(self, path, *, options):
        self.deleted.append((path, options["preconditions"]))

    @property
    def sizes(self):
        return [(body["spec"]["replicas"], version) for body, version in self.applied]


def deployment(name, **changes):
    sizes = dict.fromkeys(("replicas", "existing", "updated", "ready", "available"), 2)
    known = {"namespace": "inference", "name": name, "resource_version": "7", "generation": 1, "observed_generation": 1}
    return WorkloadView(**{"uid": f"uid-{name}"} | known | sizes | changes)


TARGET = deployment("chat", uid="uid-d")


class Rig:
    def __init__(self):
        self.kube = Kube()
        self.cluster = Cluster(self.kube)
        self.siblings = Siblings(self.kube, self.cluster)
        self.pool = Pools().take(BODY)

    def see(self, **changes):
        known = {"tier": "spot", "owners": ("uid-d",), "template_hash": "old"}
        self.cluster.deployments.items[KEY] = deployment("chat-spot", **known | changes)

    async def plan(self, target=TARGET, provider=KARPENTER):
        return await self.siblings.blueprint(self.pool, target, provider)

    async def keep(self):
        return await self.siblings.keep(self.pool, TARGET, await self.plan(), 3)

    async def unsplit(self):
        return self.siblings.unsplit(TARGET, await self.plan())

    async def remove(self):
        return await self.siblings.remove(TARGET)


@pytest.fixture
def rig():
    return Rig()


async def test_a_target_is_read_once(rig):
    assert await rig.plan() is await rig.plan()
    assert len(rig.kube.reads) == 1


@pytest.mark.parametrize("changes", [{"generation": 2}, {"uid": "uid-e"}])
async def test_a_target_that_changed_is_read_again(rig, changes):
    await rig.plan()
    await rig.plan(deployment("chat", **{"uid": "uid-d"} | changes))
    assert len(rig.kube.reads) == 2


async def test_another_provider_asks_for_another_blueprint(rig):
    assert (await rig.plan()).digest != (await rig.plan(provider=EKS)).digest


async def test_a_target_that_was_read_newer_than_it_was_seen_is_not_read_again(rig):
    rig.kube.generation = 3
    await rig.plan()
    await rig.plan(deployment("chat", uid="uid-d", generation=2))
    assert len(rig.kube.reads) == 1


async def test_a_pool_that_is_gone_is_forgotten(rig):
    await rig.plan()
    rig.siblings.forget(rig.pool.key)
    await rig.plan()
    assert len(rig.kube.reads) == 2


async def test_a_target_that_is_not_pinned_cannot_be_split(rig):
    rig.kube.pin = {}
    standing = await rig.unsplit()
    assert (standing.reason, " patch deployment chat " in standing.detail) == (Reason.TARGET_NOT_PINNED, True)


async def test_a_pinned_target_can_be_split_with_or_without_its_sibling(rig):
    assert (await rig.unsplit()).reason is Reason.AS_EXPECTED
    rig.see()
    assert (await rig.unsplit()).reason is Reason.AS_EXPECTED


async def test_a_stranger_of_its_name_is_in_the_way_of_a_split(rig):
    rig.see(tier="")
    assert (await rig.unsplit()).reason is Reason.SIBLING_TAKEN


async def test_the_sibling_of_a_target_that_is_gone_is_waited_for(rig):
    rig.see(owners=("uid-before",))
    assert (await rig.keep()).reason is Reason.SIBLING_MISSING
    assert not rig.kube.applied


async def test_one_that_lost_its_owner_is_adopted(rig):
    rig.see(owners=())
    assert (await rig.keep()).reason is Reason.AS_EXPECTED
    assert rig.kube.sizes == [(2, "7")]


async def test_one_that_moved_is_applied_at_its_new_size(rig):
    rig.see()
    rig.kube.answers = [ConflictError("modified", status=409)]
    await rig.keep()
    assert rig.kube.sizes == [(2, "7"), (5, "99")]


async def test_a_size_that_is_somebody_elses_by_now_is_read_anew(rig):
    rig.see()
    rig.kube.answers = [conflict(".spec.replicas", IMAGE)]
    await rig.keep()
    assert rig.kube.sizes == [(2, "7"), (5, "99")]


async def test_one_that_never_rests_is_given_up_for_now(rig):
    rig.see()
    rig.kube.answers = [ConflictError("modified", status=409)] * 3
    with pytest.raises(ConflictError):
        await rig.keep()


async def test_what_others_own_is_left_out_with_the_digest(rig):
    rig.see()
    rig.kube.answers = [conflict(IMAGE)]
    await rig.keep()
    body, _ = rig.kube.applied[-1]
    assert "annotations" not in body["metadata"]
    assert body["spec"]["template"]["spec"]["containers"] == [{"name": "engine"}]


async def test_what_others_own_is_tried_again_when_the_sibling_has_changed(rig):
    rig.see()
    rig.kube.answers = [conflict(IMAGE)]
    behind = await rig.keep()
    rig.see(generation=8)
    assert await rig.keep() == behind
    rig.see(generation=9)
    assert (await rig.keep()).reason is Reason.AS_EXPECTED


async def test_another_refusal_is_the_callers(rig):
    rig.kube.answers = [Forbidden("no", status=403)]
    with pytest.raises(Forbidden):
        await rig.keep()


async def test_an_empty_sibling_is_deleted_as_it_was_seen(rig):
    rig.see(replicas=0, existing=0)
    assert not await rig.remove()
    conditions = {"uid": "uid-chat-spot", "resourceVersion": "7"}
    assert rig.kube.deleted == [("/apis/apps/v1/namespaces/inference/deployments/chat-spot", conditions)]


@pytest.mark.parametrize("sizes", [{"replicas": 1, "existing": 0}, {"replicas": 0, "existing": 1}])
async def test_one_that_still_runs_is_not(rig, sizes):
    rig.see(**sizes)
    assert not await rig.remove()
    assert not rig.kube.deleted


@pytest.mark.parametrize(("phase", "deleted"), [("Running", False), ("Failed", True)])
async def test_one_whose_last_pod_still_terminates_is_not(rig, phase, deleted):
    rig.see(replicas=0, existing=0)
    rig.cluster.ownership.set_changed(KEY, None, SetView(*KEY, "uid-r", "uid-chat-spot"))
    pod = PodView(*KEY, "uid-1", LONG_AGO, "uid-r", terminating=True, phase=phase)
    rig.cluster.ownership.pod_changed(KEY, None, pod)
    await rig.remove()
    assert bool(rig.kube.deleted) is deleted


@pytest.mark.parametrize("seen", [None, {"tier": ""}], ids=["none", "a stranger's"])
async def test_where_there_is_none_of_ours_nothing_is_left_to_do(rig, seen):
    if seen is not None:
        rig.see(replicas=0, existing=0, **seen)
    assert await rig.remove()
    assert not rig.kube.deleted


async def test_one_that_is_made_is_among_our_own_writes(rig):
    await rig.keep()
    assert rig.pool.own_writes == {"chat-spot": OwnWrite(3, "900", at(0))}


async def test_one_that_was_just_made_is_not_made_again_while_the_watch_is_late(rig):
    first = await rig.keep()
    assert (await rig.keep(), rig.kube.sizes) == (first, [(3, None)])


async def test_one_that_is_as_it_should_be_is_not_written(rig):
    rig.see(template_hash=blueprint(await rig.kube.get("", into=dict), "chat", KARPENTER).digest)
    assert (await rig.keep()).reason is Reason.AS_EXPECTED
    assert not rig.kube.applied
