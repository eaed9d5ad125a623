"""The pools that chaos befalls, with what each promises."""

from dataclasses import dataclass
from enum import StrEnum
from math import ceil

SPARE = 3
"""How many replicas on-demand may stand in for."""


class Kind(StrEnum):
    """Where a pool's queue is read, or what else is special about it."""

    PODS = "pods"
    SERIES = "series"
    QUERY = "query"
    CLOCK = "clock"
    ZERO = "zero"
    SPOT = "spot"
    OBSERVED = "observed"
    PINNED = "pinned"


FROM_PROMETHEUS = {Kind.SERIES, Kind.QUERY, Kind.ZERO}


@dataclass(frozen=True)
class Member:
    """A pool: its bounds, its grace period in seconds; of a pool on spot, what is guaranteed."""

    name: str
    kind: Kind
    least: int = 2
    most: int = 6
    grace: float = 10.0
    base: int = 0
    percent: int = 0
    lifted: int = 0
    """The floor in every second minute, by the clock."""
    pin: int = 3

    @property
    def halves(self) -> tuple[str, ...]:
        """The Deployments, on-demand first."""
        return (self.name, f"{self.name}-spot") if self.kind is Kind.SPOT else (self.name,)

    @property
    def by_prometheus(self) -> bool:
        """Whether its queue is in Prometheus, and not on its pods' pages."""
        return self.kind in FROM_PROMETHEUS

    @property
    def is_free(self) -> bool:
        """Whether its queue moves its size."""
        return self.kind not in {Kind.OBSERVED, Kind.PINNED}

    def floor(self, at: float) -> int:
        """Return the smallest size that it may be given at an instant."""
        if self.kind is Kind.PINNED:
            return self.pin
        return self.lifted if self.lifted and int(at // 60) % 2 == 0 else self.least

    def cap(self) -> int:
        """Return the largest size that it may be given, what stands in for spot included."""
        if self.kind is Kind.PINNED:
            return self.pin
        return self.most + (SPARE if self.kind is Kind.SPOT else 0)

    def guaranteed(self, total: int) -> int:
        """Return how many of a size must be on-demand, by the published formula (R7)."""
        return min(total, self.base + ceil(self.percent * max(0, total - self.base) / 100))


def company() -> tuple[Member, ...]:
    """Return all of them."""
    return (
        *(Member(f"pods-{index}", Kind.PODS) for index in range(4)),
        Member("patient", Kind.PODS, grace=20),
        Member("series-0", Kind.SERIES),
        Member("series-1", Kind.SERIES, grace=20),
        Member("query", Kind.QUERY),
        Member("clock", Kind.CLOCK, lifted=4),
        Member("zero", Kind.ZERO, least=0, most=3),
        Member("spot", Kind.SPOT, base=1),
        Member("mixed", Kind.SPOT, percent=40),
        Member("observed", Kind.OBSERVED),
        Member("pinned", Kind.PINNED),
    )
