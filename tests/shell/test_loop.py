from dataclasses import replace
from datetime import timedelta

import pytest

from builders import LONG_AGO, at, reading
from poolkeeper.api.names import POOL_LABEL
from poolkeeper.api.target import STATEFUL_SET
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import Metadata, Written
from poolkeeper.shell.kube_errors import Forbidden, TooManyRequests
from poolkeeper.shell.loop import Loop, Sources
from poolkeeper.shell.money import Money
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.settings import Settings
from poolkeeper.shell.telemetry import Telemetry
from poolkeeper.shell.turn import Turns
from poolkeeper.shell.views import PodView, SetView, WorkloadView, Writer

KEY = ("inference", "chat")
SOURCE = {"name": "edge", "prometheus": {"metric": "queue"}}
QUEUE = {"sources": [SOURCE], "thresholdsPer": "Pool", "scaleUp": {"above": 1000}, "scaleDown": {"below": 100}}
TEMPLATE = {"spec": {"containers": [{"name": "vllm", "image": "vllm"}]}}
FORBIDDEN = Forbidden("forbidden", status=403)


class Kube:
    """An API server that carries out what it does not refuse, by the end of the path, and remembers what was asked."""

    def __init__(self):
        self.refusals, self.asked, self.sent, self.bodies = {}, [], [], {}
        self.scaled = []
        self.second = 0
        self.clock = self

    def now(self):
        return at(self.second)

    async def post(self, path, body, **_):
        return self._answer("POST", path, body)

    async def patch(self, path, body, **_):
        return self._answer("PATCH", path, body)

    def _answer(self, verb, path, body):
        end = path.rsplit("/", 1)[-1]
        self.asked.append(f"{verb} {end}")
        self.scaled += [path] if end == "scale" else []
        if end in self.refusals:
            raise self.refusals[end]
        self.bodies[end] = body
        self.sent.append(body)
        return Written(Metadata(resource_version="900"))

    @property
    def status(self):
        return self.bodies["status"][1]["value"]


def turns(kube, cluster, pools):
    """Return turns that count no money: the price book is not read."""
    telemetry = Telemetry()
    return Turns(kube, cluster, pools, telemetry, Money(kube, cluster, pools, telemetry, Settings()))


def deployment(**changes):
    sizes = dict.fromkeys(("replicas", "existing", "updated", "ready", "available"), 2)
    known = {"namespace": KEY[0], "name": KEY[1], "uid": "uid-d", "resource_version": "7", "generation": 1}
    known |= {"observed_generation": 1, "writers": (Writer("poolkeeper", "Update", "scale", LONG_AGO),)}
    return WorkloadView(**known | sizes | changes)


class Rig:
    """A pool of two replicas whose queue is too long, and the loop that looks at it."""

    def __init__(self, **spec):
        self.kube, self.pools = self.server(), Pools()
        self.cluster = Cluster(self.kube)
        self.generation = 0
        self.change(**spec)
        self.loop = Loop(
            self.kube, self.cluster, self.pools, Sources(None, None, None), turns(self.kube, self.cluster, self.pools)
        )
        self.see(match_labels={POOL_LABEL: "chat"})

    def server(self):
        return Kube()

    def change(self, **spec):
        self.generation += 1
        target = {} if "template" in spec else {"targetRef": {"name": "chat"}}
        metadata = {"namespace": KEY[0], "name": KEY[1], "uid": "uid-1", "generation": self.generation}
        metadata["creationTimestamp"] = "2026-03-02T12:00:00Z"
        made = {"minReplicas": 2, "maxReplicas": 8, "queue": QUEUE} | target | spec
        self.pool = self.pools.take({"metadata": metadata, "spec": made})
        assert not self.pool.invalid
        self.pool.leading = True

    def see(self, **changes):
        found = deployment(**changes)
        self.cluster.deployments.items[KEY] = found
        self.cluster.ownership.set_changed(KEY, None, SetView(*KEY, "uid-r", "uid-d"))
        for number in (1, 2):
            pod = PodView(*KEY, f"uid-{number}", LONG_AGO, "uid-r", scheduled_at=LONG_AGO, ready_at=LONG_AGO)
            self.cluster.ownership.pod_changed(KEY, None, pod)

    async def look(self, second, waiting=1500):
        self.kube.second = second
        await self.loop._turns.take(self.pool, self.pool.core, (reading(waiting, second),))  # noqa: SLF001

    def count(self, deed):
        return self.kube.asked.count(deed)


@pytest.fixture
def rig():
    return Rig()


async def test_a_change_whose_status_could_not_be_written_is_told_by_the_next_that_can(rig):
    rig.kube.refusals["status"] = FORBIDDEN
    await rig.look(0)
    rig.kube.refusals.clear()
    rig.see(replicas=3, resource_version="901")
    await rig.look(1)
    assert [(one["from"], one["to"]) for one in rig.kube.status["history"]] == [(2, 3)]


async def test_a_change_is_told_once(rig):
    await rig.look(0)
    rig.see(replicas=3, resource_version="901")
    rig.pool.generation += 1
    await rig.look(1)
    assert len(rig.kube.status["history"]) == 1


async def test_a_refused_template_does_not_hide_why_the_size_was_changed():
    rig = Rig(template=TEMPLATE)
    rig.kube.refusals["chat"] = FORBIDDEN
    await rig.look(0)
    assert rig.kube.bodies["events"]["reason"] == rig.kube.status["lastDecision"]["reason"] == "QueueAbove"
    assert rig.kube.status["reason"] == "WriteRefused"


