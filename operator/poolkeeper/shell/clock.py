"""The time that decisions are made at: the API server's date at the start, carried on by a monotonic clock."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import formatdate, parsedate_to_datetime
from typing import Self

_ROUNDING = timedelta(seconds=1)


class Clock:
    """Live `now`. A jump of the wall clock, here or on the server, ends no grace: it moves nothing.

    A `Date` header is cut to whole seconds, so each one is a lower bound; later headers lift the clock by less
    than that second until it stands within a round trip of the server's own time. It never goes backwards.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._start: datetime | None = None
        self.ahead = timedelta(0)

    @classmethod
    def of_this_machine(cls) -> Self:
        """Return a clock that this machine has set: without a cluster there is no other time."""
        clock = cls()
        clock.sync(formatdate(usegmt=True))
        return clock

    @property
    def ready(self) -> bool:
        """Whether the API server has been heard."""
        return self._start is not None

    def now(self) -> datetime:
        """Return the time as an aware UTC datetime; a RuntimeError before the API server has been heard."""
        if self._start is None:
            raise RuntimeError("the clock is not set: the API server has not been heard yet")
        return self._start + self._elapsed()

    def sync(self, date_header: str) -> timedelta:
        """Take in a `Date` header just received, and return how far the server's date is ahead of this clock.

        More than a second, either way, is a jump: it is returned for telling and not followed.
        """
        date = parsedate_to_datetime(date_header).astimezone(UTC)
        if self._start is None:
            self._start = date - self._elapsed()
        self.ahead = ahead = date - self.now()
        if timedelta(0) < ahead < _ROUNDING:
            self._start += ahead
        return ahead

    def _elapsed(self) -> timedelta:
        return timedelta(seconds=self._monotonic())
