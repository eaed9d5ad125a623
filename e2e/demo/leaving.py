"""Ctrl-C and its kin: they end the demo at once, and never cut short the clearing up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Told(BaseException):
    """Somebody wants the demo to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Ears:
    """Hears signals: raises the first one, unless covered; later ones only say again what is being done."""

    def __init__(self) -> None:
        self._covered = False
        self._heard: int | None = None

    def hear(self, number: int, _frame: FrameType | None) -> None:
        """Take a signal in."""
        first = self._heard is None
        self._heard = self._heard or number
        if first and not self._covered:
            raise Told(number)

    def cover(self) -> None:
        """From now on signals wait."""
        self._covered = True

    def uncover(self) -> None:
        """Signals count again, and the one that waited counts now."""
        self._covered = False
        if self._heard is not None:
            raise Told(self._heard)


@contextmanager
def listening() -> Iterator[Ears]:
    """Hear signals for as long as the block lasts."""
    ears = Ears()
    before = {number: signal.signal(number, ears.hear) for number in SIGNALS}
    try:
        yield ears
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
