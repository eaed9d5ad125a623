"""Until a condition holds, or for a stated time."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PAUSE = 0.05
PATIENCE = 20.0


def eventually(look: Callable[[], Found | None], words: str, within: float = PATIENCE) -> Found:
    """Return the first truthy thing that `look` gives within so many seconds.

    Raises:
        AssertionError: there was none; says what was waited for and what was seen last.
    """
    deadline = time.monotonic() + within
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {words}; last seen: {found!r}")
        time.sleep(PAUSE)
    return found


def let_pass(seconds: float) -> None:
    """Give what must not happen this long to happen; a recorded watch tells afterwards whether it did."""
    time.sleep(seconds)
