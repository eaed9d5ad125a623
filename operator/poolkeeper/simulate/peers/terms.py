"""What a peer is run on, what it is shown, and what it answers: the words that all of them share."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Protocol

from poolkeeper.core.engine import Engine
from poolkeeper.core.model import ON_DEMAND, Tier

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
DIGITS = 9
"""To which figures are rounded before they are rounded up: 3.0000000000004 replicas are three."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What whoever configures a peer knows, as its experts would: the true figures.

    `prompt` and `output` are the mean tokens of a request, `startup` is how long a replica loads. `start` is when the
    traffic begins, in the zone that schedules are written in; `hours` are 24 sizes, by the hour of the day.
    """

    engine: Engine
    prompt: float
    output: float
    startup: timedelta
    tiers: tuple[Tier, ...] = (ON_DEMAND,)
    start: datetime = MONDAY
    hours: tuple[int, ...] = ()

    @property
    def batch(self) -> float:
        """How many requests a replica runs at once."""
        return self.engine.batch(self.prompt, self.output)

    @property
    def capacity(self) -> float:
        """How many requests a second a replica serves that never lacks work."""
        return self.engine.capacity(self.prompt, self.output)

    def concurrency(self, share: float) -> float:
        """Return how many requests are in a replica at this share of its capacity: what a load test finds.

        With c requests a second, c * output / pace(n) decode, which are n = x / (1 - x / half_batch) with
        x = c * output / decode_rate; c * prompt / prefill_rate are in prefill. Where prefill is what limits a replica,
        that is far below its batch: slots fill up only when it is too late.
        """
        rate = share * self.capacity
        alone = rate * self.output / self.engine.decode_rate
        decoding = alone / (1 - alone / self.engine.half_batch)
        return min(self.batch, decoding + rate * self.prompt / self.engine.prefill_rate)


class Seen(Protocol):
    """What a peer's metrics and its API server show; `core.world.Gauges` is one.

    `now` is in seconds since the start. The size, who of it is ready, the requests that wait and run in the whole pool,
    the mean share of the KV cache in use (0 to 1), the requests that came in a second since the last look, and by the
    name of the tier its size and how many of it are ready. `missing`: the engines' figures were not to be had.
    """

    @property
    def now(self) -> float: ...  # noqa: D102  said above
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def ready(self) -> int: ...  # noqa: D102
    @property
    def waiting(self) -> float: ...  # noqa: D102
    @property
    def running(self) -> float: ...  # noqa: D102
    @property
    def kv_usage(self) -> float: ...  # noqa: D102
    @property
    def arrival_rate(self) -> float: ...  # noqa: D102
    @property
    def by_tier(self) -> Mapping[str, tuple[int, int]]: ...  # noqa: D102
    @property
    def missing(self) -> bool: ...  # noqa: D102


class Peer(Protocol):
    """A published algorithm; `interval` is how long it waits between two looks."""

    name: str
    interval: timedelta

    def decide(self, seen: Seen) -> int | Mapping[str, int]:
        """Return the size to have, or that of each tier."""
        ...


Factory = Callable[[int, int, Terms], Peer]
"""Makes a peer of the smallest size, the largest and the terms."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a metrics pipeline tells of the pool; not `known` is an answer without a series."""

    waiting: float
    running: float
    kv_usage: float
    known: bool = True


Read = Callable[[Sample], float]
NOTHING = Sample(0.0, 0.0, 0.0)


def waiting(sample: Sample) -> float:
    """Return how many requests wait."""
    return sample.waiting


def running(sample: Sample) -> float:
    """Return how many requests run."""
    return sample.running


def load(sample: Sample) -> float:
    """Return how many requests are there, waiting or running."""
    return sample.waiting + sample.running


class Pipeline:
    """Scrape, store and adapter: what comes out is `lag` old, as nearly as the looks allow."""

    def __init__(self, lag: timedelta) -> None:
        self.lag = lag.total_seconds()
        self.under_way = deque[tuple[float, Sample]]()

    def sample(self, seen: Seen) -> Sample:
        """Put in what is to be seen now, and return what comes out."""
        self.under_way.append((seen.now, Sample(seen.waiting, seen.running, seen.kv_usage, not seen.missing)))
        due = seen.now - self.lag
        while len(self.under_way) > 1 and abs(self.under_way[1][0] - due) < abs(self.under_way[0][0] - due):
            self.under_way.popleft()
        return self.under_way[0][1]


def rounded_up(replicas: float) -> int:
    """Return the whole number of replicas that so many come to."""
    return ceil(round(replicas, DIGITS))


def clamped(size: int, minimum: int, maximum: int) -> int:
    """Return the nearest size within the bounds."""
    return max(minimum, min(maximum, size))
