"""What `poolkeeper audit` found of a workload: whose it is, what it costs, what use it was; and all of it together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from textwrap import shorten

from poolkeeper.api.holding_costs import CENT, Cost, Totals
from poolkeeper.api.holdings import Holding
from poolkeeper.cli.counted import counted
from poolkeeper.simulate.use import State, Use, days, percent

ORDER = tuple(State)
LONGEST = 100
"""How much is repeated of an autoscaler's words; JSON has them all."""
ALIKE = Decimal("0.01")
"""Ends of a range that differ by less are told as one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One workload. `busy` is the share (0 to 1) of its time that was used, None: unknown; `notes` what else to say."""

    holding: Holding
    cost: Cost
    use: Use
    busy: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def saves(self) -> tuple[Decimal, Decimal] | None:
        """What a month would be cheaper by, at least and at most; None where the saving or a price is unknown."""
        if self.use.saving is None or self.cost.month is None:
            return None
        least, most = (
            (self.cost.month * Decimal(str(one))).quantize(CENT)
            for one in (self.use.saving.least, self.use.saving.most)
        )
        return least, most

    @property
    def ready(self) -> int:
        """How many of its pods are ready."""
        return sum(pod.ready_at is not None for pod in self.holding.pods)


@dataclass(frozen=True, slots=True)
class Audit:
    """All that was found, the dearest idleness first. `looked` says how the use was found; `skipped` what was not."""

    at: datetime
    findings: tuple[Finding, ...]
    totals: Totals
    looked: str
    currency: str = "USD"
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def rank(one: Finding) -> tuple[Decimal, int, Decimal, Decimal, str]:
    """Return where a finding stands: by the money, else by the GPUs, that would be saved; then by its use and cost."""
    saves, saving = one.saves, one.use.saving
    money = saves[1] if saves else Decimal(0)
    gpus = (one.cost.gpus or Decimal(0)) * Decimal(str(saving.most)) if saving else Decimal(0)
    return (-money, ORDER.index(one.use.state), -gpus, -(one.cost.month or Decimal(0)), one.holding.shown)


def saving(findings: Iterable[Finding]) -> tuple[Decimal, Decimal] | None:
    """Return what a month would be cheaper by in all, at least and at most; None where nothing is known."""
    known = [one.saves for one in findings if one.saves]
    return (sum(least for least, _ in known), sum(most for _, most in known)) if known else None  # type: ignore[return-value]


def idle_share(findings: Sequence[Finding]) -> float | None:
    """Return the share of GPU time without use, over those GPUs whose use is known; None where none is."""
    known = [(float(one.cost.gpus), one.busy) for one in findings if one.cost.gpus and one.busy is not None]
    all_of_them = sum(gpus for gpus, _ in known)
    return sum(gpus * (1 - busy) for gpus, busy in known) / all_of_them if all_of_them else None


def pending(findings: Iterable[Finding]) -> list[tuple[str, str]]:
    """Return the names of pods with GPUs that have no node, and why."""
    return [
        (f"{pod.namespace}/{pod.name}", pod.trouble or "no word of the scheduler")
        for one in findings
        for pod in one.holding.pods
        if pod.pending
    ]


def facts(one: Finding) -> Iterator[str]:
    """Yield what is known of a workload besides its figures."""
    holding = one.holding
    names = {holding.top.name, holding.sized.reference.name if holding.sized else ""}
    whose = [f"of {holding.team}"] if holding.team and holding.team not in names else []
    whose += [f"by {holding.manager}"] if holding.manager else []
    kind = holding.top.kind
    if holding.sized and not holding.poolable:
        kind += f" over {holding.sized.reference.kind} {holding.sized.reference.name}"
    capacity, kinds = one.cost.capacity, one.cost.kinds or ("nodes",)
    where = [f"on {capacity} {', '.join(kinds)}"] if capacity else []
    yield " ".join([kind, *whose, *where])
    yield f"{one.use.state}: {one.use.why}" if one.use.state is not State.UNKNOWN else one.use.why
    yield scaled(one)
    yield from unpriced(one)
    yield from one.notes


