"""Of one pool there is one leader at a time, also while the number of shards changes; and in the end there is one.

Processes of two and of three shards live side by side. Each is let on by steps, as dice fall: one may lie still for
longer than its lease between any two of them, die, come back under its name, or give a request up that is carried out
when everybody has forgotten it.
"""

from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.lease_world import DURATION, Process, Server

from poolkeeper.api.shards import Shard
from poolkeeper.shell.kube_errors import KubeError

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = (2, 2, 3, 3)
POOLS = [f"uid-{number}" for number in range(12)]
LENGTH = 400
SEEDS = st.integers(0, 2**32)
"""A story is hundreds of deeds: its seed tells it, which hypothesis draws a thousand times faster than each of them."""
FEW = settings(max_examples=max(1, settings.default.max_examples // 5))


class Story:
    """What happens to the processes; `late` are requests that nobody waits for any more."""

    def __init__(self) -> None:
        self.server = Server()
        self.processes = [Process(self.server, f"p{place}", shards) for place, shards in enumerate(NUMBERS)]
        self.late: list[Callable[[], object]] = []
        self._born = 0

    def step(self, place: int, count: int) -> None:
        for _ in range(count):
            self.processes[place].step()

    def give_up(self, place: int) -> None:
        left = self.processes[place].give_up()
        self.late += [left] if left else []

    def end(self, place: int, *, same: bool) -> None:
        """Let a process end; another begins in its place, under the same name or a new one."""
        self.give_up(place)
        self._born += 1
        old = self.processes[place]
        name = old.name if same else f"p{place}-{self._born}"
        self.processes[place] = Process(self.server, name, old.shards)

    def arrive(self) -> None:
        if self.late:
            with suppress(KubeError):
                self.late.pop(0)()

    def together(self, one: int, other: int, count: int) -> None:
        for _ in range(count):
            self.step(one, 1)
            self.step(other, 1)

    def live(self, dice: Random) -> None:
        """Let something happen: mostly steps, as many of one process as bring it into the middle of something."""
        one, other = dice.choices(range(len(NUMBERS)), k=2)
        deed = dice.choices(("step", "together", "pass", "end", "give up", "arrive"), (40, 10, 20, 5, 3, 3))[0]
        match deed:
            case "step":
                self.step(one, dice.choice((1, 1, 2, 3, 5, 7)))
            case "together":
                self.together(one, other, dice.randint(1, 8))
            case "pass":
                self.server.seconds += dice.choice((0.5, 2.0, 9.0, DURATION))
            case "end":
                self.end(one, same=dice.random() < 0.5)
            case "give up":
                self.give_up(one)
            case _:
                self.arrive()

    @property
    def leads(self) -> list[Shard]:
        return [Shard(*one.leads) for one in self.processes if one.leads]


def owners(leads: list[Shard]) -> int:
    """Return how many keep the pool that most keep: shards of one number have none in common, others have."""
    return max(sum(shard.has(uid) for shard in leads) for uid in POOLS)


@given(SEEDS)
def test_no_pool_is_ever_kept_by_two(seed):
    story, dice = Story(), Random(seed)  # noqa: S311  no secret: it is to be told again
    for _ in range(LENGTH):
        story.live(dice)
        assert owners(story.leads) <= 1, story.leads
        assert len({shard.of for shard in story.leads}) <= 1, "of two numbers, some pools are of one process only"


@FEW
@given(SEEDS, st.sampled_from((2, 3)))
def test_once_those_of_another_number_are_gone_every_shard_has_a_leader(seed, number):
    story, dice = Story(), Random(seed)  # noqa: S311  no secret: it is to be told again
    for _ in range(LENGTH):
        story.live(dice)
    for place in range(len(NUMBERS)):
        story.end(place, same=False)
    left = [Process(story.server, f"new-{place}", number) for place in range(number + 1)]
    story.processes = left
    for _ in range(60):
        for one in left:
            one.step()
        story.server.seconds += DURATION / 60
    for _ in range(30):
        for one in left:
            for _ in range(8):
                one.step()
        story.server.seconds += 2
    assert sorted(story.leads) == [Shard(place, number) for place in range(number)]


def test_with_every_lease_free_those_who_come_first_lead():
    """The laws above say something: there is somebody who leads."""
    story = Story()
    story.step(0, 8)
    story.step(1, 8)
    assert {shard.of for shard in story.leads} == {2}


def test_two_that_take_at_the_same_time_hand_back():
    story = Story()
    for _ in range(12):
        for place in (1, 2):
            story.step(place, 1)
    assert (story.leads, {one.spec.holder_identity for one in story.server.leases.values()}) == ([], {""})
