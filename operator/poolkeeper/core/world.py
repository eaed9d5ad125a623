"""A world for one pool: traffic, engines, machines and markets, as a policy sees them.

    traffic --> Serving (core/serving.py) <-- ready replicas -- Fleet (core/machines.py) <-- resize()
                    |                                               |
                    +------------- observe(), gauges() -------------+

It is advanced in steps, within which traffic is even; a replica that becomes ready or goes within a step does so then.
Seconds since the start inside, instants at the edge.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from math import ceil

from poolkeeper.core.agenda import Agenda
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.engine import Engine
from poolkeeper.core.figures import Counts, Figures, samples
from poolkeeper.core.machines import ENDLESS, OURS, Drain, Fleet, Startup, Stock, Terms
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.observation import Observation, Reading, Target
from poolkeeper.core.reasons import Reason
from poolkeeper.core.serving import Serving

HOUR = 3600.0
SLIGHT = 1e-6
DONE = 0.5
"""Requests: a replica that drains is done when less than this runs on it."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a pool stands on. `prices` are per replica-hour by tier; a tier without a price costs nothing.

    `repriced` has what a tier costs from a second on. A replica that is taken away finishes what runs for as long as
    `drain`, then cuts it off. `metric_delay`: how old the figures are that anybody sees; in `silences`, from one second
    to another, there are none. `redelivers`: what a replica has not ended when it goes waits again, as at a broker.
    """

    engine: Engine = field(default_factory=Engine)
    startup: Startup = field(default_factory=Startup)
    node_wait: timedelta = timedelta(0)
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    metric_delay: timedelta = timedelta(0)
    stock: Mapping[str, Stock] = field(default_factory=dict)
    drain: timedelta = timedelta(minutes=2)
    repriced: Mapping[str, tuple[tuple[float, Decimal], ...]] = field(default_factory=dict)
    silences: tuple[tuple[float, float], ...] = ()
    redelivers: bool = False


@dataclass(frozen=True, slots=True)
class Gauges:
    """What a peer's metrics show at `now`, in seconds since the start. Rates are requests a second since the last look.

    `utilization` is the share of the capacity in use, 0 to 1; `by_tier` has (size, ready). `missing`: there are no
    figures, and those that come from engines are 0, as a query that finds nothing adds up to.
    """

    now: float
    size: int
    ready: int
    waiting: float
    running: float
    kv_usage: float
    arrival_rate: float
    throughput: float
    utilization: float
    by_tier: Mapping[str, tuple[int, int]]
    missing: bool = False


class World:
    """A pool in its world."""

    def __init__(
        self, ground: Ground, spec: PoolSpec, start: datetime, sizes: Mapping[str, int], seed: int = 0
    ) -> None:
        self.ground, self.start, self.seed = ground, start, seed
        self.serving = Serving(ground.engine, spec.sla.total_seconds())
        self.agenda = Agenda()
        self.fleets = {tier.name: self._fleet(tier.name) for tier in spec.tiers}
        self.keeper = next(tier.name for tier in spec.tiers if tier.type is CapacityType.ON_DEMAND)
        self.drains: list[Drain] = []
        self._paid = dict.fromkeys(self.fleets, 0.0)
        self._spent, self._settled = 0.0, 0.0
        self._rates: list[tuple[str, int]] = []
        self._prices = {name: float(ground.prices.get(name, 0)) / HOUR for name in self.fleets}
        self._counts, self._mark = Counts(), Counts()
        self._begun: dict[str, Counts] = {}
        self.ready = 0
        self.given_back = 0.0
        self._looked = (0.0, 0.0, 0.0)
        self._delay = ground.metric_delay.total_seconds()
        self._past: deque[Figures] = deque()
        for name, fleet in self.fleets.items():
            fleet.begin(sizes.get(name, 0))
        for name, changes in ground.repriced.items():
            for second, price in changes:
                self.agenda.add(second, partial(self._reprice, name, price))
        self._refresh()

    @property
    def clock(self) -> float:
        """The seconds since the start."""
        return self.serving.clock

    @property
    def now(self) -> datetime:
        """The instant."""
        return self.start + timedelta(seconds=self.serving.clock)

    @property
    def size(self) -> int:
        """The replicas asked for."""
        return sum(fleet.size for fleet in self.fleets.values())

    @property
    def cut_off(self) -> float:
        """The requests that were cut off while they ran."""
        return self.serving.waits.cut_off

    @property
    def draining(self) -> float:
        """The requests that run on replicas that go."""
        return sum(drain.running for drain in self.drains)

    @property
    def paid(self) -> Mapping[str, float]:
        """The seconds of replicas paid for, by tier."""
        self._settle()
        return self._paid

    @property
    def spent(self) -> float:
        """The money for them."""
        self._settle()
        return self._spent

    def resize(self, tier: str, size: int, victims: Collection[str] = ()) -> None:
        """Ask for so many replicas of a tier; the pods named `victims` go first."""
        lost = self.fleets[tier].resize(size, self.clock, victims)
        if lost:
            self._withdraw(tier, lost, self.clock + self.ground.drain.total_seconds())
        self._refresh()

    def advance(self, arrival: Arrival, step: timedelta) -> None:
        """Let a step's requests come and be served, and happen what is due in it, its end included."""
        seconds = step.total_seconds()
        if self.agenda.next > self.serving.clock + seconds:
            self._pass(arrival, seconds)
            return
        end, requests, prompt, output = self.clock + seconds, arrival.requests, arrival.prompt, arrival.output
        while (at := self.agenda.next) <= end:
            if (part := at - self.clock) > 0:
                self._pass(Arrival(requests * part / seconds, prompt, output), part)
            self._turn()
        if (part := end - self.clock) > 0:
            self._pass(Arrival(requests * part / seconds, prompt, output), part)

    def glide(self, arrivals: Sequence[Arrival], step: timedelta) -> tuple[int, Figures | None]:
        """Let steps pass, the first ones, until somebody waits or something is due; the same as so many `advance`.

        Returns how many did, and if somebody waits what was seen before the last of them.
        """
        seconds, passed, before = step.total_seconds(), 0, None
        until = self.agenda.next - self.clock
        quiet = arrivals if until > len(arrivals) * seconds else arrivals[: max(0, ceil(until / seconds) - 1)]
        while passed < len(quiet) and before is None:
            if not (self.drains or self._delay):
                passed += self.serving.glide(quiet[passed:], self.ready, seconds)
            if passed < len(quiet):
                seen, passed = self._seen(), passed + 1
                self._pass(quiet[passed - 1], seconds)
                before = seen if self.serving.waits.waiting else None
        return passed, before

    def observe(self, seen: Figures | None = None) -> Observation:
        """Return what the operator sees, or would have seen when figures were such ones and its pods the same.

        With nobody ready to be asked, whoever holds the queue tells its length.
        """
        seen = seen or self._seen()
        at = self.start + timedelta(seconds=seen.clock)
        if self.silent:
            reading = Reading("pods", at, fault=Reason.METRIC_REFUSED)
        elif not self.ready:
            reading = Reading("queue", at, waiting=seen.waiting)
        else:
            part = 1.0 / self.ready
            shown = (seen.waiting * part, seen.running * part, seen.usage)
            reading = Reading("pods", at, pods=tuple(samples(self._groups, shown, seen.counts)))
        return Observation(self._target, (reading,), siblings=self._siblings)

    def gauges(self) -> Gauges:
        """Return what a peer's metrics show, and begin anew to count rates."""
        seen, then = self._seen(), self._looked
        lasted = seen.clock - then[0]
        if self.silent or lasted <= 0:
            came = finished = 0.0
        else:
            came, finished = (seen.came - then[1]) / lasted, (seen.finished - then[2]) / lasted
            self._looked = (seen.clock, seen.came, seen.finished)
        capacity, there = self.serving.capacity(self.ready), not self.silent
        return Gauges(
            now=self.serving.clock,
            size=self.size,
            ready=self.ready,
            waiting=seen.waiting * there,
            running=seen.running * there,
            kv_usage=seen.usage * there,
            arrival_rate=came,
            throughput=finished,
            utilization=min(1.0, finished / capacity) if capacity else 0.0,
            by_tier=self._by_tier,
            missing=not there,
        )

    @property
    def silent(self) -> bool:
        """Whether nobody can be asked for figures."""
        return any(begin <= self.clock < end for begin, end in self.ground.silences)

    def _seen(self) -> Figures:
        """Return the figures as they are seen now: the newest that are old enough."""
        if not self._delay:
            return self._figures()
        past = self._past
        while len(past) > 1 and past[1].clock <= self.clock - self._delay + SLIGHT:
            past.popleft()
        return past[0] if past else self._figures()

    def _figures(self) -> Figures:
        serving = self.serving
        waits, ready = serving.waits, self.ready
        usage, counts = serving.kv_usage(ready), self._counted(self._totals())
        return Figures(serving.clock, waits.waiting, serving.running, usage, waits.total, serving.finished, counts)

    def _reprice(self, tier: str, price: Decimal, _: float) -> None:
        """Let a tier cost something else from now on."""
        self._settle()
        self._prices[tier] = float(price) / HOUR

    def _fleet(self, tier: str) -> Fleet:
        ground = self.ground
        stock, wait = ground.stock.get(tier, ENDLESS), ground.node_wait.total_seconds()
        return Fleet(tier, Terms(self.start, ground.startup, wait, stock, self.seed), self.agenda)

    def _turn(self) -> None:
        """Let the next thing happen; what runs on a replica that leaves has until it is taken."""
        deadline = self.agenda.turn()
        if deadline is not None:
            self._withdraw("", 1, deadline)
        self._refresh()

    def _withdraw(self, tier: str, replicas: int, deadline: float) -> None:
        """Let replicas that were ready go, with what runs on them; those of no tier are paid while they stay."""
        running = self.serving.leave(replicas / self.ready)
        if self.ground.redelivers:
            self.serving.waits.arrive(self.clock, self.clock, running)
            self.given_back += running
        elif running < DONE:
            self.serving.finished += running
        else:
            self.drains.append(Drain(tier, replicas, (running, self.serving.decode_output), deadline))

    def _refresh(self) -> None:
        """Take in what the fleets have come to."""
        self._settle()
        self._close()
        ready = [one.pod.uid for fleet in self.fleets.values() for one in fleet.ready]
        self.ready = len(ready)
        self._begun = {uid: self._begun.get(uid, self._counts) for uid in ready}
        self._groups: defaultdict[Counts, list[str]] = defaultdict(list)
        for uid, begun in self._begun.items():
            self._groups[begun].append(uid)
        targets = {name: self._shown(fleet) for name, fleet in self.fleets.items()}
        self._target = targets.pop(self.keeper)
        self._siblings = tuple(targets.values())
        self._by_tier = {name: (fleet.size, len(fleet.ready)) for name, fleet in self.fleets.items()}
        self._rates = [(name, fleet.paid) for name, fleet in self.fleets.items()]

    def _settle(self) -> None:
        """Pay for the time since the last change, before what is paid for changes."""
        lasted, self._settled = self.serving.clock - self._settled, self.serving.clock
        for name, count in self._rates:
            self._pay(name, count * lasted)

    def _close(self) -> None:
        """Share what the ready replicas have done since the last change among them, before their number changes."""
        totals = self._totals()
        self._counts, self._mark = self._counted(totals), totals

    def _totals(self) -> Counts:
        """Return what all replicas together have counted since the beginning."""
        serving = self.serving
        return Counts(
            serving.waits.punctual, serving.started, serving.finished, serving.prompt_tokens, serving.generation_tokens
        )

    def _counted(self, totals: Counts) -> Counts:
        """Return what a replica that was there from the start has counted: the same, however often anybody looks."""
        if not self.ready:
            return self._counts
        before, mark, part = self._counts, self._mark, 1.0 / self.ready
        return Counts(
            before[0] + (totals[0] - mark[0]) * part,
            before[1] + (totals[1] - mark[1]) * part,
            before[2] + (totals[2] - mark[2]) * part,
            before[3] + (totals[3] - mark[3]) * part,
            before[4] + (totals[4] - mark[4]) * part,
        )

    def _shown(self, fleet: Fleet) -> Target:
        return Target(fleet.size, uid=OURS, writer=OURS, ours=True, pods=fleet.pods, tier=fleet.tier)

    def _pass(self, arrival: Arrival, seconds: float) -> None:
        """Let time pass in which no replica comes or goes."""
        self.serving.advance(arrival, self.ready, seconds)
        if self.drains:
            self._drain(seconds)
        if self._delay:
            self._past.append(self._figures())

    def _pay(self, tier: str, seconds: float) -> None:
        self._paid[tier] += seconds
        self._spent += seconds * self._prices[tier]

    def _drain(self, seconds: float) -> None:
        """Let what runs on replicas that go end, and let those go that are done or have no more time."""
        for drain in self.drains:
            lasted = min(seconds, drain.deadline - self.clock + seconds)
            self.serving.finished += drain.advance(self.ground.engine, lasted)
            if drain.tier:
                self._pay(drain.tier, drain.replicas * lasted)
            if drain.deadline <= self.clock:
                self.serving.waits.cut_off += drain.running
            elif drain.running < DONE:
                self.serving.finished += drain.running
        self.drains = [one for one in self.drains if one.running >= DONE and one.deadline > self.clock]
