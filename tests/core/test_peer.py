"""A pool beside another (peer.py): the bounds, the stage, and pairs that live together."""

import pytest

from builders import Rig, at, published, reading, seen, target
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edits, Grace, Memory, Pin
from poolkeeper.core.model import Mode, Tie
from poolkeeper.core.observation import Conflict, Peer, Pinned
from poolkeeper.core.peer import Tied, bound
from poolkeeper.core.reasons import Reason

TIE = Tie("decode", 25, 200)
BESIDE = published(tie=Tie("decode", 50, 200), max_replicas=16)
KNOWN = Memory(edits=Edits(asked=4))
RIPE = Memory(edits=Edits(asked=4), grace=Grace(at(-301), None, at(-1)))
FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)


def beside(size, waiting=500, *, memory=KNOWN, spec=BESIDE, **changes):
    peer = Peer("decode", size, size or 0)
    return decide(spec, seen(waiting, **{"target": target(4), "peer": peer} | changes), memory, at(0))[0]


# The bounds


@pytest.mark.parametrize(
    ("size", "needs", "floor", "cap"),
    [(8, 8, 2, 16), (9, 9, 3, 18), (1, 1, 1, 2), (8, 3, 1, 16), (2, 12, 3, 4), (0, 0, 0, None), (0, 2, 1, None)],
)
def test_shares_are_rounded_up_and_down(size, needs, floor, cap):
    assert bound(TIE, Peer("decode", size, needs)) == Tied("decode", size, floor, cap)


def test_where_the_peer_has_any_one_may_be_had():
    assert bound(Tie("decode", 0, 10), Peer("decode", 3, 3)).cap == 1


def test_without_a_share_there_is_no_cap():
    assert bound(Tie("decode", 25), Peer("decode", 8, 8)).cap is None


def test_a_missing_peer_bounds_nothing_and_is_told():
    found = bound(TIE, Peer("decode", detail="is gone"))
    assert found == Tied("decode", None, 0, None, Reason.PEER_MISSING, "is gone")


@pytest.mark.parametrize(("tie", "peer"), [(None, Peer("decode", 8, 8)), (TIE, None)])
def test_there_is_none_where_nobody_asks_or_knows(tie, peer):
    assert bound(tie, peer) is None


# The stage


def test_it_grows_to_its_share_of_what_the_peer_needs():
    assert (beside(12).size, beside(12).reason) == (6, Reason.PEER_MINIMUM)


def test_it_grows_no_further_past_the_peer():
    found = beside(3, 9000)
    assert (found.size, found.reason, found.clamps) == (6, Reason.QUEUE_ABOVE, (Reason.PEER_MAXIMUM,))


def test_what_is_past_the_peer_stays():
    assert (beside(1, 9000).size, beside(1, 9000).reason) == (4, Reason.PEER_MAXIMUM)


def test_a_shrink_stops_at_its_share():
    assert beside(8, 0, memory=RIPE).size == 4
    assert beside(6, 0, memory=RIPE).size == 3


def test_a_shrink_that_the_peer_stopped_follows_once_it_needs_less():
    spec = published(tie=Tie("decode", 50))
    _, memory = decide(spec, seen(0, target=target(4), peer=Peer("decode", 8, 8)), RIPE, at(0))
    after = decide(spec, seen(0, 1, target=target(4), peer=Peer("decode", 8, 6)), memory, at(1))[0]
    assert after.size == 3


def test_the_pools_own_maximum_goes_before_it():
    assert beside(12, spec=published(tie=Tie("decode", 100), max_replicas=5)).size == 5


def test_the_pools_own_floor_goes_before_it():
    spec = published(tie=Tie("decode", 0, 100), min_replicas=6)
    assert beside(2, spec=spec).size == 6


def test_a_pin_goes_before_it():
    assert beside(2, pinned=Pinned(10, "kubectl")).size == 10


def test_an_outage_of_our_own_lifts_the_cap():
    assert beside(1, readings=(FAILED,)).size == 4


def test_a_missing_peer_holds_nothing():
    assert beside(None, 9000).size == 8


# What the other one is told


def test_a_pool_needs_what_it_has_while_its_queue_asks_for_it():
    assert beside(8, 500).needs == 4


def test_a_pool_needs_its_next_step_down_once_its_queue_is_short():
    assert beside(8, 0).needs == 3


def test_a_pool_needs_what_it_wants_however_small_the_peer():
    assert beside(2, 3500).needs == 7


def test_a_pool_needs_no_more_than_it_may_have():
    assert beside(2, 9000, spec=published(max_replicas=5)).needs == 5


def test_what_a_peer_lifted_is_not_needed():
    assert beside(8, 0, memory=RIPE).needs == 3


def test_a_pool_needs_what_it_has_in_an_outage():
    assert beside(8, readings=(FAILED,)).needs == 4


def test_a_frozen_pool_needs_what_it_has():
    held = {"conflict": Conflict(Reason.CONFLICT_AUTOSCALER, "hpa/chat")}
    assert [beside(8, 0, **held).needs, beside(8, 0, spec=published(mode=Mode.PAUSED)).needs] == [4, 4]


def test_a_pinned_pool_needs_its_pin():
    pinned = Memory(edits=Edits(asked=4), pin=Pin(6, "", at(0)))
    assert beside(2, memory=pinned, pinned=Pinned(6)).needs == 6


# Two that are tied to each other


class Pair:
    """Two pools, each tied to the other, that look one after the other every ten seconds."""

    def __init__(self, ties, most=32, replicas=(2, 2)):
        specs = [published(tie=tie, max_replicas=most) for tie in ties]
        self.rigs = [Rig(spec, size, load=0) for spec, size in zip(specs, replicas, strict=True)]
        self.told = [Peer("other", size, size) for size in replicas]
        self.second = 0

    def live(self, seconds, *queues):
        """Return both sizes at each look."""
        sizes = []
        for _ in range(0, seconds, 10):
            self.second += 10
            for one, (rig, waiting) in enumerate(zip(self.rigs, queues, strict=True)):
                fault = Reason.METRIC_TIMEOUT if waiting is None else None
                found = rig.look(self.second, reading(waiting, self.second, fault=fault), peer=self.told[1 - one])
                self.told[one] = Peer("other", found.size, found.needs)
            sizes.append(tuple(rig.size for rig in self.rigs))
        return sizes


def test_two_that_are_tied_grow_together():
    pair = Pair([Tie("b", 50, 200), Tie("a", 50, 200)])
    assert pair.live(600, 9000, 500)[-1] == (32, 16)


def test_two_of_which_neither_may_be_larger_grow_all_the_same():
    pair = Pair([Tie("b", 100, 100), Tie("a", 100, 100)])
    assert pair.live(600, 9000, 500)[-1] == (32, 32)


def test_two_that_are_tied_shrink_together():
    pair = Pair([Tie("b", 100, 200), Tie("a", 100, 200)], replicas=(8, 8))
    assert pair.live(7200, 0, 0)[-1] == (2, 2)


def test_two_that_are_idle_hold_each_other_up_no_higher_however_their_shares_are_rounded():
    pair = Pair([Tie("b", 110), Tie("a", 90)])
    assert max(pair.live(3600, 0, 0)) == (3, 2)


def test_an_outage_of_one_shrinks_neither():
    pair = Pair([Tie("b", 50, 200), Tie("a", 50, 200)], replicas=(8, 8))
    sizes = [pair.live(10, 500, None)[0] for _ in range(60)]
    assert set(sizes) == {(8, 8)}
