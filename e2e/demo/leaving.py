"""Ctrl-C and its kin: they end the demo at once, and never cut short the clearing up."""

import signal
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Told(BaseException):
    """Somebody wants the demo to end; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Ears:
    """Hears signals: raises the first one, unless covered; later ones change nothing."""

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


def listen() -> Ears:
    """Hear signals from now on."""
    ears = Ears()
    for number in SIGNALS:
        signal.signal(number, ears.hear)
    return ears


def deafen() -> None:
    """Hear none any more, as the process ends anyway: whoever presses twice would cut its last breath short."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
