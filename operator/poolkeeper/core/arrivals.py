"""What comes to a pool, step by step: how many requests, and how long they are."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import fsum
from typing import NamedTuple


class Arrival(NamedTuple):
    """What comes in one step: how many requests, maybe not whole, and the mean tokens of each."""

    requests: float
    prompt: float
    output: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """The arrivals from `start` on, each of one `step`."""

    start: datetime
    step: timedelta
    arrivals: tuple[Arrival, ...]

    @property
    def end(self) -> datetime:
        """When the last step ends."""
        return self.start + self.step * len(self.arrivals)

    @property
    def requests(self) -> float:
        """How many requests come in all."""
        return fsum(arrival.requests for arrival in self.arrivals)
