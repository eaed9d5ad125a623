from dataclasses import replace
from datetime import timedelta

import pytest

from builders import LONG_AGO, at, reading
from poolkeeper.api.names import POOL_LABEL
from poolkeeper.api.target import STATEFUL_SET
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import Metadata, Written
from poolkeeper.shell.kube_errors import Forbidden, TooManyRequests
from poolkeeper.shell.loop import AT_ONCE, Answers, Loop, Since, Sources
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


def ratio_after(rig, asked, late):
    """Return how much longer than asked looks are apart after a second in which ten began so late."""
    loop = rig.loop
    loop._agenda.rate = asked  # noqa: SLF001  of pools that are too many for a test
    loop._since = Since(loop.turned_at - 1, looks=10, late=10 * late)  # noqa: SLF001
    loop._keep_time()  # noqa: SLF001
    return loop._telemetry.stretch._value.get()  # noqa: SLF001


def test_looks_of_too_many_pools_go_further_apart_and_it_is_said(rig):
    assert ratio_after(rig, asked=10_000, late=1.0) > 1


def test_looks_of_few_pools_stay_where_they_were_asked_for_however_late_they_are(rig):
    assert ratio_after(rig, asked=40, late=1.0) == 1


async def test_a_status_waits_outside_while_many_others_wait_to_be_written(rig):
    rig.loop._turns.has_room = lambda _: False  # noqa: SLF001
    await rig.look(0, waiting=500)
    assert rig.count("PATCH status") == 0
    rig.loop._turns.has_room = lambda _: True  # noqa: SLF001
    await rig.look(1, waiting=500)
    assert rig.count("PATCH status") == 1


async def test_the_status_of_a_change_does_not_wait_outside(rig):
    rig.loop._turns.has_room = lambda _: False  # noqa: SLF001
    await rig.look(0)
    assert [(one["from"], one["to"]) for one in rig.kube.status["history"]] == [(2, 3)]


def let_go(rig):
    """Let the pool be deleted, as the operator takes that in."""
    rig.pools.drop(KEY)
    rig.loop.forget(KEY)


async def looked_at(rig, meanwhile):
    """Look at the pool once, and let something happen while its queue is read."""

    async def readings(*_):
        meanwhile()
        return (reading(1500, 0),)

    rig.loop._readings = readings  # noqa: SLF001
    await rig.loop._look(rig.pool, Answers())  # noqa: SLF001


async def test_for_a_pool_that_goes_while_its_queue_is_read_nothing_is_written(rig):
    await looked_at(rig, lambda: let_go(rig))
    assert rig.kube.asked == []


async def test_a_pool_that_goes_while_its_size_is_written_leaves_no_series(rig):
    answer = rig.kube._answer  # noqa: SLF001

    def last(*asked):
        rig.kube._answer = answer  # noqa: SLF001
        let_go(rig)
        return answer(*asked)

    rig.kube._answer = last  # noqa: SLF001
    await looked_at(rig, lambda: None)
    assert b'pool="chat"' not in rig.loop._telemetry.page()  # noqa: SLF001


async def test_a_pool_that_stays_has_series(rig):
    await looked_at(rig, lambda: None)
    assert b'pool="chat"' in rig.loop._telemetry.page()  # noqa: SLF001


class Reign:
    """A lease that is held for one turn of the loop."""

    def __init__(self):
        self._turns = [True, False]

    @property
    def leading(self):
        return self._turns.pop(0)


async def test_a_decision_is_told_how_far_apart_looks_are(rig):
    rig.loop._tempo.expect(14_000, rig.loop.turned_at)  # noqa: SLF001
    await rig.loop.run(Reign())
    heard = []
    rig.loop._turns.hear = lambda _, deed: heard.append(deed.seen.stretch)  # noqa: SLF001
    await rig.look(0)
    assert heard == [10]


