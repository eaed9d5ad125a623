"""What people ask of a pool beside its spec, look by look on a clock that is moved: it counts, is told, and ends."""

import json

import pytest
from tests.shell import test_loop
from tests.shell.test_loop import FORBIDDEN, KEY

from builders import at
from poolkeeper.api.names import OVERRIDE
from poolkeeper.api.units import format_instant
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Edits, Memory
from poolkeeper.core.observation import Peer
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import conflicts, observe
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.views import AutoscalerView

FOUR_HOURS = 4 * 3600
SCALED = [{"manager": "kubectl", "subresource": "scale", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]


def laid(until=60, **spec):
    return json.dumps({"until": format_instant(at(until)), "by": "ann", "spec": spec})


class Rig(test_loop.Rig):
    """A pool that people ask things of; all that it is asked for is carried out at once."""

    def ask(self, annotations=None, **spec):
        """Change the pool's object; its generation moves with its spec alone."""
        self.generation += bool(spec)
        metadata = {"namespace": KEY[0], "name": KEY[1], "uid": "uid-1", "generation": self.generation}
        metadata |= {"creationTimestamp": "2026-03-02T12:00:00Z", "managedFields": SCALED}
        made = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8, "queue": test_loop.QUEUE} | spec
        self.pool = self.pools.take({"metadata": metadata | {"annotations": annotations or {}}, "spec": made})

    async def at(self, second, waiting=500):
        """Look, and let the cluster have what was asked for; return the size."""
        self.kube.second = second
        self.pool.end_override(at(second))
        await self.look(second, waiting)
        size = self.pool.decision.size
        self.see(replicas=size, resource_version=str(10_000 + second))
        return size

    def events(self, reason):
        return [sent["message"] for sent in self.kube.sent if isinstance(sent, dict) and sent.get("reason") == reason]


@pytest.fixture
def rig():
    return Rig()


async def test_a_pin_counts_for_four_hours(rig):
    rig.ask(replicas=6)
    assert [await rig.at(second) for second in (0, FOUR_HOURS - 1)] == [6, 6]
    assert rig.kube.status["pin"]["by"] == "kubectl"


async def test_a_pin_that_has_ended_is_told_once(rig):
    rig.ask(replicas=6)
    for second in (0, FOUR_HOURS, FOUR_HOURS + 1):
        await rig.at(second)
    assert len(rig.events("PinEnded")) == 1
    assert rig.kube.status["pin"]["counts"] is False


async def test_what_has_ended_long_ago_is_no_news(rig):
    rig.ask(replicas=6)
    await rig.at(0)
    await rig.at(FOUR_HOURS + 3600)
    assert rig.events("PinEnded") == []


async def test_a_pin_goes_on_after_a_restart(rig):
    rig.ask(replicas=6)
    await rig.at(0)
    stored, rig.pool = rig.kube.status, rig.pool
    rig.pool.status = stored
    rig.pool.lead(at(60), at(60))
    await rig.at(120)
    assert rig.pool.decision.pin.since == at(0)


async def test_a_pool_that_is_unpinned_is_free(rig):
    rig.ask(replicas=6)
    await rig.at(0)
    rig.ask(minReplicas=2)
    await rig.at(1)
    assert "pin" not in rig.kube.status


async def test_an_override_counts_until_its_end_and_ends_by_itself(rig):
    rig.ask({OVERRIDE: laid(minReplicas=5)})
    await rig.at(0)
    floors = [rig.pool.core.min_replicas]
    await rig.at(60)
    assert [*floors, rig.pool.core.min_replicas] == [5, 2]
    assert "override" not in rig.kube.status


async def test_an_override_is_told_once_with_who_wrote_it(rig):
    rig.ask({OVERRIDE: laid(minReplicas=5)})
    await rig.at(0)
    await rig.at(1)
    assert rig.events("Overridden") == ["minReplicas 5, until 2026-03-02T12:01:00Z, by ann"]


async def test_an_event_that_is_refused_stops_nothing(rig):
    rig.kube.refusals["events"] = FORBIDDEN
    rig.ask({OVERRIDE: laid(minReplicas=5)})
    assert await rig.at(0) == 5


async def test_a_decision_stands_until_the_override_ends(rig):
    rig.ask({OVERRIDE: laid(minReplicas=2)})
    await rig.at(0)
    assert rig.pool.decision.until == at(60)


async def test_a_bad_override_changes_nothing_and_is_told(rig):
    rig.ask({OVERRIDE: laid(minReplicas=9)})
    assert await rig.at(0) == 2
    assert rig.events("OverrideRefused") == ["spec: minReplicas must not be over maxReplicas (9 is over 8)"]


async def test_a_bad_override_counts_once_the_spec_allows_it(rig):
    rig.ask({OVERRIDE: laid(minReplicas=9)})
    rig.ask({OVERRIDE: laid(minReplicas=9)}, maxReplicas=10)
    assert await rig.at(0) == 9