async def test_a_refused_size_is_tried_again_after_rests_that_double(rig):
    rig.kube.refusals["scale"] = FORBIDDEN
    for second in range(60):
        await rig.look(second)
    assert rig.count("PATCH scale") == 7  # after 0.5, 1, 2, 4, 8, 16 and 30 s
    assert rig.kube.status["reason"] == "WriteRefused"


async def test_what_was_passing_is_tried_again_at_the_next_look(rig):
    rig.kube.refusals["scale"] = TooManyRequests("busy", status=429)
    await rig.look(0)
    await rig.look(1)
    assert rig.count("PATCH scale") == 2


async def test_the_api_server_s_own_wish_to_be_left_alone_is_heeded(rig):
    rig.kube.refusals["scale"] = TooManyRequests("busy", status=429, retry_after=timedelta(seconds=5))
    for second in range(6):
        await rig.look(second)
    assert rig.count("PATCH scale") == 2


async def test_a_new_generation_is_tried_at_once(rig):
    rig.kube.refusals["scale"] = FORBIDDEN
    for second in range(9):
        await rig.look(second)
    before = rig.count("PATCH scale")
    rig.change(maxReplicas=9)
    await rig.look(9)
    assert rig.count("PATCH scale") == before + 1


async def test_a_refused_status_rests_as_well(rig):
    rig.kube.refusals["status"] = FORBIDDEN
    for second in range(60):
        await rig.look(second, waiting=500)
    assert rig.count("PATCH status") == 7


async def test_a_conflict_freezes_the_template_too():
    rig = Rig(template=TEMPLATE)
    rig.see(match_labels={POOL_LABEL: "chat"}, writers=(Writer("argocd-controller", "Apply", "", LONG_AGO),))
    await rig.look(0)
    assert rig.count("PATCH chat") == 0


async def test_a_missing_deployment_is_made():
    rig = Rig(template=TEMPLATE)
    rig.cluster.deployments.items.clear()
    await rig.look(0)
    assert rig.count("POST deployments") == 1


async def test_a_paused_pool_makes_no_deployment():
    rig = Rig(template=TEMPLATE, mode="Paused")
    rig.cluster.deployments.items.clear()
    await rig.look(0)
    assert rig.count("POST deployments") == 0


@pytest.mark.parametrize("mode", ["Active", "Observe", "Paused"])
@pytest.mark.parametrize("spec", [{"template": TEMPLATE}, {}], ids=["Orphan", "targetRef"])
async def test_a_deployment_that_is_to_stay_is_let_go_in_every_mode(mode, spec):
    rig = Rig(mode=mode, **spec)
    rig.see(match_labels={POOL_LABEL: "chat"}, pool_owners=("uid-0", "uid-1"))
    await rig.look(0)
    assert {"metadata": {"ownerReferences": [{"$patch": "delete", "uid": "uid-1"}]}} in rig.kube.sent


async def test_a_deployment_that_is_to_go_is_taken_hold_of_by_an_active_pool():
    rig = Rig(template=TEMPLATE, deletionPolicy="Delete")
    await rig.look(0)
    assert rig.kube.bodies["chat"]["metadata"]["ownerReferences"][0]["uid"] == "uid-1"


async def test_our_own_write_overlays_an_older_watch_for_a_while_only(rig):
    await rig.look(0)
    await rig.look(14)
    overlaid = rig.pool.decision.current
    await rig.look(16)
    assert (overlaid, rig.pool.decision.current) == (3, 2)


async def test_a_pool_that_could_not_be_told_gets_its_turn_back(rig):
    rig.kube.refusals["status"] = FORBIDDEN
    before = replace(rig.pool.budget)
    await rig.look(0, waiting=500)
    assert rig.pool.budget == before


class Row(Rig):
    """The same with a StatefulSet."""

    def change(self, **spec):
        super().change(targetRef={"kind": "StatefulSet", "name": "chat"}, **spec)

    def see(self, **changes):
        changes |= {"kind": STATEFUL_SET, "match_labels": {}}
        self.cluster.workloads[STATEFUL_SET].items[KEY] = deployment(**changes)
        for number in range(2):
            times = {"scheduled_at": LONG_AGO, "ready_at": LONG_AGO}
            pod = PodView(KEY[0], f"chat-{number}", f"uid-{number}", LONG_AGO, "uid-d", **times)
            self.cluster.ownership.pod_changed(KEY, None, pod)


async def test_a_stateful_set_is_sized_where_it_is():
    rig = Row()
    await rig.look(0)
    assert rig.kube.scaled == ["/apis/apps/v1/namespaces/inference/statefulsets/chat/scale"]


async def test_where_the_last_one_goes_nobody_is_marked():
    rig = Row(minReplicas=1, queue=QUEUE | {"scaleDown": {"below": 100, "gracePeriod": "1s"}})
    for second in range(4):
        await rig.look(second, waiting=0)
    assert (rig.kube.asked.count("PATCH scale") > 0, "PATCH chat-1" in rig.kube.asked) == (True, False)


async def test_a_stateful_set_that_is_not_there_is_named():
    rig = Row()
    rig.cluster.workloads[STATEFUL_SET].items.clear()
    await rig.look(0)
    assert rig.pool.decision.detail == "statefulset/chat is not in inference"
