"""What holds for every peer."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poolkeeper.core.engine import Engine
from poolkeeper.core.model import ON_DEMAND, CapacityType, Tier
from poolkeeper.simulate.peers import PEERS, Terms, peer
from poolkeeper.simulate.peers.skyserve import EXTRA

SPOT = Tier("spot", CapacityType.SPOT)
TERMS = Terms(Engine(), 1155, 211, timedelta(minutes=4), tiers=(SPOT, ON_DEMAND), hours=(4,) * 24)
LOADS = st.lists(st.floats(0, 2000), min_size=1, max_size=60)
ALWAYS_THE_SAME = {"static", "schedule"}
BLIND = {"schedule", "keda", "keda-load", "llm-d-queue", "llm-d-queue-tuned", "llm-d-saturation", "llm-d-tokens"}
"""Those that take no metrics for no load, or for nothing at all."""


def wanted(decided):
    """Return the size that is to serve: on demand only stands in for what is not ready on spot."""
    return decided if isinstance(decided, int) else decided["spot"]


def played(show, name, loads):
    """Return what a peer decides under these loads, every replica ready at once."""
    policy, size, found = peer(name, 2, 8, TERMS), 4, []
    for number, load in enumerate(loads):
        busy = min(load, 64.0 * size)
        seen = {"waiting": load - busy, "running": busy, "kv_usage": busy / (320 * size), "arrival_rate": load / 10}
        at = number * policy.interval.total_seconds()
        found.append(policy.decide(show(size, now=at, by_tier={"spot": (size, size)}, **seen)))
        size = wanted(found[-1])
    return found


@pytest.mark.parametrize("name", PEERS)
def test_a_peer_is_called_as_it_is_asked_for(name):
    assert peer(name, 2, 8, TERMS).name == name


def test_there_is_none_of_another_name():
    with pytest.raises(KeyError):
        peer("static=many", 2, 8, TERMS)


@pytest.mark.parametrize("name", PEERS)
@settings(max_examples=20)
@given(loads=LOADS)
def test_it_stays_within_the_bounds(show, name, loads):
    most = 8 + (EXTRA if name == "skyserve-hedge" else 0)
    assert all(2 <= wanted(decided) <= most for decided in played(show, name, loads))


@pytest.mark.parametrize("name", PEERS)
@settings(max_examples=20)
@given(loads=LOADS)
def test_the_same_history_is_decided_the_same(show, name, loads):
    assert played(show, name, loads) == played(show, name, loads)


@pytest.mark.parametrize("name", [name for name in PEERS if name not in ALWAYS_THE_SAME | {"apa"}])
def test_an_hour_of_overload_takes_it_to_its_maximum(show, name):
    assert wanted(played(show, name, [2000.0] * 1800)[-1]) >= 8


@pytest.mark.parametrize("name", [name for name in PEERS if name not in ALWAYS_THE_SAME | {"keda-cron"}])
def test_a_night_without_load_takes_it_to_its_minimum(show, name):
    assert wanted(played(show, name, [0.0] * 1800)[-1]) <= 2 + EXTRA


@pytest.mark.parametrize("name", [name for name in PEERS if name not in BLIND | {"skyserve-spot", "skyserve-hedge"}])
def test_without_metrics_it_does_not_shrink(show, name):
    policy = peer(name, 2, 8, TERMS)
    assert all(policy.decide(show(6, now=60.0 * look, missing=True)) >= 6 for look in range(30))
