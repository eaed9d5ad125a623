"""A pool on spot nodes that a real Karpenter makes: its life from the first node to the return after a stock-out.

    10 wanted                 on-demand  spot
    lands                         1        9
    two nodes are drained         1        9     voluntary: replaced, one at a time as the budget says
    three are interrupted       1 + 3      9     at once, and no more while victims end and others come
    others have come              1        9     one by one
    14 wanted, no spot left     2 + 2     12     maxReplicas 2: one is missing
    spot is back                  2       12     one by one

A second pool, of three on nodes of two GPUs, is packed together meanwhile: Karpenter thinks half a minute about it.
One test, as the parts of it follow from one another and stand on one control plane.
"""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from rig.ground import Ground
from rig.karpenter import TWIN, KarpenterPool, Market, market
from rig.manifests import deployment
from rig.space import Space
from rig.waiting import eventually

pytestmark = pytest.mark.lasts(75)

REFUSALS = ("InsufficientCapacityError", "FailedScheduling")


@pytest.fixture(scope="module")
def fresh_market() -> Iterator[Market]:
    with market() as opened:
        yield opened


@pytest.fixture(scope="module")
def ground(fresh_market: Market) -> Ground:
    return fresh_market.ground


def test_a_pool_lives_on_the_nodes_that_karpenter_makes(
    space: Space, fresh_market: Market, subtests: pytest.Subtests
) -> None:
    space.operate().wait_until_leading()
    packed = scatter(KarpenterPool(space, fresh_market.karpenter, "packed", TWIN))
    scattered = packed.wait_until_ready(3)
    chat = KarpenterPool(space, fresh_market.karpenter).open(10)
    with subtests.test("it lands one on on-demand and nine on spot"):
        chat.wait_until_split(1, 9)
        lands(chat)
    with subtests.test("a drain is no reclaim, and takes what the budget lets it"):
        is_drained(chat)
    with subtests.test("three interrupted are covered at once and once, and handed back one by one"):
        is_interrupted(chat)
    with subtests.test("a stock-out is covered as far as maxReplicas, and said in Karpenter's words"):
        runs_out(chat)
    with subtests.test("once spot is back, no replica is missed on the way back"):
        is_restocked(chat)
    with subtests.test("a consolidation is no reclaim"):
        is_packed(packed, scattered)


@pytest.mark.long
def test_nodes_that_go_with_their_notice_are_held_by_the_budget(space: Space, fresh_market: Market) -> None:
    space.operate().wait_until_leading()
    chat = KarpenterPool(space, fresh_market.karpenter).open(10)
    chat.wait_until_split(1, 9)
    notice = chat.announce(3)
    chat.terminate(notice)
    chat.wait_until_split(1, 9)
    print(f"\nworst ready - wanted {chat.ready.least_since(notice.at) - 10}")
    assert max(space.sizes("chat")) == 4
    assert chat.ready.least_since(notice.at) >= 9


def scatter(pool: KarpenterPool) -> KarpenterPool:
    """Have a pool of three with its spot replicas on two nodes that one would do for: beside a guest who left."""
    pool.space.create(deployment("guest", 1, nodes={**pool.nodes, "karpenter.sh/capacity-type": "spot"}))
    pool.open(3).wait_until_split(1, 2)
    assert len(set(pool.spot_nodes(2))) == 2
    pool.space.api.patch(pool.space.path("Deployment", "guest"), {"spec": {"replicas": 0}})
    return pool


def lands(chat: KarpenterPool) -> None:
    made = {kind: set(chat.karpenter.nodes(kind)) for kind in ("spot", "on-demand")}
    assert {pod["spec"]["nodeName"] for pod in chat.pods("chat")} <= made["on-demand"]
    assert {pod["spec"]["nodeName"] for pod in chat.pods("chat-spot")} <= made["spot"]
    assert chat.space.status("chat")["tiers"][0]["provider"] == "karpenter"


def is_drained(chat: KarpenterPool) -> None:
    begun = chat.wait_until_ready(10)
    chat.drain(chat.spot_nodes(2))
    chat.wait_until_split(1, 9)
    assert chat.ready.least_since(begun) == 9
    assert chat.space.sizes("chat") == [1]
    assert not chat.reclaimed()


def is_interrupted(chat: KarpenterPool) -> None:
    notice = chat.interrupt(3)
    chat.wait_until_split(1, 9)
    patched = chat.space.wait_for_size("chat", 4)
    worst = chat.ready.least_since(notice.at) - 10
    print(f"\nnotice to patch {patched.at - notice.at:.2f} s; worst ready - wanted {worst}")
    up, down = split_at_peak(chat.space.sizes("chat"))
    assert up == sorted(up)  # the notices are posted one by one: more than one look may see them
    assert (up[-1], down) == (4, [3, 2, 1])
    assert worst >= 0


def split_at_peak(sizes: list[int]) -> tuple[list[int], list[int]]:
    """Return the sizes up to the largest, and those after it."""
    after = sizes.index(max(sizes)) + 1
    return sizes[:after], sizes[after:]


def runs_out(chat: KarpenterPool) -> None:
    before = len(chat.space.sizes("chat"))
    chat.karpenter.stock_out("spot")
    chat.resize(14, cover=2)
    chat.wait_until_ready(13)
    said = chat.space.wait_for_condition("chat", "SplitReady", "FallbackAtMaximum")["message"]
    assert any(words in said for words in chat.told(*REFUSALS)), said
    assert max(chat.space.sizes("chat")[before:]) == 4


def is_restocked(chat: KarpenterPool) -> None:
    chat.karpenter.restock("spot")
    whole = chat.wait_until_ready(14)
    chat.wait_until_split(2, 12)
    assert chat.ready.least_since(whole) >= 14
    assert all(after == before - 1 for before, after in pairwise(chat.space.sizes("chat")[-3:]))


def is_packed(packed: KarpenterPool, scattered: float) -> None:
    eventually(lambda: len(set(packed.spot_nodes(2))) == 1, "both share a node")
    assert "Disrupting Node: Underutilized" in packed.told("DisruptionTerminating")
    packed.wait_until_split(1, 2)
    assert packed.ready.least_since(scattered) >= 2
    assert (packed.space.sizes("packed"), packed.space.sizes("packed-spot")[-1]) == ([1], 2)
    assert not packed.reclaimed()
