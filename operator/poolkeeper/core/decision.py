"""The answer, and the trail of stages that led to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from poolkeeper.core.batch import Plan
from poolkeeper.core.forecast import NO_OUTLOOK, Outlook
from poolkeeper.core.memory import NOTHING_MEASURED, Counterfactual, Pin
from poolkeeper.core.peer import Tied
from poolkeeper.core.reasons import Reason
from poolkeeper.core.schedule import Bounds

Fact = float | str | None


class Stage(NamedTuple):
    """One step on the way to the size: what it was given, what it made of it, and why."""

    name: str
    before: int
    after: int
    reason: Reason
    facts: Mapping[str, Fact] = {}


class Prospect(NamedTuple):
    """What happens next, and when, if things stay as they are."""

    at: datetime
    words: str


@dataclass(frozen=True, slots=True)
class Share:
    """One tier's part: the replicas that were found and those to have.

    `due` is its part of the size by R7's formula: what it has beyond that covers what another tier lacks, or waits to
    go. `ready` leaves out pods under notice. `victims` are the names of the pods to go first, in order (R6); `reason`
    says why `size` is not `found`.
    """

    tier: str
    found: int
    size: int
    due: int
    ready: int = 0
    reason: Reason = Reason.AS_EXPECTED
    victims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Health:
    """What the conditions report besides the size. A reason AS_EXPECTED means: true, nothing to say.

    `split` is None for a pool of one tier; `lost` are the replicas that the preferred tier lacks, since `lost_since`.
    """

    metrics: Reason = Reason.AS_EXPECTED
    metrics_detail: str = ""
    startup: Reason = Reason.AS_EXPECTED
    startup_detail: str = ""
    slo: Reason = Reason.NO_REQUESTS
    slo_share: float | None = None
    slo_burn_rate: float | None = None
    split: Reason | None = None
    split_detail: str = ""
    lost: int = 0
    lost_since: datetime | None = None


HEALTHY = Health()


@dataclass(frozen=True, slots=True)
class Decision:
    """The size to have. `current` is what was found, `wanted` what was wanted before the caps.

    `clamps` names what the caps did; `prospects` say what would change the size next, soonest first; `depth` is
    the queue depth it looked at, None when unknown. `frozen`: nothing may be written at all. `shares` has one entry for
    each tier, in order of preference; their sizes are more than `size` while one tier covers for another. `bounds` are
    the schedule's, None where there was nothing to look at; `outlook` is what the load is expected to need.
    `counterfactual` is what Observe has measured. `pin` is what the pool itself was asked for, whether it counts or
    not; `needs` is the size that the pool would have for its own sake, `tied` what its peer means for it.
    """

    current: int
    wanted: int
    size: int
    reason: Reason
    ready: int = 0
    depth: float | None = None
    frozen: bool = False
    clamps: tuple[Reason, ...] = ()
    trail: tuple[Stage, ...] = ()
    prospects: tuple[Prospect, ...] = ()
    health: Health = HEALTHY
    detail: str = ""
    shares: tuple[Share, ...] = ()
    bounds: Bounds | None = None
    outlook: Outlook = NO_OUTLOOK
    counterfactual: Counterfactual = NOTHING_MEASURED
    plan: Plan | None = None
    pin: Pin | None = None
    needs: int = 0
    tied: Tied | None = None

    @property
    def changes(self) -> bool:
        """Whether anything that was found is not what to have."""
        moves = any(share.size != share.found for share in self.shares)
        return not self.frozen and (moves or self.size != self.current)

    @property
    def until(self) -> datetime | None:
        """Until when this decision stands if nothing new is seen; None: for ever."""
        return self.prospects[0].at if self.prospects else None
