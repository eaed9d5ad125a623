"""A pool as one fluid: the work in it, in seconds of one replica, and who waits.

    work     --load--> | waits | in flight | --> done
                       0       full = hold * ready: what fits into the replicas' batches

While some of it waits, every replica does a second of work in a second. What does not fill the batches is done in
`hold` on the mean, so that a steady load keeps load * hold of it in flight (Little).
"""

from math import exp, log
from typing import NamedTuple


class Flow(NamedTuple):
    """What holds for a while: the `load` in replicas, the `ready` ones, and the seconds of work in one full batch."""

    load: float
    ready: float
    hold: float = 0.0

    @property
    def full(self) -> float:
        """The work that is in flight when nothing more fits."""
        return self.ready * self.hold


def after(work: float, flow: Flow, seconds: float) -> float:
    """Return the work in the pool so many seconds later."""
    load, ready, hold = flow
    full = flow.full
    if not full:
        return max(0.0, work + (load - ready) * seconds)
    if work > full:
        left = (work - full) / (ready - load) if ready > load else seconds
        if left >= seconds:
            return work + (load - ready) * seconds
        return after(full, flow, seconds - left)
    steady = load * hold
    reached = hold * log((steady - work) / (steady - full)) if steady > full else seconds
    if reached >= seconds:
        return steady + (work - steady) * exp(-seconds / hold)
    return full + (load - ready) * (seconds - reached)


def waiting(work: float, flow: Flow) -> float:
    """Return the work that waits, in seconds of one replica."""
    return max(0.0, work - flow.full)


def resized(work: float, flow: Flow, ready: float) -> float:
    """Return the work that stays when fewer are ready: what is in flight on those that go ends there."""
    gone = max(0.0, flow.ready - ready)
    return work - min(work, flow.full) / flow.ready * gone if gone else work
