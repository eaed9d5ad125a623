"""The only state carried between two decisions. Each stage owns one part of it; api.memo stores what must survive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from poolkeeper.core.account import Account
from poolkeeper.core.observation import Pod
from poolkeeper.core.observed import Figures
from poolkeeper.core.week import SLOTS


@dataclass(frozen=True, slots=True)
class Grace:
    """R2's clock: since when the pool could shrink, since when it wants to grow, and the newest sample they saw.

    `calm_since`: since when the queue alone has allowed a shrink; the load tells then who was needed meanwhile.
    `idle_since` is the last sample of which it is not known that nothing waited and nothing ran (idle.py).
    """

    short_since: datetime | None = None
    long_since: datetime | None = None
    sampled_at: datetime | None = None
    calm_since: datetime | None = None
    idle_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Starts:
    """R4: how long starts took (scheduled to ready) on this pod template, and who was starting at the last look.

    `known` are all pods of the last look (None: there was none), so that a pod which was ready and fell back is told
    from one that starts. `lacking_since` tells since when replicas have been without a pod. `slots` is the peak of
    running requests of one pod seen while it had a queue (R2's busy guard).
    """

    template: str = ""
    durations: tuple[timedelta, ...] = ()
    starting: frozenset[str] = frozenset()
    known: frozenset[str] | None = None
    slots: float | None = None
    lacking_since: datetime | None = None
    replicas: int = 0


@dataclass(frozen=True, slots=True)
class Edit:
    """A write to the target's replicas that was not ours (R10): who, when, from our size to theirs."""

    writer: str
    at: datetime
    ours: int
    theirs: int


@dataclass(frozen=True, slots=True)
class Edits:
    """The size last asked for (None: never decided), the foreign write in force, and when such were restored."""

    asked: int | None = None
    edit: Edit | None = None
    restored: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Pin:
    """A size that somebody asked the pool itself for (pin.py): who, and since when; it counts for a while."""

    replicas: int
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Served:
    """R11: each pod's counters at the last look, and what they grew by, minute by minute, for an hour."""

    counters: dict[str, tuple[float, float]] = field(default_factory=dict)
    minutes: tuple[tuple[datetime, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Tiers:
    """R6 and R7, by the names of tiers: what each was last asked for, its starts (the target's are in Memory).

    `draining_since`: since when a tier waits for an idle replica to take away. `noticed` are the pods that were under
    notice at the last look, `reclaimed_at` is the last reclaim; `lost_since` tells since when spot has lacked some.
    `first` is the tier that the first replica from zero was asked of, until one is ready.
    """

    asked: Mapping[str, int] = field(default_factory=dict)
    starts: Mapping[str, Starts] = field(default_factory=dict)
    draining_since: Mapping[str, datetime] = field(default_factory=dict)
    noticed: frozenset[str] = frozenset()
    reclaimed_at: datetime | None = None
    lost_since: datetime | None = None
    first: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """The mean load of each slot of the week that began on `monday`; None where too little of it was seen."""

    monday: date
    loads: tuple[float | None, ...] = (None,) * SLOTS


@dataclass(frozen=True, slots=True)
class Present:
    """The slot under way: when it `ends`, how much of it was `seen` until `seen_at`, and load times seconds in `total`.

    `normal` is the load that is usual in this slot. `load` and `usual` are what the load was over the last minutes, and
    what is usual for them.
    """

    ends: datetime | None = None
    seen_at: datetime | None = None
    seen: timedelta = timedelta(0)
    total: float = 0.0
    normal: float | None = None
    load: float | None = None
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Habit:
    """What the load usually does, for the learned floor: its last weeks on the wall of `zone`, the newest first.

    `until` is when the weeks last changed.
    """

    zone: str = ""
    weeks: tuple[Week, ...] = ()
    until: datetime | None = None
    present: Present = field(default_factory=Present)


Tally = tuple[float, float, float]
"""Of one pod: requests that ever came, requests that it finished, work that it did."""


class Load(NamedTuple):
    """What came and was done, by the pods' counters (load.py).

    `since` is the first whole look, `at` the last one; `tallies` are the counters then. In the bucket that has `begun`,
    so many requests `came` and were `finished`, and so much work was `done` in so many replica-hours `present`. The
    mean request is the `works` of so many `requests`, older ones counting less. `rates` is the work a second that came
    in each of the last buckets, the newest last, and `crowds` the replicas that were ready then; `number` counts
    buckets, `lasted` is how long the last one was. While every replica has been `queued`, so many replica-hours were
    `spent` and so much work was `made`; `per_replica` is the work a second of one; `sustained` is the most that one was
    seen to take for a while. Of what came in this bucket so much was `late`, and of the last one this `late_share`.
    `tokens`: work is counted in them.
    """

    since: datetime | None = None
    at: datetime | None = None
    begun: datetime | None = None
    tallies: Mapping[str, Tally] = {}
    came: float = 0.0
    finished: float = 0.0
    done: float = 0.0
    present: timedelta = timedelta(0)
    works: float = 0.0
    requests: float = 0.0
    rates: tuple[float, ...] = ()
    crowds: tuple[int, ...] = ()
    lasted: timedelta = timedelta(0)
    ready: int = 0
    queued: bool = False
    spent: timedelta = timedelta(0)
    made: float = 0.0
    per_replica: float | None = None
    sustained: float = 0.0
    number: int = 0
    late: float = 0.0
    late_share: float = 0.0
    tokens: bool = True

    @property
    def mean(self) -> float | None:
        """The work of a request, None where it is unknown."""
        return self.works / self.requests if self.requests and self.works else None

    @property
    def speed(self) -> float | None:
        """The requests a second that one replica can do, None where that is unknown."""
        mean = self.mean
        return None if mean is None or self.per_replica is None else self.per_replica / mean or None


@dataclass(frozen=True, slots=True)
class Jobs:
    """Work that can wait (batched.py): when what is there is due, and how many jobs were due before and are `late`.

    At `at` so many were `left`. Since `since`, when there were `before`, so many replicas have been `ready` without a
    break. `speed` is the jobs a second that one replica was seen to do, `waited` the longest that a pod was seen to
    wait for its node.
    """

    due_at: datetime | None = None
    late: float = 0.0
    at: datetime | None = None
    since: datetime | None = None
    before: float = 0.0
    ready: int = 0
    speed: float | None = None
    waited: timedelta = timedelta(0)


class Trials(NamedTuple):
    """Ways to size the pool that are only thought of: what each would have come to lately, older things counting less.

    `late` is the load, in replicas, that would have waited too long; `size` what it would have had; `backlog` the
    seconds of one replica's work that would be waiting now.
    """

    late: tuple[float, ...] = ()
    size: tuple[float, ...] = ()
    backlog: tuple[float, ...] = ()


class Lead(NamedTuple):
    """Where the load is going, and which way to size for it has served best (lead.py).

    `waiting` are predictions whose time has not come: bucket, and one of each kind. `past` are the ones of the last
    buckets. `needs` are the replicas that were needed, bucket by bucket. `total` is the load that the trials saw;
    `late` of it was, and `expected` by the trials that were followed.
    """

    number: int = 0
    predicted: tuple[float, ...] = ()
    waiting: tuple[tuple[int, tuple[float, ...]], ...] = ()
    past: tuple[tuple[float, ...], ...] = ()
    needs: tuple[float, ...] = ()
    trials: Trials = Trials()
    total: float = 0.0
    chosen: int | None = None
    late: float = 0.0
    expected: float = 0.0


@dataclass(frozen=True, slots=True)
class Twin:
    """Our own pool while we only observe, which is only thought of (twin.py).

    `work` is what waits and runs in it, in seconds of one replica; `made` counts the pods that it ever had. `memory` is
    what decide() remembers of it, None: nothing yet.
    """

    pods: tuple[Pod, ...] = ()
    work: float = 0.0
    made: int = 0
    memory: "Memory | None" = None


@dataclass(frozen=True, slots=True)
class Theirs:
    """The pool as the other scaler has it: replicas by tier that have a node, those that are ready, and its work."""

    counts: Mapping[str, int] = field(default_factory=dict)
    ready: int = 0
    work: float = 0.0


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What Observe has measured (counterfactual.py): the `figures`, and those of them that were `told` last.

    The rest is of this process alone: both pools as they stood `at` the last bucket's end, and the last minute whose
    counted requests are in the figures.
    """

    figures: Figures | None = None
    told: Figures | None = None
    at: datetime | None = None
    ours: Twin = field(default_factory=Twin)
    theirs: Theirs = field(default_factory=Theirs)
    minute: datetime | None = None


NOTHING_MEASURED = Counterfactual()


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything the next decision needs to know about the earlier ones, all of them about the `target` of that UID.

    `leads_to` is the instant that the lead time under way leads to (R5). `known_queues` were seen to hold something, of
    those that are not there while they are empty (vanishing.py). `pin` is about the pool, whatever its target.
    """

    target: str = ""
    grace: Grace = field(default_factory=Grace)
    starts: Starts = field(default_factory=Starts)
    edits: Edits = field(default_factory=Edits)
    served: Served = field(default_factory=Served)
    tiers: Tiers = field(default_factory=Tiers)
    leads_to: datetime | None = None
    outage_since: datetime | None = None
    silent_since: dict[str, datetime] = field(default_factory=dict)
    known_queues: tuple[str, ...] = ()
    habit: Habit = field(default_factory=Habit)
    account: Account = field(default_factory=Account)
    load: Load = field(default_factory=Load)
    lead: Lead = field(default_factory=Lead)
    jobs: Jobs = field(default_factory=Jobs)
    counterfactual: Counterfactual = field(default_factory=Counterfactual)
    pin: Pin | None = None

    def decided(self, grace: Grace, edits: Edits, tiers: Tiers) -> "Memory":
        """Return the memory as a decision leaves it: `dataclasses.replace` takes several times as long."""
        return Memory(
            self.target,
            grace,
            self.starts,
            edits,
            self.served,
            tiers,
            self.leads_to,
            self.outage_since,
            self.silent_since,
            self.known_queues,
            self.habit,
            self.account,
            self.load,
            self.lead,
            self.jobs,
            self.counterfactual,
            self.pin,
        )