async def test_a_stored_clock_that_was_cleared_does_not_wait_outside():
    rig = Rig(queue=QUEUE | {"scaleDown": {"below": 100, "gracePeriod": "1m"}}, minReplicas=1)
    for second in (0, 10, 20):
        await rig.look(second, waiting=50)
    rig.loop._turns.has_room = lambda _: False  # noqa: SLF001
    await rig.look(30, waiting=500)
    assert "shortSince" not in rig.kube.status["memory"]


async def test_a_change_of_the_spec_does_not_wait_outside(rig):
    await rig.look(0, waiting=500)
    rig.loop._turns.has_room = lambda _: False  # noqa: SLF001
    rig.change(maxReplicas=9)
    await rig.look(1, waiting=500)
    assert rig.kube.status["observedGeneration"] == 2


async def test_who_waits_outside_is_let_in_by_how_long_that_was(rig):
    waited = []
    rig.loop._turns.has_room = lambda since: waited.append(since.total_seconds()) or since.total_seconds() >= 4  # noqa: SLF001
    for second in range(1, 8):
        await rig.look(second, waiting=500)
    assert (waited, rig.count("PATCH status")) == ([0, 1, 2, 3, 4, 0, 1], 1)


async def test_what_was_due_while_another_led_is_late_since_this_one_leads(rig):
    rig.loop.note(rig.pool)
    due = rig.loop._agenda._due  # noqa: SLF001  as of a standby that was put to it an hour ago
    due[0] = (due[0][0] - 3600, due[0][1])
    await rig.loop.run(Reign())
    assert rig.loop._telemetry.lag_seconds._sum.get() < 60  # noqa: SLF001


def backlogged(rig, pools):
    """Return the stretch after a second in which a process that begins to lead took up so many due pools, late."""
    loop = rig.loop
    loop._agenda.rate, loop._backlog = 10_000, pools  # noqa: SLF001
    began = loop.turned_at - 10
    loop._count([5.0] * AT_ONCE, began)  # noqa: SLF001
    loop._since.at -= 1  # noqa: SLF001
    loop._keep_time()  # noqa: SLF001
    return loop._tempo.stretch  # noqa: SLF001


def test_a_backlog_at_a_take_over_is_no_overload(rig):
    assert backlogged(rig, 10 * AT_ONCE) == 1


def test_what_is_late_after_the_first_look_at_each_is(rig):
    assert backlogged(rig, 0) > 1


def test_a_new_pool_does_not_throw_those_that_were_measured_back_to_a_guess(rig):
    rig.loop._agenda.rate = rig.loop._measured = 10_000  # noqa: SLF001
    rig.loop.note(rig.pool)
    assert rig.loop._tempo.stretch == 1  # noqa: SLF001


async def shrunk(rig, event):
    """Return whether a pool whose grace has passed shrinks where word of something comes while its look goes on."""

    async def looked(_):
        if rig.kube.second == 20:
            event()

    rig.loop._turns._halves.look = looked  # noqa: SLF001
    for second in (0, 10, 20):
        await rig.look(second, waiting=0)
    return bool(rig.count("PATCH scale"))


def calm():
    """Return a rig whose pool shrinks after 15 seconds."""
    return Rig(queue=QUEUE | {"scaleDown": {"below": 100, "gracePeriod": "15s"}}, minReplicas=1)


def pause(rig):
    rig.pool.paused_until = at(3600)


@pytest.mark.parametrize(
    "event",
    [lambda rig: rig.pools.drop(KEY), pause, lambda rig: rig.change(minReplicas=2)],
    ids=["deleted", "paused", "changed"],
)
async def test_a_pool_that_was_deleted_paused_or_changed_meanwhile_does_not_shrink(event):
    rig = calm()
    assert not await shrunk(rig, lambda: event(rig))


async def test_a_pool_of_which_there_is_no_word_meanwhile_shrinks():
    assert await shrunk(calm(), lambda: None)
