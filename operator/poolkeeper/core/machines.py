"""The replicas of a tier, from asked for to gone.

    asked ---- waits for a node (free) ---- loads (paid) ---- ready (paid) ---- notice ---- gone
               stock, then node_wait        startup           drawn evenly       paid while it drains

Stock is what a market has at each tick: a replica gets a node while fewer run than that, and where it falls the
youngest are taken back. What is drawn by chance is drawn by the seed, the tier and the replica's number: two policies
that ask for the same replica get the same.
"""

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from math import exp, inf, log
from statistics import NormalDist

from poolkeeper.core.agenda import Agenda
from poolkeeper.core.engine import Engine
from poolkeeper.core.observation import Pod, Wait

OURS = "poolkeeper"
RECLAIMED = "the market takes it back"

NORMAL = NormalDist()
HOUR = 3600.0
BITS = 53


def chance(*names: object) -> float:
    """Return a number between 0 and 1, both left out, that is as good as drawn; the same names give the same."""
    digest = blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return ((int.from_bytes(digest, "big") >> (64 - BITS)) + 0.5) / (1 << BITS)


@dataclass(frozen=True, slots=True)
class Startup:
    """How long replicas load: `median`, a lognormal around it where `sigma` is above 0, or one of what was measured."""

    median: timedelta = timedelta(0)
    sigma: float = 0.0
    measured: tuple[timedelta, ...] = ()

    def seconds(self, drawn: float) -> float:
        """Return the seconds of a start, for a number between 0 and 1."""
        if self.measured:
            return self.measured[int(drawn * len(self.measured))].total_seconds()
        if not self.sigma:
            return self.median.total_seconds()
        return self.median.total_seconds() * exp(self.sigma * NORMAL.inv_cdf(drawn))


@dataclass(frozen=True, slots=True)
class Stock:
    """What a market has: so many instances from each second since the start on; without ticks as many as one wants.

    A replica is taken back at a rate of `reclaims` an hour by chance, `notice` after it is told so.
    """

    ticks: tuple[tuple[float, int], ...] = ()
    reclaims: float = 0.0
    notice: timedelta = timedelta(0)

    def available(self, second: float) -> float:
        """Return how many can run at a second; before the first tick as many as at it."""
        if not self.ticks:
            return inf
        return self.ticks[max(0, bisect_right(self.ticks, (second, inf)) - 1)][1]

    def lifetime(self, drawn: float) -> float:
        """Return the seconds until a replica is told to go, for a number between 0 and 1."""
        return -log(drawn) * HOUR / self.reclaims if self.reclaims else inf


ENDLESS = Stock()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a tier's replicas come under: seconds for a node, a start-up, a market, and the seed of what is drawn."""

    start: datetime
    startup: Startup
    node_wait: float = 0.0
    stock: Stock = ENDLESS
    seed: int = 0


class Replica:
    """One replica: its pod as the cluster shows it, and how far it has come; `ready_from` is None until it serves."""

    __slots__ = ("gone", "landed", "number", "placed", "pod", "ready")

    def __init__(self, number: int, pod: Pod) -> None:
        self.number, self.pod = number, pod
        self.placed = self.landed = self.ready = self.gone = False


