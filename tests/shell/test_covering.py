"""The InferencePool's selector and the pool's halves: whom it leaves out is said, by label."""

import pytest
from tests.shell.test_split_turn import SplitRig

from builders import LONG_AGO
from poolkeeper.core.decision import Decision, Health
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import covering
from poolkeeper.shell.views import PodView

PICKER = {"name": "picker", "endpointPicker": {"inferencePoolRef": {"name": "theirs"}}}
QUEUE = {"sources": [PICKER], "thresholdsPer": "Pool", "scaleUp": {"above": 1000}, "scaleDown": {"below": 100}}
TIER = {"poolkeeper.io/tier": "spot"}


class Picked(SplitRig):
    """A split pool with a picker, whose halves have a pod each."""

    def __init__(self, selector):
        super().__init__(queue=QUEUE)
        self.cluster.picked["inference", "theirs"] = selector
        self.see_sibling()
        halves = {"chat": pod({"app": "chat"}), "chat-spot": pod({"app": "chat"} | TIER)}
        self.cluster.pods_of = lambda half: (halves[half.name],)

    async def health(self):
        await self.look(0)
        return self.pool.decision.health


def pod(labels):
    return PodView("inference", "pod", "uid", LONG_AGO, labels=labels, ready_at=LONG_AGO)


async def test_a_selector_that_covers_both_halves_is_fine():
    health = await Picked({"app": "chat"}).health()
    assert health.metrics is Reason.AS_EXPECTED


@pytest.mark.parametrize(
    ("selector", "words"),
    [
        ({"app": "chat"} | TIER, "pods of chat lack poolkeeper.io/tier=spot, which InferencePool 'theirs'"),
        ({"app": "chat", "a": "b"}, "pods of chat lack a=b, which InferencePool 'theirs' selects by; pods of chat-"),
        ({"app": "other"}, "pods of chat-spot lack app=other"),
    ],
)
async def test_whom_it_leaves_out_is_said_by_label(selector, words):
    health = await Picked(selector).health()
    assert health.metrics is Reason.PODS_NOT_PICKED
    assert words in health.metrics_detail


def test_it_is_said_of_the_split_too():
    rig = Picked({"app": "chat"} | TIER)
    decision = Decision(2, 2, 2, Reason.STEADY, health=Health(split=Reason.AS_EXPECTED))
    health = covering.told(decision, rig.pool, rig.cluster).health
    assert (health.split, health.split_detail) == (Reason.PODS_NOT_PICKED, health.metrics_detail)


async def test_nothing_is_said_of_one_that_was_not_read():
    rig = Picked({"app": "other"})
    rig.cluster.picked.clear()
    assert (await rig.health()).metrics is Reason.AS_EXPECTED
