"""What a month would cost at multiples of a load, each lived by the same pool.

    history --> its last weeks, times 1, 3, 5 ... --> moments (lives.py) --> means over slots of the week --> a month

A month is made of slots of the week, each as it was on average; so a history of thirty days counts no weekday more than
it must. A size is shared out over the tiers by the split's formula (split.due) and costs what an hour of that costs now
(rates.py): commitments count, spot is never reclaimed, a replica is paid for from the moment it is asked for.

held      the queue asks for more than maxReplicas, which are all ready: the same load is then lived with room above
capped    the same, where a cap of the schedule is what holds
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from math import ceil

from poolkeeper.core import demand
from poolkeeper.core.days import COMMITMENTS, ZERO, Amount, hours
from poolkeeper.core.fluid import Machine, Moment, inside
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.rates import Rental, Setting, Tariff, rates
from poolkeeper.core.schedule import bounds
from poolkeeper.core.split import due
from poolkeeper.core.week import SLOT, SLOTS
from poolkeeper.simulate.history import Cleaned, between, cleaned
from poolkeeper.simulate.lives import WEEK, machine, moments
from poolkeeper.simulate.played import Played, Value, Weights, calendar
from poolkeeper.simulate.proposal import Question
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.weekly import Timed

MONTH = timedelta(days=30.44)
"""The mean of the calendar's months."""
LONGEST = 4 * WEEK
"""So much of a history is lived, its end."""
SELDOM = Decimal("0.01")
"""What holds a pool for less of its time is not worth another life."""
ROOM = 2
"""How many times the replicas that the largest load needs a pool may have where nothing is to hold it."""
MOST = 1000
"""So many replicas it may have at most: to live with more takes minutes."""
MILLION = 1_000_000
SECONDS = 3600

Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Pricing:
    """What prices a size: the tariff, what a replica of each tier rents, and as of when."""

    tariff: Tariff
    rentals: Mapping[str, Rental]
    at: datetime


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What is asked: `question` is about today's pool, `spec` the pool to live with `loads` times its load."""

    question: Question
    spec: PoolSpec
    loads: tuple[float, ...]
    pricing: Pricing


@dataclass(frozen=True, slots=True)
class Month:
    """A month of a pool: its sizes, the GPU-hours and the cost of 30.44 days, and the cost of the calendar month.

    `peak` is the largest size, `mostly` the one that it stays within for 99 % of the time.
    `served` is the load that is worked off in the 30.44 days, in requests if the history counts requests. Shares from
    0 to 1: `inside` of the load is inside the SLA, `held` of the time maxReplicas hold the pool, `capped` of the time a
    cap of the schedule does. Costs are None where a part of them has no price.
    """

    peak: int
    mostly: int
    mean: Decimal
    gpu_hours: Decimal
    cost: Decimal | None
    calendar: Decimal | None
    served: Decimal
    inside: Decimal
    held: Decimal
    capped: Decimal

    @property
    def per_million(self) -> Decimal | None:
        """What a million of the load cost, None where that is not known, or nothing was served."""
        return self.cost * MILLION / self.served if self.cost is not None and self.served else None


