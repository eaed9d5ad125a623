"""What made a day cost more, or less, than usual, line by line and in words (R8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from poolkeeper.core.account import Past
from poolkeeper.core.days import ZERO

NAMED = Decimal("0.2")
"""A line is named where it makes up this share of what the day is off by."""
ALIKE = Decimal("0.05")
"""A line whose GPU-hours are off by no more than this share is off by their price."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A line of a day: its GPU-hours and its cost, and what is usual of both."""

    name: str
    hours: Decimal
    cost: Decimal
    usual_hours: Decimal
    usual_cost: Decimal

    @property
    def off(self) -> Decimal:
        """How much more it cost than usual."""
        return self.cost - self.usual_cost

    @property
    def words(self) -> str:
        """What happened: it was used more or less, or it had another price."""
        used = self.hours - self.usual_hours
        if abs(used) > ALIKE * self.usual_hours:
            return f"{abs(used):.1f} GPU-hours {'more' if used > 0 else 'less'} of {self.name}"
        if not self.usual_cost:
            return f"a price of {self.name}"
        dearer = self.off / self.usual_cost
        return f"a price of {self.name} that is {abs(dearer):.0%} {'higher' if dearer > 0 else 'lower'}"


def drivers(day: Past, alike: Sequence[Past], usual: Decimal, currency: str) -> tuple[str, ...]:
    """Return the lines that a day is off by, the largest first, each in words.

    Args:
        day: the day.
        alike: days of its kind.
        usual: what the day would have cost; each line's median is taken up or down with that.
        currency: of all costs.
    """
    typical = median(past.cost for past in alike)
    scale, off = usual / typical if typical else Decimal(1), day.cost - usual
    names = dict.fromkeys(name for past in (day, *alike) for name, _, _ in past.lines)
    moved = [line for line in (moved_of(day, alike, name, scale) for name in names) if line.off * off >= NAMED * off**2]
    largest = sorted(moved, key=lambda line: abs(line.off), reverse=True)
    return tuple(f"{line.words}, {abs(line.off):.2f} {currency}".rstrip() for line in largest)


def moved_of(day: Past, alike: Sequence[Past], name: str, scale: Decimal) -> Moved:
    """Return a line of a day beside what is usual of it."""
    hours, costs = zip(*(line_of(past, name) for past in alike), strict=True)
    return Moved(name, *line_of(day, name), median(hours) * scale, median(costs) * scale)


def line_of(past: Past, name: str) -> tuple[Decimal, Decimal]:
    """Return the GPU-hours and the cost that a day has on a line."""
    return next(((hours, cost) for known, hours, cost in past.lines if known == name), (ZERO, ZERO))
