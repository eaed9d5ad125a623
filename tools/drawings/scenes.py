"""Small lives of a pool that show one rule each.

loading      R1   a queue appears, and a model takes four minutes to load
grace        R2   the queue ends, comes back once, and ends for good
reclaimed    R7   two of four spot nodes are taken back
window       R5   a window begins, and replicas are started before it
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.decision import Decision
from poolkeeper.core.machines import Startup, Stock
from poolkeeper.core.model import (
    ON_DEMAND,
    CapacityType,
    Guaranteed,
    Limits,
    PoolSpec,
    Queue,
    ScaleDown,
    Schedule,
    Tier,
    Window,
)
from poolkeeper.core.observation import Observation
from poolkeeper.core.reasons import Reason
from poolkeeper.core.world import Ground
from poolkeeper.simulate.replay import Case, Moment, Operator, Run

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STEP = timedelta(seconds=5)
SEED = 7
SOON = timedelta(seconds=10)


class Diary(Operator):
    """The operator, and each reason that it gave, with when it first did."""

    def __init__(self, spec: PoolSpec) -> None:
        super().__init__(spec)
        self.reasons: list[tuple[datetime, Reason]] = []

    def see(self, seen: Observation, now: datetime) -> Decision:
        """Look, remember, and note a reason that is another than before."""
        decision = super().see(seen, now)
        if not self.reasons or self.reasons[-1][1] is not decision.reason:
            self.reasons.append((now, decision.reason))
        return decision


@dataclass(frozen=True, slots=True)
class Scene:
    """What a drawing shows: moments of the pool's life, its reasons, and how another algorithm sized the same pool.

    `marks` are instants to name, each with its words.
    """

    title: str
    moments: tuple[Moment, ...]
    reasons: tuple[tuple[datetime, Reason], ...]
    marks: tuple[tuple[datetime, str], ...] = ()


PROMPT, OUTPUT = 1155, 211
SLOW = Ground(startup=Startup(4 * MINUTE))
SPOT = Tier("spot", CapacityType.SPOT, provider="eks")


def traffic(*parts: tuple[float, float]) -> Traffic:
    """Return so many minutes of each rate, in requests a second."""
    steps = [
        Arrival(rate * STEP.total_seconds(), PROMPT, OUTPUT)
        for minutes, rate in parts
        for _ in range(round(minutes * MINUTE / STEP))
    ]
    return Traffic(START, STEP, tuple(steps))


def lived(title: str, spec: PoolSpec, case: Case, marks: Iterable[tuple[float, str]] = ()) -> Scene:
    """Return the scene of a pool's life; marks by minutes since its start."""
    diary = Diary(spec)
    run = Run(diary, case)
    for place in range(len(case.traffic.arrivals)):
        run.step(place)
    named = tuple((START + minutes * MINUTE, words) for minutes, words in marks)
    return Scene(title, run.played().moments, tuple(diary.reasons), named)


def case(spec: PoolSpec, ground: Ground, size: int, *parts: tuple[float, float]) -> Case:
    """Return a case of the pool's bounds on some ground."""
    return Case(traffic(*parts), ground, spec.min_replicas, spec.max_replicas, size, timedelta(seconds=2), SEED)


def loading() -> Scene:
    """A queue appears while a model takes four minutes to load: what is on its way is counted."""
    spec = PoolSpec(2, 8, lead=False, drain_deadline=SOON)
    marks = [(3, "the load doubles"), (7, "they are ready")]
    return lived(
        "A queue, and a model that takes four minutes to load", spec, case(spec, SLOW, 2, (3, 8), (17, 16)), marks
    )


def from_short_queues() -> Scene:
    """The queue ends, comes back once, and ends for good: the grace period begins again."""
    spec = PoolSpec(2, 8, lead=False, drain_deadline=SOON)
    parts = (2, 20), (3, 6), (1.5, 34), (14, 6)
    return lived("A short queue, and the grace period", spec, case(spec, SLOW, 4, *parts), [(5, "a burst")])


def reclaimed() -> Scene:
    """Two of four spot nodes are taken back: on-demand covers for them, and hands back."""
    stock = Stock(ticks=((0, 4), (300, 2), (900, 4)), notice=2 * MINUTE)
    ground = replace(SLOW, startup=Startup(MINUTE), stock={"spot": stock})
    spec = PoolSpec(5, 8, tiers=(SPOT, ON_DEMAND), guaranteed=Guaranteed(percent_above_base=10), drain_deadline=SOON)
    marks = [(5, "two are taken back"), (15, "spot is there again")]
    return lived("Spot is taken back", spec, case(spec, ground, 5, (40, 12)), marks)


def by_the_clock() -> Scene:
    """A window begins at 09:15: its replicas are started one start-up time before."""
    windows = (Window("office", "15 9 * * *", "35 9 * * *", Limits(floor=5)),)
    calm = Queue(down=ScaleDown(grace_period=2 * MINUTE))
    spec = PoolSpec(1, 8, queue=calm, schedule=Schedule(windows, lead_time=4 * MINUTE), drain_deadline=SOON)
    return lived("A window on the clock", spec, case(spec, SLOW, 1, (50, 2)), [(15, "it begins"), (35, "it ends")])
