"""A history of load: evenly spaced numbers, with holes where nothing was measured."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Series:
    """Load at `start`, `start + step` and so on, each until the next; None is a hole."""

    start: datetime
    step: timedelta
    values: tuple[float | None, ...]
