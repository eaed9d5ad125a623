"""What a pool in Observe has come to, and what it would have come to with our sizes: sums over hours and days."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from operator import add
from typing import NamedTuple

from poolkeeper.core.days import ZERO


class Side(NamedTuple):
    """What the sizes of one side came to, its `cost` as far as prices were known.

    `came` is the work that came, `inside` what of it waited no longer than the SLA allows, both in replica-hours.
    """

    replica_hours: float = 0.0
    cost: Decimal = ZERO
    came: float = 0.0
    inside: float = 0.0
    changes: int = 0

    @property
    def share(self) -> float | None:
        """The share inside by the model, from 0 to 1; None where nothing came."""
        return min(1.0, self.inside / self.came) if self.came else None


class Checked(NamedTuple):
    """How far the model can be checked, at the sizes that there really were.

    In `hours`, the modelled wait was off by `missed` seconds, times hours; the pods counted `finished` requests,
    `inside` of them.
    """

    hours: float = 0.0
    missed: float = 0.0
    finished: float = 0.0
    inside: float = 0.0

    @property
    def error(self) -> float | None:
        """The mean absolute error of the modelled wait in seconds; None where no wait could be seen."""
        return self.missed / self.hours if self.hours else None

    @property
    def share(self) -> float | None:
        """The share inside as the pods counted it, from 0 to 1; None where they counted nothing."""
        return self.inside / self.finished if self.finished else None


class Sums(NamedTuple):
    """What was modelled over `hours`; for `priced` of them, prices were known."""

    hours: float = 0.0
    priced: float = 0.0
    ours: Side = Side()
    theirs: Side = Side()
    checked: Checked = Checked()

    @property
    def is_priced(self) -> bool:
        """Whether both costs are those of all hours."""
        return self.hours > 0 and self.priced >= self.hours * (1 - 1e-9)

    @property
    def saved(self) -> float:
        """The replica-hours that our sizes would have saved; negative: they would have been more."""
        return self.theirs.replica_hours - self.ours.replica_hours

    @property
    def saving(self) -> float | None:
        """The part that our sizes would have saved, 1 being all: of the cost, where not all was priced of the hours."""
        if self.is_priced and self.theirs.cost:
            return float(1 - self.ours.cost / self.theirs.cost)
        return self.saved / self.theirs.replica_hours if self.theirs.replica_hours else None

    @property
    def share(self) -> float | None:
        """The share inside of their sizes: as counted by the pods, else as modelled."""
        return self.theirs.share if self.checked.share is None else self.checked.share


def together(one: Side, two: Side) -> Side:
    """Return both stretches of one side together."""
    return Side(*map(add, one, two))


def added(one: Sums, two: Sums) -> Sums:
    """Return both stretches together."""
    return Sums(
        one.hours + two.hours,
        one.priced + two.priced,
        together(one.ours, two.ours),
        together(one.theirs, two.theirs),
        Checked(*map(add, one.checked, two.checked)),
    )


class Day(NamedTuple):
    """What one day came to."""

    on: date
    sums: Sums


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known at `at` of the time since `since`: the `total`, and the last `days`, oldest first.

    `until`: Observe ended then, and nothing is added any more. `size` is our own. `capacity` is the work a second of
    one replica; while no queue has shown it (`measured` is False), the most that one was seen to do: it can do more,
    and we would need fewer. All money is in one `currency`.
    """

    since: datetime
    at: datetime
    until: datetime | None = None
    total: Sums = field(default_factory=Sums)
    days: tuple[Day, ...] = ()
    size: int | None = None
    capacity: float = 0.0
    measured: bool = False
    currency: str = ""
