"""A pool and the scaler that it takes the place of, on the same traffic: who was dearer, who let wait.

Both begin at the size that the load needs, on the same machines, within bounds of their own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from poolkeeper.core.engine import Engine
from poolkeeper.core.model import PoolSpec
from poolkeeper.simulate.peers import Peer
from poolkeeper.simulate.replay import Case, Operator, Played, replay, start_size
from poolkeeper.simulate.stocks import ORDINARY
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.traffic import draw

STEP = timedelta(seconds=5)
SEED = 7


@dataclass(frozen=True, slots=True)
class Stage:
    """What both are lived on: a trace, scaled until its peak needs so many replicas, and how long these load."""

    trace: Trace
    peak_replicas: float
    startup: timedelta
    sla: timedelta
    engine: Engine

    def case(self, minimum: int, maximum: int) -> Case:
        """Return what somebody of these bounds is put through."""
        traffic = draw(self.trace, STEP, SEED, peak_replicas=self.peak_replicas, engine=self.engine)
        ground = ORDINARY.ground(self.engine, self.startup, {}, ())
        first = start_size(traffic, ground, minimum, maximum)
        return Case(traffic, ground, minimum, maximum, first, self.sla, SEED)


Made = Callable[[datetime], Peer]
"""Makes the scaler; the traffic begins at this instant."""


def lived(
    stage: Stage, scaler: Made, bounds: tuple[int, int], spec: PoolSpec, told: Callable[[float], None]
) -> Sequence[Played]:
    """Return what the scaler of these bounds came to, and then the pool; `told` is told which share is done."""
    theirs = stage.case(*bounds)
    made = scaler(theirs.traffic.start)
    first = replay(made, theirs, lambda share: told(share / 2))
    second = replay(
        Operator(spec),
        stage.case(spec.min_replicas, spec.max_replicas),
        lambda share: told((1 + share) / 2),
        jump=True,
    )
    return first, second
