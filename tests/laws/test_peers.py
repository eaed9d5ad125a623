"""What holds for pools that are tied to each other, whatever their queues do."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.core.test_peer import Pair

from builders import at, reading
from poolkeeper.core.decide import decide
from poolkeeper.core.model import Tie
from poolkeeper.core.observation import Observation, Peer, Pinned
from strategies import depths, memories, observations, specs, targets

DEPTHS = st.sampled_from([0, 0, 99, 500, 1001, 3500, 9000])
PEERS = st.builds(Peer, st.just("decode"), st.none() | st.integers(0, 16), st.integers(0, 16))
WHOLE = st.builds(Observation, target=targets(), readings=depths().map(lambda depth: (reading(depth),)))
TIES = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(lambda both: Tie("decode", min(both), max(1, *both)))


def tied(spec, seen, memory, tie, peer):
    return decide(replace(spec, tie=tie), replace(seen, peer=peer), memory, at(0))[0]


@given(specs(), observations(), memories(), TIES, PEERS)
def test_a_tie_takes_no_replica_away(spec, seen, memory, tie, peer):
    alone = decide(spec, seen, memory, at(0))[0].size
    assert tied(spec, seen, memory, tie, peer).size >= min(alone, seen.target.replicas)


@given(specs(), WHOLE, memories(), TIES, PEERS.filter(lambda peer: peer.size))
def test_growth_never_goes_past_what_both_allow(spec, seen, memory, tie, peer):
    found = tied(spec, seen, memory, tie, peer)
    most = max(1, tie.max_percent * peer.size // 100, -(-tie.min_percent * peer.needs // 100), spec.min_replicas)
    assert found.size <= max(most, seen.target.replicas)


@given(st.lists(st.tuples(DEPTHS, DEPTHS), min_size=1, max_size=6), st.integers(0, 100), st.integers(100, 400))
def test_two_that_are_tied_settle_under_any_queues_that_stay(queues, least, most):
    pair = Pair([Tie("b", least, most), Tie("a", least, most)], most=8)
    for one, other in queues:
        pair.live(300, one, other)
    last = pair.live(3600, *queues[-1])[-60:]
    assert all(before == after for before, after in pairwise(last))


@given(specs(), observations(), memories(), st.integers(0, 20))
def test_a_pin_is_had_within_the_maximum_or_held_by_what_holds_every_shrink(spec, seen, memory, replicas):
    found = decide(spec, replace(seen, pinned=Pinned(replicas)), memory, at(0))[0]
    assert min(replicas, found.current) <= found.size <= max(found.current, min(replicas, spec.max_replicas))
