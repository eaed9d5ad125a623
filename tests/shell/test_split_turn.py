"""The turns of a pool on spot while its sibling is made, refused, or seen late; the budget by itself."""

import pytest
from tests.shell import test_loop
from tests.shell.test_loop import FORBIDDEN, KEY, Rig, deployment, turns

from builders import LONG_AGO, at, reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import observe
from poolkeeper.shell.apply import Scale, ScaleSpec
from poolkeeper.shell.kube import Metadata, Written
from poolkeeper.shell.kube_errors import ConflictError, TooManyRequests
from poolkeeper.shell.loop import Loop, Sources
from poolkeeper.shell.pools import OwnWrite
from poolkeeper.shell.views import DisruptionBudgetView, PodView, SetView

SIBLING = (KEY[0], "chat-spot")
LABELS = {"app": "chat"}
PINNED = {"containers": [{"name": "vllm"}], "nodeSelector": {"karpenter.sh/capacity-type": "on-demand"}}
BUSY = TooManyRequests("busy", status=429)


def capacity(provider="karpenter", base=1):
    spot = {"name": "spot", "type": "Spot", "provider": provider}
    return {"guaranteed": {"base": base}, "tiers": [spot, {"name": "on-demand", "type": "OnDemand"}]}


class Kube(test_loop.Kube):
    """One that holds the target, too; each apply is another version, and calls `applied`."""

    def __init__(self):
        super().__init__()
        self.version, self.applied = 900, {}

    async def get(self, _path, *, into):
        if into is Scale:
            return Scale(Metadata(resource_version="905"), ScaleSpec(3))
        template = {"metadata": {"labels": LABELS}, "spec": PINNED}
        metadata = {"name": "chat", "namespace": "inference", "uid": "uid-d", "generation": 1}
        return {"metadata": metadata, "spec": {"selector": {"matchLabels": LABELS}, "template": template}}

    async def apply(self, path, body, **_):
        self._answer("APPLY", path, body)
        self.version += 1
        self.applied.get(path.rsplit("/", 1)[-1], lambda: None)()
        return Written(Metadata(resource_version=str(self.version)))

    async def delete(self, path, **_):
        self._answer("DELETE", path, {})

    @property
    def events(self):
        return [body for body in self.sent if isinstance(body, dict) and body.get("kind") == "Event"]


class SplitRig(Rig):
    """A pool of four, one of them guaranteed, on two replicas of on-demand and no sibling yet."""

    server = Kube

    def __init__(self, **spec):
        super().__init__(**{"capacity": capacity(), "minReplicas": 4} | spec)
        self.see(match_labels=LABELS)

    def see_sibling(self, replicas=3, **changes):
        sizes = dict.fromkeys(("replicas", "existing", "updated", "ready", "available"), replicas)
        known = {"name": "chat-spot", "uid": "uid-s", "tier": "spot", "owners": ("uid-d",), "resource_version": "8"}
        self.cluster.deployments.items[SIBLING] = deployment(**known | sizes | changes)

    def see_budget(self, least):
        known = {"pool": "chat", "min_available": least, "match_labels": LABELS, "owners": ("uid-1",)}
        view = DisruptionBudgetView("inference", "chat-pool", "uid-b", "5", **known)
        self.cluster._budgets["inference"]["chat-pool"] = view  # noqa: SLF001

    async def look(self, second, waiting=500):
        await super().look(second, waiting)

    @property
    def sizes(self):
        return {share.tier: (share.found, share.size) for share in self.pool.decision.shares}


@pytest.fixture
def rig():
    return SplitRig()


async def test_a_sibling_is_made_at_its_size_and_told_once(rig):
    await rig.look(0)
    assert rig.kube.bodies["chat-spot"]["spec"]["replicas"] == 3
    assert len(rig.kube.events) == len(rig.kube.status["history"]) == 1


async def test_a_sibling_that_is_seen_before_the_sizes_are_written_is_not_written_twice(rig):
    rig.kube.applied["chat-spot"] = lambda: rig.see_sibling(resource_version="903")
    await rig.look(0)
    assert (rig.count("PATCH scale"), len(rig.kube.status["history"])) == (0, 1)


async def test_a_late_watch_has_nothing_done_twice():
    rig = SplitRig(minReplicas=2)
    for second in range(15):
        await rig.look(second)
    assert [rig.count(deed) for deed in ("APPLY chat-spot", "APPLY chat-pool", "POST events")] == [1, 1, 1]
    assert rig.sizes == {"spot": (1, 1), "on-demand": (2, 2)}


async def test_a_sibling_that_never_appears_is_made_again(rig):
    await rig.look(0)
    await rig.look(16)
    assert rig.count("APPLY chat-spot") == 2


async def test_one_that_is_deleted_after_it_was_seen_is_made_again_at_once_and_told_anew():
    rig = SplitRig(minReplicas=2)
    await rig.look(0)
    rig.see_sibling(1, resource_version="950")
    await rig.look(1)
    del rig.cluster.deployments.items[SIBLING]
    await rig.look(2)
    assert len({event["metadata"]["name"] for event in rig.kube.events}) == 2


async def test_one_that_was_just_made_is_resized_unseen_on_the_version_that_it_was_made_at(rig):
    rig.pool.own_writes["chat-spot"] = OwnWrite(2, "901", at(0))
    await rig.look(0)
    assert {"spec": {"replicas": 3}} in rig.kube.sent
    assert rig.pool.own_writes["chat-spot"].replicas == 3


async def test_on_demand_takes_over_what_a_sibling_that_is_refused_should_have(rig):
    rig.kube.refusals["chat-spot"] = FORBIDDEN
    await rig.look(0)
    await rig.look(1)
    assert rig.sizes == {"spot": (0, 3), "on-demand": (2, 4)}
    assert rig.kube.bodies["scale"] == {"spec": {"replicas": 4}}