@dataclass(frozen=True, slots=True)
class Multiple:
    """A month at `load` times the load; `roomy` is the same with room above maxReplicas, None: they seldom hold it."""

    load: float
    month: Month
    roomy: Month | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The multiples, what one replica was taken to carry, and the history that they are made of."""

    multiples: tuple[Multiple, ...]
    per_replica: float
    history: Cleaned

    @property
    def span(self) -> tuple[datetime, datetime]:
        """From when until when the history was lived."""
        series = self.history.series
        return max(series.start, series.end - LONGEST), series.end


def multiples(series: Series, asked: WhatIf, progress: Progress) -> Answer:
    """Return what a month comes to at each multiple of a load.

    `progress` is called with words and a share from 0 to 1 as it is lived.

    Raises:
        SeriesError: there is no load in the history, or too little.
        ValueError: the question's zone is none.
    """
    progress("learning the week", 0.0)
    history = cleaned(series, asked.question.timezone)
    per_replica = asked.question.per_replica or history.whole.largest / asked.question.spec.max_replicas
    end = history.series.end
    lives = Lives(asked, between(history.traffic, end - LONGEST, end), machine(asked.question, per_replica))
    found = []
    for number, load in enumerate(asked.loads):
        progress(f"living {load:g} times the load", number / len(asked.loads))
        found.append(lives.multiple(load))
    progress("done", 1.0)
    return Answer(tuple(found), per_replica, history)


class Lives:
    """One traffic, lived as often as it takes."""

    def __init__(self, asked: WhatIf, traffic: tuple[Timed, ...], runs_on: Machine) -> None:
        self.asked, self.traffic, self.machine = asked, traffic, runs_on
        self.week: Weights = dict.fromkeys(range(SLOTS), 1)
        self.calendar = calendar(asked.pricing.at, asked.pricing.tariff.zone)

    def multiple(self, load: float) -> Multiple:
        """Return a month at a multiple of the load, and where maxReplicas hold it another one with room."""
        spec, room = self.asked.spec, self.room(load)
        month = self.month(spec, load)
        more = month.held >= SELDOM and room > spec.max_replicas
        roomy = self.month(replace(spec, max_replicas=room), load) if more else None
        return Multiple(load, month, roomy)

    def room(self, load: float) -> int:
        """Return a maxReplicas that holds nothing."""
        largest = max(value for _, value in self.traffic) * load / self.machine.rate
        return min(MOST, max(ROOM * ceil(largest), self.asked.spec.max_replicas))

    def month(self, spec: PoolSpec, load: float) -> Month:
        """Return a month of a pool at a multiple of the load."""
        pricing, sla = self.asked.pricing, self.asked.question.sla
        traffic = tuple((at, value * load) for at, value in self.traffic)
        played = Played(moments(spec, traffic, self.machine), pricing.tariff.zone)
        costs = {size: hour(spec, pricing, size) for size in played.sizes}
        priced = all(amount.whole for amount in costs.values())

        def mean(value: Value) -> Decimal:
            return played.mean(value, self.week)

        def cost(weights: Weights, lasts: timedelta) -> Decimal | None:
            return played.mean(lambda one: costs[one.size].cost, weights) * hours(lasts) if priced else None

        rate = mean(lambda one: Decimal(one.rate))
        punctual = mean(lambda one: Decimal(inside(one, self.machine, sla) / one.lasted.total_seconds()))
        return Month(
            peak=max(played.sizes),
            mostly=played.mostly(self.week, SELDOM),
            mean=mean(lambda one: Decimal(one.size)),
            gpu_hours=mean(lambda one: gpus(costs[one.size])) * hours(MONTH),
            cost=cost(self.week, MONTH),
            calendar=cost(self.calendar, sum(self.calendar.values()) * SLOT),
            served=mean(lambda one: Decimal(served(one, self.machine))) * SECONDS * hours(MONTH),
            inside=punctual / rate if rate else Decimal(1),
            held=mean(lambda one: Decimal(one.size == spec.max_replicas and wants(spec, one))),
            capped=mean(lambda one: Decimal(wants(spec, one) and self.is_capped(spec, one))),
        )

    def is_capped(self, spec: PoolSpec, moment: Moment) -> bool:
        """Return whether the schedule, and not maxReplicas, allows no more."""
        cap = bounds(spec, moment.at, self.machine.startup).cap
        return cap <= moment.size < spec.max_replicas


def wants(spec: PoolSpec, moment: Moment) -> bool:
    """Return whether the queue asks for more than what is there, all of it ready."""
    return moment.ready == moment.size and moment.waiting > demand.above(spec.queue, moment.ready)


def served(moment: Moment, runs_on: Machine) -> float:
    """Return what a moment works off a second: no more than the replicas can, nor than what comes and waits."""
    return min(moment.ready * runs_on.rate, moment.rate + moment.waiting / moment.lasted.total_seconds())


def hour(spec: PoolSpec, pricing: Pricing, size: int) -> Amount:
    """Return what an hour of a size comes to, shared out over the tiers."""
    parts = due(size, spec.guaranteed, spec.tiers)
    return rates(pricing.tariff, tuple((pricing.rentals[name], parts[name]) for name in parts), Setting(), pricing.at)


def gpus(amount: Amount) -> Decimal:
    """Return the GPU-hours that replicas use."""
    return sum((line.gpu_hours for name, line in amount.lines.items() if name != COMMITMENTS), ZERO)
