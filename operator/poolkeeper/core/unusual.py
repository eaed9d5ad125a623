"""A day that cost far more, or far less, than days of its kind do (R8)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Unusual:
    """A day that is far off: its cost, what is usual, and what drove it, in words."""

    on: date
    cost: Decimal
    usual: Decimal
    drivers: tuple[str, ...] = ()

    @property
    def percent(self) -> int:
        """How far it is off, in percent."""
        return round(100 * (self.cost - self.usual) / self.usual) if self.usual else 0