async def test_what_is_passing_takes_nothing_over_unless_it_comes_again(rig):
    rig.kube.refusals["chat-spot"], found = BUSY, []
    for second in range(3):
        await rig.look(second)
        found.append(rig.sizes["on-demand"][1])
    assert found == [2, 2, 4]


async def test_a_refused_size_is_seen_with_the_refusal(rig):
    rig.see_sibling(2)
    rig.kube.refusals["scale"] = FORBIDDEN
    await rig.look(0)
    sibling = observe.sibling_of(rig.pool, rig.cluster)
    assert observe.half(rig.pool, rig.cluster, sibling, at(1)).refused == "forbidden"


async def test_a_stranger_of_the_siblings_name_is_not_taken_for_it(rig):
    rig.see_sibling(tier="")
    rig.pool.own_writes["chat-spot"] = OwnWrite(3, "901", at(0))
    await rig.look(0)
    assert rig.sizes == {"on-demand": (2, 4)}


@pytest.mark.parametrize(("refused", "made"), [("chat-pool", "APPLY chat-spot"), ("chat-spot", "APPLY chat-pool")])
async def test_sibling_and_budget_are_made_whatever_becomes_of_the_other(rig, refused, made):
    rig.kube.refusals[refused] = FORBIDDEN
    await rig.look(0)
    assert rig.count(made) == 1
    assert rig.kube.status["reason"] == "WriteRefused"


async def test_a_budget_is_applied_while_a_refused_sibling_rests(rig):
    rig.kube.refusals["chat-spot"] = FORBIDDEN
    await rig.look(0)
    rig.kube.asked.clear()
    rig.see_budget(2)
    await rig.look(0.1)
    assert [deed for deed in rig.kube.asked if deed.startswith("APPLY")] == ["APPLY chat-pool"]


class Shrinking(SplitRig):
    """A pool of ten, two of them guaranteed, that shrinks by one as soon as its queue is short: no grace."""

    def __init__(self, **changes):
        queue = test_loop.QUEUE | {"scaleDown": {"below": 100, "gracePeriod": "0s"}}
        known = {"capacity": capacity(base=2), "maxReplicas": 20, "queue": queue}
        super().__init__(**known | changes)
        self.see_sibling(8)
        self.see_budget(9)
        self.cluster.ownership.set_changed(SIBLING, None, SetView(*SIBLING, "uid-rs", "uid-s"))
        for number in range(8):
            pod = PodView(*KEY, f"uid-s{number}", LONG_AGO, "uid-rs", scheduled_at=LONG_AGO, ready_at=LONG_AGO)
            self.cluster.ownership.pod_changed(KEY, None, pod)

    async def shrink(self):
        for second in range(3):
            await self.look(second, waiting=0)


async def test_a_budget_is_lowered_before_a_tier_shrinks():
    rig = Shrinking()
    await rig.shrink()
    assert rig.kube.asked.index("APPLY chat-pool") < rig.kube.asked.index("PATCH scale")
    assert rig.kube.bodies["chat-pool"]["spec"]["minAvailable"] == 8


@pytest.mark.parametrize("refusal", [FORBIDDEN, ConflictError("modified", status=409)], ids=["refused", "moved"])
async def test_no_tier_shrinks_below_a_budget_that_cannot_be_lowered(refusal):
    rig = Shrinking()
    rig.kube.refusals["chat-pool"] = refusal
    await rig.shrink()
    assert rig.sizes["spot"] == (8, 7)
    assert rig.count("PATCH scale") == 0


async def test_a_shrink_that_waits_for_its_budget_does_not_forget_what_else_was_refused():
    rig = Shrinking()
    rig.kube.refusals["chat-pool"] = FORBIDDEN
    await rig.shrink()
    rig.pool.scale_rests["spot"].failed(FORBIDDEN, at(2))
    await rig.look(3, waiting=0)
    assert rig.pool.scale_rests["spot"].problem == "forbidden"


async def test_growth_does_not_wait_for_a_budget():
    rig = Shrinking()
    rig.kube.refusals["chat-pool"] = FORBIDDEN
    rig.see_budget(12)
    await rig.look(0)
    await rig.look(1, waiting=3000)
    assert rig.count("PATCH scale") > 0


async def test_a_budget_is_lowered_while_nobody_knows_whose_spot_it_is():
    rig = Shrinking(capacity=capacity("auto", base=2))
    await rig.shrink()
    assert (rig.pool.division.plan, rig.pool.division.unsplit) == (None, Reason.AS_EXPECTED)
    assert rig.kube.bodies["chat-pool"]["spec"]["selector"] == {"matchLabels": LABELS}


class Scraper:
    async def scrape(self, *_):
        return reading(500)


class Elector:
    """Leads for as many turns of the loop as there are deeds, and does one before each."""

    def __init__(self, *deeds):
        self.deeds = list(deeds)

    @property
    def leading(self):
        if not self.deeds:
            return False
        self.deeds.pop(0)()
        return True


async def test_an_alarm_in_the_middle_of_a_look_brings_another_once_that_has_ended():
    rig = SplitRig(queue={"interval": "300s"})
    loop = Loop(
        rig.kube, rig.cluster, rig.pools, Sources(Scraper(), None, None), turns(rig.kube, rig.cluster, rig.pools)
    )
    loop.note(rig.pool)
    rig.pool.busy, rig.cluster.signals.alarms = True, 1
    await loop.run(Elector(lambda: None, lambda: setattr(rig.pool, "busy", False)))
    assert rig.count("APPLY chat-spot") == 1
