"""When operators are killed: in bursts, with pauses between in which somebody leads for longer than any grace.

    kills    x x xx x  x x x xx x x |                    | x x  x xx x ...
             a burst: lives of       a pause: one life in
             some seconds            which a grace is judged

Time counts only while somebody leads: on a machine so strained that a start takes longer than a life, nobody would
ever lead. So what is left of a run is spread anew over what is left of the kills, each time.
"""

import random

BURST = 12
PAUSE = 30.0
LED = 0.6
"""The share of a run in which somebody leads, about."""
SHORTEST = 0.5
EARLIEST, LATEST = 0.3, 1.7
"""Of the mean: no two lives need be of one length."""


class Deaths:
    """So many kills, spread over a run, by a seed."""

    def __init__(self, kills: int, seed: int) -> None:
        self.kills = kills
        self._chance = random.Random(seed)  # noqa: S311  deaths that can be repeated

    def wait(self, killed: int, left: float) -> float:
        """Return for how many seconds somebody leads before the next kill; `left` is what is left of the run.

        It is without end where nobody is to be killed any more.
        """
        if killed >= self.kills:
            return float("inf")
        if killed and not killed % BURST:
            return PAUSE
        pauses = (self.kills - 1) // BURST - killed // BURST
        mean = max(SHORTEST, (LED * left - PAUSE * pauses) / (self.kills - killed))
        return self._chance.uniform(EARLIEST, LATEST) * mean
