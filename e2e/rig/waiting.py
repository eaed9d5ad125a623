"""Until a condition holds, or for a stated time.

Patience costs nothing where all is well: what must happen in the end may take as long as the slowest machine needs.
How late something was is asked of `strain`, never of a wait.
"""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

PAUSE, LONGEST_PAUSE, GROWTH = 0.05, 0.25, 1.2
PATIENCE = 120.0


def eventually(look: Callable[[], Found | None], words: str, within: float = PATIENCE) -> Found:
    """Return the first truthy thing that `look` gives within so many seconds; looks less and less often.

    Raises:
        AssertionError: there was none; says what was waited for and what was seen last.
    """
    deadline, pause = time.monotonic() + within, PAUSE
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within:g} s: {words}; last seen: {found!r}")
        time.sleep(pause)
        pause = min(GROWTH * pause, LONGEST_PAUSE)
    return found


def let_pass(seconds: float) -> None:
    """Give what must not happen this long to happen; a recorded watch tells afterwards whether it did."""
    time.sleep(max(0.0, seconds))
