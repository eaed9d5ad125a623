"""The course of a release in a small world: pods start and end at once, its clock goes on when it is read."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from poolkeeper.cli.releasing import course
from poolkeeper.cli.releasing.course import Fold, Limits
from poolkeeper.cli.releasing.steps import Half, Seen
from poolkeeper.core.model import PodsSource
from poolkeeper.shell.kube_errors import TimedOut
from poolkeeper.shell.views import PodView

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


class World:
    """A cluster with both halves; `idle` pods of the sibling, and whether somebody takes growth back."""

    sources: tuple[PodsSource, ...] = (PodsSource(),)

    def __init__(self, idle=4, *, fought=False, stuck=False):
        self.sizes, self.idlers, self.fought, self.stuck = {"chat": 1, "chat-spot": 4}, idle, fought, stuck
        self.now, self.least = START, 5
        self.told, self.clock = [], SimpleNamespace(now=self.tick)

    def tick(self):
        self.now += timedelta(seconds=1)
        return self.now

    def half(self, name):
        ready = 1 if self.stuck and name == "chat" else self.sizes[name]
        pods = [PodView("ns", f"{name}-{n}", f"{name}{n}", START, ready_at=START) for n in range(ready)]
        return Half(name, name, "1", self.sizes[name], tuple(pods))

    async def halves(self):
        self.least = min(self.least, sum(self.sizes.values()))
        spot = self.half("chat-spot") if "chat-spot" in self.sizes else None
        return Seen(self.half("chat"), spot)

    async def idle(self, half):
        return frozenset(pod.uid for pod in half.pods[: self.idlers])

    async def patch(self, path, body, **_):
        name = path.split("/")[-2]
        if "spec" in body and not (self.fought and name == "chat"):
            self.sizes[name] = body["spec"]["replicas"]
        return SimpleNamespace(metadata=SimpleNamespace(resource_version="2"))

    async def delete(self, path, **_):
        del self.sizes[path.rpartition("/")[2]]


async def fold(world, total=5, drain=30, whole=600):
    limits = Limits(timedelta(seconds=drain), timedelta(seconds=whole))
    await Fold(world, world, total, limits, world.told.append, "ns").run()
    return world


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(course, "BEAT", 0)


async def test_all_of_it_ends_on_the_target():
    world = await fold(World())
    assert (world.sizes, world.least) == ({"chat": 5}, 5)


async def test_busy_ones_are_waited_for_until_the_deadline():
    world = await fold(World(idle=0))
    assert (world.sizes, world.now - START >= timedelta(seconds=30)) == ({"chat": 5}, True)
    assert any("busy, waited for until" in line for line in world.told)


async def test_where_nobody_tells_nobody_is_waited_for():
    world = World(idle=0)
    world.sources = ()
    await fold(world)
    assert not any("busy" in line for line in world.told)


async def test_who_takes_the_growth_back_again_and_again_is_told_of():
    with pytest.raises(TimedOut, match=r"spec.replicas of deployment/chat was set back 5 times"):
        await fold(World(fought=True))


async def test_on_demand_that_is_short_is_waited_for_so_long_and_no_longer():
    world = World(stuck=True)
    with pytest.raises(TimedOut, match=r"not within --timeout: 1 of 5 of chat ready"):
        await fold(world, whole=20)
    assert world.sizes == {"chat": 5, "chat-spot": 4}


async def test_what_is_waited_for_is_told_once():
    world = World(stuck=True)
    with pytest.raises(TimedOut):
        await fold(world, whole=20)
    assert len(world.told) == len(set(world.told))
