"""A pool's money in words: lines of `explain`, cells of `status`, notes of `check`."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from poolkeeper.api.cost import Cost
from poolkeeper.api.money import LAST
from poolkeeper.api.spec import Spec
from poolkeeper.api.units import parse_instant
from poolkeeper.cli.counted import counted
from poolkeeper.cli.split import ago
from poolkeeper.cli.windows import PLACES
from poolkeeper.core.model import ON_DEMAND
from poolkeeper.core.reasons import Reason
from poolkeeper.core.zones import zone

Json = dict[str, Any]

CONDITIONS = frozenset({"Priced", "WithinBudget"})
"""The conditions that the lines about money tell of."""
FRESH = timedelta(minutes=5)
"""What is older is told with its age: somebody has stopped counting."""
MUCH = 100
"""An amount whose cents say nothing beside it."""
KINDS = {"OnDemand": "on-demand", "Spot": "spot"}
SENTENCES = {reason.value: reason.sentence for reason in Reason}
REMEDIES: Mapping[str, str] = {
    Reason.PRICE_UNKNOWN: "add a row to the price book, or set spec.cost.pricePerGPUHour",
    Reason.PRICE_ASSUMED: "add a row for spot to the price book, or set spec.cost.pricePerGPUHour",
    Reason.GPUS_UNKNOWN: "with it unset, the pods' requests tell",
}
"""What to do about a price that is not known."""


def present(cost: Json, now: datetime) -> str:
    """Return what an hour costs."""
    age = f", {ago(cost['asOf'], now)} ago" if now - parse_instant(cost["asOf"]) > FRESH else ""
    if "perHour" not in cost:
        return f"unknown{age}"
    return f"{cost['perHour']} {cost['currency']} an hour{age}"


def rows(cost: Json) -> list[tuple[str, str, str, str]]:
    """Return each tier's cost an hour, the price of a GPU, and where that is from; overhead and commitments last."""
    tiers = sorted(cost["tiers"], key=lambda one: one["name"] in LAST)
    return [(one["name"], one.get("perHour", "?"), one.get("price", ""), one.get("source", "")) for one in tiers]


def lines(whose: str, status: Json) -> Iterator[tuple[str, str]]:
    """Yield what `explain` says of the money that a status holds, each with its label; `whose`: `chat -n inference`."""
    cost = status["cost"]
    yield from (("price", words) for words in unpriced(status))
    if "monthToDate" in cost:
        yield "month", month(cost)
    if "savings" in cost:
        yield "saved", saved(cost, status.get("slo"))
    if "budget" in cost:
        yield "budget", budget(whose, cost)
    if worked := work(cost):
        yield "work", worked
    yield from (("unit", unit(one, cost["currency"])) for one in cost.get("units", ()))
    if "unusual" in cost:
        yield "unusual", unusual(cost["unusual"])


def unpriced(status: Json) -> Iterator[str]:
    """Yield what has no price of its own, and what to do; then how much of the month is in no amount."""
    yield from lacking(status)
    if "unpricedGPUHours" in status["cost"]:
        yield f"{status['cost']['unpricedGPUHours']} GPU-hours of this month have no price, and are in no amount"
    if "uncountedReplicaHours" in status["cost"]:
        hours = status["cost"]["uncountedReplicaHours"]
        yield f"{hours} replica-hours of this month are of an unknown number of GPUs, and in no amount"


def lacking(status: Json) -> Iterator[str]:
    """Yield which price is not known, as the operator last said, and what to do."""
    for one in status.get("conditions", ()):
        if one["type"] == "Priced" and one["reason"] in REMEDIES:
            yield f"{one['reason']}: {one['message']}; {REMEDIES[one['reason']]}"


def month(cost: Json) -> str:
    """Return what the month has cost, and where it will end."""
    said = f"{cost['monthToDate']} {cost['currency']} so far"
    if "forecastMonthEnd" not in cost:
        return said
    return f"{said}; {cost['forecastMonthEnd']} expected by its end ({cost['forecastRange']})"


def spent(cost: Json) -> str | None:
    """Return what the month has cost, with its currency where that is not the heading's, and cents while they count."""
    if "monthToDate" not in cost:
        return None
    amount = Decimal(cost["monthToDate"])
    return f"{amount:.{2 if amount < MUCH else 0}f}" + ("" if cost["currency"] == "USD" else f" {cost['currency']}")


