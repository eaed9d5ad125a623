"""What Observe has measured, as the status and `explain` show it: Figures -> JSON, rounded here and nowhere else.

The status has the figures that were told last, once an hour; `explain` has them as they are.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field

from poolkeeper.api.money import cents, instant, present
from poolkeeper.api.shape import Shape
from poolkeeper.api.units import format_duration
from poolkeeper.core.memory import Counterfactual
from poolkeeper.core.observed import Checked, Day, Figures, Side, Sums

Json = dict[str, Any]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
FEW = 10
KEPT = 1024
"""Of how many figures the JSON is kept: it is asked for at each look and changes once an hour."""


class ObservedSide(Shape):
    """What the sizes of one side came to."""

    replica_hours: str
    """Replicas times hours, from when a replica has a node."""
    cost: str | None = None
    """What they cost. Only where prices are known for all of the time."""
    inside_share: str | None = None
    """Share of the requests that waited no longer than the SLA allows: modelled, and for theirs as the pods counted."""
    changes: int
    """How often the size changed."""


class ObservedSaving(Shape):
    """What our sizes would have saved; negative: they would have been more."""

    replica_hours: str
    """Replicas times hours."""
    cost: str | None = None
    """Money. Only where prices are known for all of the time."""
    percent: int | None = None
    """Of theirs: of the cost, else of the replica-hours."""


class ObservedError(Shape):
    """How far the model is off, run at the sizes that there really were: that far the other figures can be trusted."""

    wait: str | None = None
    """The mean absolute error of how long a request waits."""
    predicted_share: str | None = None
    """The share inside that the model predicts for their sizes."""
    measured_share: str | None = None
    """The share inside that the pods counted. Only with an SLO."""


class ObservedDay(Shape):
    """What one day came to."""

    day: Annotated[str, Field(json_schema_extra={"format": "date"})]
    """Which day."""
    ours: ObservedSide
    """With our sizes."""
    theirs: ObservedSide
    """With theirs."""
    saving_percent: int | None = None
    """What ours would have saved."""


class ObserveStatus(Shape):
    """What this pool would have done and cost in mode Observe, against what happened. Renewed once an hour."""

    since: Instant
    """When Observe began."""
    as_of: Instant
    """When this was counted."""
    until: Instant | None = None
    """When Observe ended: nothing is counted any more."""
    hours: str
    """How many hours are counted: outages and gaps are not."""
    currency: str
    """What money is in."""
    ours: ObservedSide
    """With our sizes, modelled."""
    theirs: ObservedSide
    """With the sizes that there were."""
    saving: ObservedSaving
    """What ours would have saved."""
    error: ObservedError
    """How far to trust it."""
    days: Annotated[list[ObservedDay], Field(json_schema_extra={"list-map-key": "day"})] = Field(default_factory=list)
    """The last days one by one, oldest first."""
    message: str
    """All of it in words."""


def measured(known: Counterfactual) -> Json | None:
    """Return what Observe has measured by now, None where nothing is counted yet."""
    return observed(known.figures) if known.figures and known.figures.total.hours else None


@lru_cache(KEPT)
def observed(figures: Figures) -> Json:
    """Return what Observe has measured as JSON. It is not to be changed."""
    total = figures.total
    known = {"replicaHours": number(total.saved), "cost": saved(total), "percent": percent(total.saving)}
    return present(
        {
            "since": instant(figures.since),
            "asOf": instant(figures.at),
            "until": instant(figures.until),
            "hours": number(total.hours),
            "currency": figures.currency,
            "ours": side(total.ours, total, total.ours.share),
            "theirs": side(total.theirs, total, total.share),
            "saving": present(known),
            "error": error(total.theirs, total.checked),
            "days": [day(one) for one in figures.days],
            "message": "; ".join(words(figures)),
        }
    )


def side(one: Side, sums: Sums, inside: float | None) -> Json:
    """Return what one side came to."""
    cost = cents(one.cost) if sums.is_priced else None
    told = {"replicaHours": number(one.replica_hours), "cost": cost, "insideShare": share(inside)}
    return present(told) | {"changes": one.changes}


def error(theirs: Side, checked: Checked) -> Json:
    """Return how far the model is off."""
    predicted = theirs.share if checked.share is not None else None
    return present({"wait": wait(checked), "predictedShare": share(predicted), "measuredShare": share(checked.share)})


def day(one: Day) -> Json:
    """Return what a day came to."""
    sums = one.sums
    sides = {"ours": side(sums.ours, sums, sums.ours.share), "theirs": side(sums.theirs, sums, sums.share)}
    return present({"day": one.on.isoformat(), **sides, "savingPercent": percent(sums.saving)})


def words(figures: Figures) -> Iterator[str]:
    """Yield what Observe has measured in words."""
    total = figures.total
    yield (
        f"{number(total.ours.replica_hours)} replica-hours instead of {number(total.theirs.replica_hours)} "
        f"in {number(total.hours)} hours{less(total.saving)}"
    )
    if total.is_priced:
        yield f"{cents(total.ours.cost)} instead of {cents(total.theirs.cost)} {figures.currency}"
    if total.ours.share is not None:
        yield f"{share(total.ours.share)} inside the SLA instead of {share(total.share)}"
    if total.checked.hours:
        yield f"the modelled wait is off by {wait(total.checked)}"
    if not figures.measured:
        yield "no queue has shown what a replica can do, so that it may be more"


def less(saving: float | None) -> str:
    """Return a saving in words."""
    rounded = percent(saving)
    if rounded is None:
        return ""
    return f", {abs(rounded)} % {'less' if rounded >= 0 else 'more'}"


def saved(sums: Sums) -> str | None:
    """Return the money that was saved, None where not all of it is known."""
    return cents(sums.theirs.cost - sums.ours.cost) if sums.is_priced else None


def wait(checked: Checked) -> str | None:
    """Return the error of the modelled wait, None where there is none."""
    return None if checked.error is None else format_duration(timedelta(seconds=checked.error))


def number(hours: float) -> str:
    """Return hours to the tenth, few of them to the hundredth."""
    return f"{hours:.1f}" if abs(hours) >= FEW else f"{hours:.2f}"


def share(inside: float | None) -> str | None:
    """Return a share, None where nothing came."""
    return None if inside is None else f"{100 * inside:.1f}%"


def percent(part: float | None) -> int | None:
    """Return a part in whole percents."""
    return None if part is None else round(100 * part)
