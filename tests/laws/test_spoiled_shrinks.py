"""A pool whose time to shrink has come does so, and any single thing that speaks against it is enough to stop it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from builders import at, reading
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edit, Edits, Grace, Served
from poolkeeper.core.model import Mode
from poolkeeper.core.observation import Conflict, PodFault, PodSample, Reading
from poolkeeper.core.reasons import Reason
from strategies import FAULTS, ripe


def seen(**changes):
    return lambda spec, found, memory: (spec, replace(found, **changes), memory)


def target(**changes):
    return lambda spec, found, memory: (spec, replace(found, target=replace(found.target, **changes)), memory)


def remembered(**changes):
    return lambda spec, found, memory: (spec, found, replace(memory, **changes))


def edited(by: int):
    """Somebody else changed the size by so many, a moment ago."""

    def spoil(spec, found, memory):
        size = found.target.replicas
        return spec, found, replace(memory, edits=Edits(asked=size, edit=Edit("kubectl", at(-1), size - by, size)))

    return spoil


SPOILERS = {
    "first decision": remembered(edits=Edits()),
    "another target": remembered(target="uid-of-another"),
    "clock stands": remembered(grace=Grace(sampled_at=at(-1))),
    "nobody knows when it was looked at": remembered(grace=Grace(short_since=at(-301))),
    "sample was decided upon": remembered(grace=Grace(short_since=at(-301), sampled_at=at(0))),
    "rollout": target(rolling=True),
    "we wrote a size that nobody remembers": lambda spec, found, memory: (
        spec,
        found,
        replace(memory, edits=replace(memory.edits, asked=found.target.replicas + 1)),
    ),
    "requests wait too long": remembered(served=Served(minutes=((at(-60), 90, 100),))),
    "somebody else made it larger": edited(1),
    "somebody else made it smaller": edited(-1),
    "pause": seen(paused_until=at(1)),
    "conflict": seen(conflict=Conflict(Reason.CONFLICT_POOL, "chat")),
    "paused": lambda spec, found, memory: (replace(spec, mode=Mode.PAUSED), found, memory),
    "no reading": seen(readings=()),
    "stale": seen(readings=(reading(0, -999),)),
    "no ready pod to ask": seen(readings=(Reading("pods", at(0), applies=False),)),
    "half of the pods silent": seen(
        readings=(Reading("pods", at(0), pods=(PodSample("a", 0),), faults=(PodFault("b", Reason.METRIC_TIMEOUT),)),)
    ),
    "busy": lambda spec, found, memory: (
        replace(spec, queue=replace(spec.queue, slots_per_replica=1)),
        replace(found, readings=(Reading("pods", at(0), pods=(PodSample("a", 0, running=99),)),)),
        memory,
    ),
    "cache full": seen(readings=(Reading("pods", at(0), pods=(PodSample("a", 0, kv_usage=99),)),)),
    **{fault: seen(readings=(reading(None, fault=fault),)) for fault in FAULTS},
    **{f"half {fault}": seen(readings=(reading(0), reading(None, fault=fault))) for fault in FAULTS[:2]},
}
ABOVE_MAXIMUM_LEAVES_ANYWAY = {"busy", "cache full", "no ready pod to ask"}


@given(ripe())
def test_a_pool_whose_time_has_come_shrinks(found):
    spec, observation, memory = found
    assert decide(spec, observation, memory, at(0))[0].size < observation.target.replicas


@pytest.mark.parametrize("name", SPOILERS)
@settings(max_examples=10)
@given(found=ripe())
def test_one_thing_against_it_stops_a_shrink(name, found):
    spec, observation, memory = found
    if name in ABOVE_MAXIMUM_LEAVES_ANYWAY:
        spec = replace(spec, max_replicas=observation.target.replicas)
    found = SPOILERS[name](spec, observation, memory)
    assert decide(*found, at(0))[0].size >= observation.target.replicas
