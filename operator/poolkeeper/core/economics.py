"""What a pool's money bought (R8): the cost of a request, of a million tokens, and of what its users count.

    cost of prompts       cost x prefill / (prefill + decode): the time that requests took in either phase
    where no engine tells an output token weighs as much as OUTPUT_WEIGHT prompt tokens

That is OpenCost's way since 1.121 ("compute_time", and "multiplier" where times are unknown), so that its figures and
ours can stand side by side: https://github.com/opencost/opencost. Idle time is in the cost: it is part of the bill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from poolkeeper.core.account import Past
from poolkeeper.core.costing import Unit
from poolkeeper.core.days import Amount, Use

MILLION = 1_000_000
OUTPUT_WEIGHT = 2.5
"""How many prompt tokens an output token weighs by default: OpenCost's own figure."""
DAY = timedelta(days=1)


class Phase(StrEnum):
    """What tokens are for, as OpenCost's label `phase` has it; empty: both."""

    ALL = ""
    PROMPT = "prompt"
    GENERATION = "generation"


class Method(StrEnum):
    """How the cost was shared out between prompts and output, as OpenCost's label `allocation_method` has it."""

    COMPUTE_TIME = "compute_time"
    MULTIPLIER = "multiplier"


def per_request(amount: Amount) -> Decimal | None:
    """Return what a finished request cost; None where none was counted, or a part of the cost is unknown."""
    return _per(amount, amount.cost, amount.use.requests)


def per_million_tokens(amount: Amount, phase: Phase = Phase.ALL) -> Decimal | None:
    """Return what a million tokens of a phase cost; None as for requests."""
    return _per(amount, amount.cost * share(amount.use, phase) * MILLION, tokens(amount.use, phase))


def method(use: Use) -> Method:
    """Return how the cost is shared out between prompts and output."""
    return Method.COMPUTE_TIME if use.prefill_hours + use.decode_hours > 0 else Method.MULTIPLIER


def tokens(use: Use, phase: Phase) -> float:
    """Return how many tokens of a phase there were."""
    known = {Phase.PROMPT: use.prompt_tokens, Phase.GENERATION: use.generation_tokens}
    return known.get(phase, use.prompt_tokens + use.generation_tokens)


def share(use: Use, phase: Phase) -> Decimal:
    """Return a phase's part of the cost, from 0 to 1."""
    if phase is Phase.ALL:
        return Decimal(1)
    prompt, generation = use.prefill_hours, use.decode_hours
    if method(use) is Method.MULTIPLIER:
        prompt, generation = use.prompt_tokens, OUTPUT_WEIGHT * use.generation_tokens
    part = Decimal(prompt if phase is Phase.PROMPT else generation)
    whole = Decimal(prompt) + Decimal(generation)
    return part / whole if whole else Decimal(0)


def _per(amount: Amount, cost: Decimal, count: float) -> Decimal | None:
    return cost / Decimal(count) if count > 0 and amount.whole else None


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a unit there were in the last day, as last asked; None: why that is not known, in `words`."""

    number: float | None = None
    words: str = "not counted yet"


@dataclass(frozen=True, slots=True)
class UnitCost:
    """What one of a unit cost over the last day, and what was left of its revenue; None: unknown, `words` say why."""

    name: str
    cost: Decimal | None = None
    margin: Decimal | None = None
    words: str = ""


def unit_costs(units: Sequence[Unit], counts: Mapping[str, Count], cost: Decimal | None) -> tuple[UnitCost, ...]:
    """Return what one of each unit cost, by the counts of their names."""
    return tuple(unit_cost(unit, counts.get(unit.name, Count()), cost) for unit in units)


def unit_cost(unit: Unit, count: Count, cost: Decimal | None) -> UnitCost:
    """Return what one of a unit cost; `cost` is the last day's, None while it is not known."""
    if count.number is None:
        return UnitCost(unit.name, words=count.words)
    if cost is None:
        return UnitCost(unit.name, words="what the last day cost is not known yet")
    if not count.number:
        return UnitCost(unit.name, words="there were none in the last day")
    each = cost / Decimal(count.number)
    return UnitCost(unit.name, each, None if unit.revenue is None else unit.revenue - each)


def last_day(past: Sequence[Past], today: Amount, now: datetime, zone: ZoneInfo) -> Decimal | None:
    """Return what the 24 hours before `now` cost: the day so far, and the rest of them from the days before.

    Of a day that is partly among them counts that part of its cost, as if it had been spent evenly. None where the days
    before do not reach back far enough, or a part of their cost or of today's is unknown. The first day of `past` does
    not count: it began in its middle.

    Args:
        past: the days that are over, oldest first, without a gap, up to yesterday.
        today: what the day so far has come to.
        now: the instant that the 24 hours end at.
        zone: whose days they are.
    """
    morning = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    begin, reached = now.astimezone(UTC) - DAY, morning.astimezone(UTC)
    cost, whole = today.cost, today.whole
    for day in reversed(past[1:]):
        if reached <= begin:
            break
        morning -= DAY
        end, reached = reached, morning.astimezone(UTC)
        cost, whole = cost + day.cost * Decimal((end - max(begin, reached)) / (end - reached)), whole and day.whole
    return cost if reached <= begin and whole else None
