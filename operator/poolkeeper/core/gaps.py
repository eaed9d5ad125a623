"""Days whose cost is not known whole, for want of a price or of a number of GPUs: gaps, and not cheap days (R8).

What looks at days one after another takes such a day for the last known one of its weekday, else for the next.
"""

from collections.abc import Sequence
from statistics import mean

from poolkeeper.core.account import Past


def known(history: Sequence[Past]) -> list[Past]:
    """Return the days whose cost is known whole."""
    return [past for past in history if past.whole]


def costs_of(history: Sequence[Past]) -> tuple[float, ...]:
    """Return what each day cost; one that is not known costs what its weekday did, or a mean day where none is known.

    Args:
        history: the days, oldest first; all cost 0 where nothing of any is known.
    """
    whole = known(history)
    usual = {past.on.weekday(): float(past.cost) for past in reversed(whole)}
    middle = mean(usual.values()) if usual else 0.0
    costs = []
    for past in history:
        if past.whole:
            usual[past.on.weekday()] = float(past.cost)
        costs.append(usual.get(past.on.weekday(), middle))
    return tuple(costs)
