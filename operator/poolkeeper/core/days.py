"""What a pool's days came to: money and use, line by line. Sums of exact amounts; nothing is rounded here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Context, Decimal
from functools import reduce

from poolkeeper.core.prices import Place

OVERHEAD = "overhead"
"""The line of what nodes cost beyond the replicas on them."""
COMMITMENTS = "commitments"
"""The line of what was committed to and not used."""
BLIND = timedelta(seconds=30)
"""A look that is longer ago tells nothing of the time since: what was assumed for that is told apart."""
ZERO = Decimal(0)
_NINE = Decimal("1e-9")
_DIGITS = Context(prec=400)
"""As many as a float has before the point, and nine after it."""
_HOUR = Decimal(3_600_000_000)
_MICROSECOND = timedelta(microseconds=1)


def money(value: float) -> Decimal:
    """Return what was reckoned in floats as money, to nine decimals, however much it is."""
    return Decimal(value).quantize(_NINE, context=_DIGITS)


def hours(lasted: timedelta) -> Decimal:
    """Return a duration in hours."""
    return Decimal(lasted // _MICROSECOND) / _HOUR


@dataclass(frozen=True, slots=True)
class Line:
    """What one tier came to. `unpriced` are the GPU-hours of unknown price: they are in no amount of money.

    Neither are `uncounted`, the replica-hours of which nobody knows how many GPUs they use.

    As FOCUS 1.2 has it, `listed` is at the price of on-demand, `contracted` at the price of the capacity that was
    used, `effective` after commitments; `spot` replicas are Dynamic there.

    `covered` are the GPU-hours that commitments paid for: `spared` is what they add to `contracted`, `committed` what
    they add to `effective`.
    """

    replica_hours: Decimal = ZERO
    gpu_hours: Decimal = ZERO
    unpriced: Decimal = ZERO
    listed: Decimal = ZERO
    contracted: Decimal = ZERO
    effective: Decimal = ZERO
    covered: Decimal = ZERO
    spared: Decimal = ZERO
    committed: Decimal = ZERO
    uncounted: Decimal = ZERO

    def __add__(self, other: "Line") -> "Line":
        """Return both together."""
        return Line(
            self.replica_hours + other.replica_hours,
            self.gpu_hours + other.gpu_hours,
            self.unpriced + other.unpriced,
            self.listed + other.listed,
            self.contracted + other.contracted,
            self.effective + other.effective,
            self.covered + other.covered,
            self.spared + other.spared,
            self.committed + other.committed,
            self.uncounted + other.uncounted,
        )

    def __mul__(self, lasted: Decimal) -> "Line":
        """Return what a rate comes to in so many hours."""
        return Line(
            self.replica_hours * lasted,
            self.gpu_hours * lasted,
            self.unpriced * lasted,
            self.listed * lasted,
            self.contracted * lasted,
            self.effective * lasted,
            self.covered * lasted,
            self.spared * lasted,
            self.committed * lasted,
            self.uncounted * lasted,
        )


@dataclass(frozen=True, slots=True)
class Machine:
    """What a line has on one machine, or at a place whose machines have no names that are known.

    `node` is what the cloud's own bill calls the machine.
    """

    line: str
    place: Place = field(default_factory=Place)
    node: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What a line came to on one machine: GPU-hours, and what they cost after commitments."""

    gpu_hours: Decimal = ZERO
    cost: Decimal = ZERO

    def __add__(self, other: "Part") -> "Part":
        """Return both together."""
        return Part(self.gpu_hours + other.gpu_hours, self.cost + other.cost)

    def __mul__(self, lasted: Decimal) -> "Part":
        """Return what a rate comes to in so many hours."""
        return Part(self.gpu_hours * lasted, self.cost * lasted)


