"""Where spending goes: the days to come, from the days that were (R8)."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Expected:
    """An amount to come: the one expected, and the interval that should hold 90 % of outcomes."""

    amount: Decimal
    low: Decimal
    high: Decimal