class Fleet:
    """The replicas of one tier, oldest first: `size` are asked for."""

    def __init__(self, tier: str, terms: Terms, agenda: Agenda) -> None:
        self.tier, self.terms, self.agenda = tier, terms, agenda
        self.size, self.made = 0, 0
        self.replicas: list[Replica] = []
        for second, _ in terms.stock.ticks:
            agenda.add(second, self._tick)

    @property
    def ready(self) -> list[Replica]:
        """The replicas that serve."""
        return [one for one in self.replicas if one.ready]

    @property
    def paid(self) -> int:
        """How many replicas have a node."""
        return sum(one.landed for one in self.replicas)

    @property
    def pods(self) -> tuple[Pod, ...]:
        """The pods as the cluster shows them."""
        return tuple([one.pod for one in self.replicas])

    def begin(self, size: int) -> None:
        """Start out with so many, ready for a while where there is stock for them."""
        self.size = size
        long_ago = -HOUR - self.terms.startup.median.total_seconds()
        for _ in range(size):
            self._ask(long_ago)
        room = self.terms.stock.available(0.0)
        for place, one in enumerate(self.replicas):
            if place < room:
                one.placed = one.landed = True
                one.pod = replace(one.pod, scheduled_at=one.pod.created_at, wait=None)
                self._serve(one, -HOUR)
                self.agenda.add(self._lifetime(one), partial(self._warn, one))

    def resize(self, size: int, now: float, victims: Collection[str] = ()) -> int:
        """Ask for so many; returns how many ready ones go. Victims go first, then the least far, the youngest."""
        self.size, lost = size, 0
        going = max(0, len(self.replicas) - size)
        for one in sorted(self.replicas, key=lambda one: _order(one, victims))[:going]:
            lost += one.ready
            self._remove(one)
        self._fill(now)
        return lost

    def _fill(self, now: float) -> None:
        """Make the replicas that lack, and give nodes to those that have none while there is stock."""
        while len(self.replicas) < self.size:
            self._ask(now)
        room = self.terms.stock.available(now) - sum(one.placed for one in self.replicas)
        for one in [one for one in self.replicas if not one.placed]:
            if room < 1:
                break
            room -= 1
            self._place(one, now)

    def _ask(self, now: float) -> None:
        self.made += 1
        name = f"{self.tier}-{self.made}"
        at = self._instant(now)
        self.replicas.append(Replica(self.made, Pod(name, name, at, template=OURS, wait=Wait.STOCK_OUT)))

    def _place(self, one: Replica, now: float) -> None:
        one.placed = True
        if self.terms.node_wait:
            one.pod = replace(one.pod, wait=Wait.LAUNCHING)
            self.agenda.add(now + self.terms.node_wait, partial(self._land, one))
        else:
            self._land(one, now)

    def _land(self, one: Replica, now: float) -> None:
        """Let a replica have its node: from now on it is paid, and loads."""
        if one.gone:
            return
        one.landed = True
        one.pod = replace(one.pod, scheduled_at=self._instant(now), wait=None, node=one.pod.name)
        self.agenda.add(now + self.terms.startup.seconds(self._drawn(one, "startup")), partial(self._serve, one))
        self.agenda.add(now + self._lifetime(one), partial(self._warn, one))

    def _serve(self, one: Replica, now: float) -> None:
        if one.gone or one.pod.notice:
            return
        one.ready = True
        one.pod = replace(one.pod, ready_at=self._instant(now))

    def _warn(self, one: Replica, now: float) -> float | None:
        """Tell a replica that it is taken back; it takes nothing new from now on."""
        if one.gone or one.pod.notice:
            return None
        served, one.ready = one.ready, False
        one.pod = replace(one.pod, notice=RECLAIMED)
        until = now + self.terms.stock.notice.total_seconds()
        self.agenda.add(until, partial(self._take, one))
        return until if served else None

    def _take(self, one: Replica, now: float) -> None:
        if one.gone:
            return
        self._remove(one)
        self._fill(now)

    def _tick(self, now: float) -> float | None:
        """Let the market change: the youngest beyond its stock are taken back, one at each call."""
        placed = [one for one in self.replicas if one.placed and not one.pod.notice]
        surplus = len(placed) - self.terms.stock.available(now)
        self._fill(now)
        if surplus < 1:
            return None
        if surplus > 1:
            self.agenda.add(now, self._tick)
        return self._warn(placed[-1], now)

    def _remove(self, one: Replica) -> None:
        one.gone = True
        self.replicas.remove(one)

    def _lifetime(self, one: Replica) -> float:
        return self.terms.stock.lifetime(self._drawn(one, "life")) if self.terms.stock.reclaims else inf

    def _drawn(self, one: Replica, what: str) -> float:
        return chance(self.terms.seed, self.tier, one.number, what)

    def _instant(self, second: float) -> datetime:
        return self.terms.start + timedelta(seconds=second)


def _order(one: Replica, victims: Collection[str]) -> tuple[bool, bool, bool, int]:
    """Return the order of going: smaller goes first."""
    return (one.pod.name not in victims, one.landed, one.ready, -one.number)


class Drain:
    """Replicas that go: they take nothing new, finish what runs, and are there until then or the deadline.

    `fleet` names the tier that pays for them; empty: they are paid elsewhere. The work is so
    many requests of a mean output.
    """

    __slots__ = ("deadline", "output", "replicas", "running", "tier")

    def __init__(self, tier: str, replicas: int, work: tuple[float, float], deadline: float) -> None:
        self.tier, self.replicas, self.deadline = tier, replicas, deadline
        self.running, self.output = work

    def advance(self, engine: Engine, seconds: float) -> float:
        """Return how many finish in so many seconds."""
        rate = engine.pace(self.running / self.replicas) / self.output
        ended = self.running * (1.0 - exp(-rate * seconds))
        self.running -= ended
        return ended