def saved(cost: Json, slo: str | None) -> str:
    """Return what was saved, against what, by cause, and what requests had of it."""
    baseline, causes = cost["baseline"], cost["savings"]
    size = counted(Decimal(baseline["replicas"]), f"{KINDS[baseline['type']]} replica")
    against = f"{size} all the time, {baseline['monthToDate']}"
    by = ", ".join(f"{cause} {causes[cause]}" for cause in ("queue", "schedule", "spot"))
    beside = f"; {slo} of requests inside the SLO" if slo else ""
    return f"{cost['savingsMonthToDate']} {cost['currency']} this month against {against}: {by}{beside}"


def budget(whose: str, cost: Json) -> str:
    """Return how the budget stands, and what that holds back."""
    found = cost["budget"]
    shares = [(found.get("usedPercent"), "used"), (found.get("expectedPercent"), "expected by the month's end")]
    told = ", ".join(f"{percent} % {words}" for percent, words in shares if percent is not None)
    said = f"{found['monthly']} {cost['currency']} a month" + (f": {told}" if told else "")
    if found["state"] != Reason.WITHIN_BUDGET:
        said += f"; {found['state']}: {SENTENCES[found['state']]}"
    if found.get("holds"):
        said += f"; growth beyond the floor is held: `poolkeeper override {whose} --budget --for 2h` lifts that"
    if "liftedUntil" not in found:
        return said
    free = "" if found["state"] == Reason.BUDGET_LIFTED else "; growth is free of it"
    return f"{said}{free} until {found['liftedUntil']}"


def work(cost: Json) -> str:
    """Return what a request and tokens cost, and how much of the time nothing was done; empty where nobody counted."""
    tokens = cost.get("perMillionTokens") or {}
    told = (
        ("a request", cost.get("perRequest")),
        ("a million tokens", tokens.get("all")),
        ("a million of prompts", tokens.get("prompt")),
        ("a million generated", tokens.get("generation")),
    )
    said = [f"{amount} {cost['currency']} {what}" for what, amount in told if amount]
    said += [f"{cost['idlePercent']} % of the ready time idle"] if "idlePercent" in cost else []
    return ", ".join(said)


def unit(found: Json, currency: str) -> str:
    """Return what one of a unit cost over the last day, and what was left of its revenue."""
    if "cost" not in found:
        return f"{found['name']}: not known, {found['message']}"
    left = f", {found['margin']} left of its revenue" if "margin" in found else ""
    return f"{found['name']}: {found['cost']} {currency} each over the last 24 hours{left}"


def unusual(found: Json) -> str:
    """Return the day that was far off, and what drove it."""
    because = f": {'; '.join(found['drivers'])}" if found["drivers"] else ""
    return f"{found['day']} cost {found['cost']} where {found['usual']} is usual, {found['percent']:+} %{because}"


def notes(spec: Spec, now: datetime) -> Iterator[str]:
    """Yield what is allowed in a spec's cost and yet hardly meant."""
    if spec.cost is None:
        return
    today = now.astimezone(zone(spec.cost.timezone)).date()
    yield from bare(spec, spec.cost)
    yield from (f"cost.commitments[{number}] has ended with {until}" for number, until in ended(spec.cost, today))
    if (name := spec.cost.timezone) in PLACES:
        yield f"cost.timezone {name} has no summer time; where clocks change, write a place, as in {PLACES[name]}"


def bare(spec: Spec, cost: Cost) -> Iterator[str]:
    """Yield the tiers that a budget is for and that have no price here."""
    tiers = [tier.name for tier in spec.capacity.tiers] if spec.capacity else [ON_DEMAND.name]
    missing = [name for name in tiers if name not in cost.price_per_gpu_hour]
    if cost.budget and missing:
        yield f"cost.budget counts what has a price: {', '.join(missing)} must have one in the price book"


def ended(cost: Cost, today: date) -> Iterator[tuple[int, str]]:
    """Yield the commitments that are over, by their place in the list."""
    for number, one in enumerate(cost.commitments):
        if one.until is not None and date.fromisoformat(one.until) < today:
            yield number, one.until