async def test_an_override_is_not_what_was_accepted(rig):
    rig.ask({OVERRIDE: laid(minReplicas=5)})
    assert rig.pool.accepted["minReplicas"] == 2


async def test_an_override_that_is_cleared_is_over(rig):
    rig.ask({OVERRIDE: laid(minReplicas=5)})
    rig.ask({})
    assert (rig.pool.core.min_replicas, rig.pool.overridden_until) == (2, None)


def test_an_override_of_a_pool_without_a_good_spec_waits_for_one():
    pools = Pools()
    metadata = {"namespace": "a", "name": "b", "uid": "u", "generation": 1, "creationTimestamp": "2026-03-02T12:00:00Z"}
    pools.take({"metadata": metadata, "spec": {"broken": True}})
    pool = pools.take(
        {"metadata": metadata | {"annotations": {OVERRIDE: laid(minReplicas=5)}}, "spec": {"broken": True}}
    )
    assert (pool.core, pool.pinned) == (None, None)


async def test_an_autoscaler_of_the_pool_is_told(rig):
    scaler = AutoscalerView("inference", "own", "InferencePool", "chat")
    rig.cluster.autoscalers.changed(("inference", "own"), None, scaler)
    await rig.at(0)
    assert rig.events("AutoscaledPool") == ["hpa/own"]


def test_a_scaled_object_of_the_pool_is_found(rig):
    scaler = AutoscalerView("inference", "own", "InferencePool", "chat")
    rig.cluster.scaled_objects.changed(("inference", "own"), None, scaler)
    assert conflicts.scaler_of(rig.pool, rig.cluster) == "scaledobject/own"


@pytest.mark.parametrize(
    ("found", "selector"),
    [
        ({"match_labels": {"app": "chat", "tier": "a"}}, "app=chat,tier=a"),
        ({"match_labels": {"app": "chat"}, "match_expressions": 1}, ""),
    ],
)
def test_a_selector_is_told_where_it_can_be(rig, found, selector):
    rig.see(**found)
    observe.note_scale(rig.pool, rig.cluster)
    assert rig.pool.selector == selector


# The peer


def tied(rig, name="decode"):
    rig.ask(peerRef={"name": name, "minPercent": 50})
    return observe.peer_of(rig.pool, rig.pools)


def add_peer(rig, **spec):
    metadata = {"namespace": "inference", "name": "decode", "uid": "uid-2", "generation": 1}
    metadata["creationTimestamp"] = "2026-03-02T12:00:00Z"
    made = {"targetRef": {"name": "decode"}, "minReplicas": 2, "maxReplicas": 8} | spec
    return rig.pools.take({"metadata": metadata, "spec": made})


def test_a_pool_without_a_tie_has_no_peer(rig):
    assert observe.peer_of(rig.pool, rig.pools) is None


def test_a_peer_that_is_not_there_is_named(rig):
    assert tied(rig).detail == "ipool/decode is not in inference"


def test_a_pool_is_no_peer_of_its_own(rig):
    assert tied(rig, "chat").detail == "ipool/chat is this pool itself"


def test_a_peer_without_a_good_spec_is_none(rig):
    add_peer(rig, minReplicas=9)
    assert tied(rig).detail == "ipool/decode has no spec that can be accepted"


def test_a_peer_that_was_never_looked_at_is_none_yet(rig):
    add_peer(rig)
    assert tied(rig).detail == "ipool/decode has not been looked at yet"


@pytest.mark.parametrize(("own", "needs"), [(None, 0), (1, 2), (2, 4), (3, 6), (4, 6)])
def test_a_peer_that_is_not_decided_since_a_restart_keeps_what_is_there_and_asks_for_no_more(rig, own, needs):
    add_peer(rig).memory = Memory(edits=Edits(asked=6))
    rig.pool.memory = Memory(edits=Edits(asked=own))
    assert tied(rig) == Peer("decode", 6, needs)


def test_a_peer_that_nothing_is_held_up_by_is_known_by_its_size_alone(rig):
    add_peer(rig).memory = Memory(edits=Edits(asked=6))
    rig.ask(peerRef={"name": "decode", "maxPercent": 50})
    assert observe.peer_of(rig.pool, rig.pools) == Peer("decode", 6, 0)


async def test_a_peer_is_known_by_its_last_decision(rig):
    await rig.at(0, 0)
    other = add_peer(rig, peerRef={"name": "chat", "minPercent": 50})
    needs = rig.pool.decision.needs
    assert observe.peer_of(other, rig.pools) == Peer("chat", 2, needs)


def test_a_peer_whose_target_is_gone_is_none(rig):
    other = add_peer(rig)
    other.memory = Memory(edits=Edits(asked=6))
    other.decision = Decision(0, 0, 0, Reason.TARGET_NOT_FOUND)
    assert tied(rig).detail == "ipool/decode has no target"