def scaled(one: Finding) -> str:
    """Return who sets its size, and whether that works."""
    scaler = one.holding.scaler
    if scaler is None:
        return "no autoscaler"
    if scaler.trouble:
        return f"{scaler.shown}, does not scale: {shorten(scaler.trouble, LONGEST, placeholder='...')}"
    return f"{scaler.shown}, never scales" if scaler.least == scaler.most else scaler.shown


def unpriced(one: Finding) -> Iterator[str]:
    """Yield why it has no price."""
    if one.cost.month is None and one.cost.words:
        yield f"no price: {one.cost.words[0]}"


def last_request(one: Finding, now: datetime) -> str:
    """Return how long ago its last request was, in words."""
    if one.use.last is not None:
        return "now" if now - one.use.last < timedelta(minutes=10) else f"{days(now - one.use.last)} ago"
    if one.use.silent is not None:
        return f"none in {days(one.use.silent)}"
    return "unknown"


def summary(about: Audit) -> Iterator[str]:
    """Yield what all of it comes to, in sentences."""
    totals = about.totals
    yield f"{counted(len(about.findings), 'workload')} hold {gpus(totals)}."
    waiting = len(pending(about.findings))
    if waiting:
        yield f"{counted(waiting, 'pod')} with GPUs wait{'s' if waiting == 1 else ''} for a node."
    yield money(about)
    share = idle_share(about.findings)
    yield (
        "Their use is unknown." if share is None else f"Of the GPU time whose use is known, {percent(share)} was idle."
    )
    found = saving(about.findings)
    if found is None:
        yield "What could be saved is unknown."
    else:
        yield f"To be saved: {between(found)} {about.currency} a month."


def gpus(totals: Totals) -> str:
    """Return how many GPUs there are and are held."""
    if totals.allocatable is None:
        return f"{few(totals.allocated)} GPUs; how many there are could not be read"
    some = f"{few(totals.allocated)} of {few(totals.allocatable)} GPUs"
    broken = (totals.offered or totals.allocatable) - totals.allocatable
    some += f" ({few(broken)} more cannot be had)" if broken else ""
    if totals.free is None:
        return some
    idle = f", on {counted(len(totals.idle_nodes), 'node')} all of them" if totals.idle_nodes else ""
    closed = f"; {few(totals.cordoned)} are cordoned" if totals.cordoned else ""
    return f"{some}; {few(totals.free)} are free{idle}{closed}"


def few(number: Decimal | None) -> str:
    """Return a number of GPUs for people: slices by two decimals."""
    return "unknown" if number is None else f"{number.quantize(CENT):f}".removesuffix(".00")


def money(about: Audit) -> str:
    """Return what it costs."""
    totals = about.totals
    priced = len(about.findings) - totals.unpriced
    if not priced and about.findings:
        return "What they cost is unknown: give --price 3.00, or --price-book FILE."
    rest = f" and {counted(totals.unpriced, 'workload')} without a price" if totals.unpriced else ""
    said = f"They cost {whole(totals.month)} {about.currency} a month of 730 h{rest}"
    if totals.free and totals.free_month is not None:
        said += f"; what is free costs {whole(totals.free_month)} more"
    if totals.cordoned and totals.cordoned_month is not None:
        said += f"; what is cordoned costs {whole(totals.cordoned_month)} more"
    return f"{said}."


def between(found: tuple[Decimal, Decimal]) -> str:
    """Return a range in whole units of money."""
    least, most = found
    return whole(most) if most - least <= ALIKE * most else f"{whole(least)} to {whole(most)}"


def whole(amount: Decimal) -> str:
    """Return an amount in whole units: to the cent it would tell more than anybody knows."""
    return f"{amount:,.0f}"