@dataclass(frozen=True, slots=True)
class Savings:
    """What a baseline cost and the pool did not, by cause; negative where the pool cost more.

    `baseline` is what the baseline cost, None where there is no baseline, or no price for it.
    """

    queue: Decimal = ZERO
    schedule: Decimal = ZERO
    spot: Decimal = ZERO
    baseline: Decimal | None = None

    @property
    def total(self) -> Decimal:
        """All causes together."""
        return self.queue + self.schedule + self.spot

    def __add__(self, other: "Savings") -> "Savings":
        """Return both together."""
        given = [one.baseline for one in (self, other) if one.baseline is not None]
        return Savings(
            self.queue + other.queue,
            self.schedule + other.schedule,
            self.spot + other.spot,
            sum(given, ZERO) if given else None,
        )

    def __mul__(self, lasted: Decimal) -> "Savings":
        """Return what a rate comes to in so many hours."""
        baseline = None if self.baseline is None else self.baseline * lasted
        return Savings(self.queue * lasted, self.schedule * lasted, self.spot * lasted, baseline)


@dataclass(frozen=True, slots=True)
class Use:
    """What was done: requests that finished, tokens read and generated; hours of ready replicas, and of idle ones.

    `prefill_hours` is what requests took to read their prompts, all added up, `decode_hours` that to generate.
    """

    requests: float = 0.0
    prompt_tokens: float = 0.0
    generation_tokens: float = 0.0
    ready_hours: float = 0.0
    idle_hours: float = 0.0
    prefill_hours: float = 0.0
    decode_hours: float = 0.0

    def __add__(self, other: "Use") -> "Use":
        """Return both together."""
        return Use(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.generation_tokens + other.generation_tokens,
            self.ready_hours + other.ready_hours,
            self.idle_hours + other.idle_hours,
            self.prefill_hours + other.prefill_hours,
            self.decode_hours + other.decode_hours,
        )


@dataclass(frozen=True, slots=True)
class Amount:
    """What a stretch of time came to. `gap` is the part of the cost that fell into a time when nobody looked.

    `machines` share out the same cost by where it arose; the unused part of commitments arose nowhere.
    """

    lines: Mapping[str, Line] = field(default_factory=dict)
    savings: Savings = field(default_factory=Savings)
    use: Use = field(default_factory=Use)
    gap: Decimal = ZERO
    machines: Mapping[Machine, Part] = field(default_factory=dict)

    @property
    def cost(self) -> Decimal:
        """What it cost: all lines, commitments and overhead included."""
        return sum((line.effective for line in self.lines.values()), ZERO)

    @property
    def unpriced(self) -> Decimal:
        """The GPU-hours of unknown price."""
        return sum((line.unpriced for line in self.lines.values()), ZERO)

    @property
    def uncounted(self) -> Decimal:
        """The replica-hours of unknown GPUs."""
        return sum((line.uncounted for line in self.lines.values()), ZERO)

    @property
    def whole(self) -> bool:
        """Whether all of it is in the cost: its GPUs are known, and so are their prices."""
        return not any(line.unpriced or line.uncounted for line in self.lines.values())

    def __add__(self, other: "Amount") -> "Amount":
        """Return both together."""
        names = {**self.lines, **other.lines}
        none = Line()
        lines = {name: self.lines.get(name, none) + other.lines.get(name, none) for name in names}
        return Amount(
            lines,
            self.savings + other.savings,
            self.use + other.use,
            self.gap + other.gap,
            together(self.machines, other.machines),
        )


def together(some: Mapping[Machine, Part], others: Mapping[Machine, Part]) -> Mapping[Machine, Part]:
    """Return the parts of machines of two amounts."""
    if not some or not others:
        return some or others
    none = Part()
    return {machine: some.get(machine, none) + others.get(machine, none) for machine in {**some, **others}}


NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class Day:
    """A calendar day of the pool's zone, and what it came to."""

    on: date
    amount: Amount = NOTHING


def total(amounts: Iterable[Amount]) -> Amount:
    """Return several amounts as one."""
    return reduce(lambda one, other: one + other, amounts, NOTHING)


def noted(days: tuple[Day, ...], on: date, amount: Amount) -> tuple[Day, ...]:
    """Return the days, oldest first, with an amount added to one of them."""
    found = {day.on: day.amount for day in days}
    found[on] = found.get(on, NOTHING) + amount
    return tuple(Day(day, found[day]) for day in sorted(found))


def month_of(on: date) -> date:
    """Return the first day of a day's month."""
    return on.replace(day=1)


def next_month(on: date) -> date:
    """Return the first day of the month after a day's own."""
    return month_of(month_of(on) + timedelta(days=32))
