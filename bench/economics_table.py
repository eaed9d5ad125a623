"""What came of everybody, for people and for machines."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import fsum

from economics_pool import Scale
from economics_tuned import INSIDE, TUNED, Tuned

from poolkeeper.simulate.study import FIGURES, OURS, Row

OVER = 1.10
"""The aim beside the bound, where a start takes no more than 240 s."""
MARKED = {OURS: "poolkeeper <", TUNED: "poolkeeper tuned <"}
HEADER = (
    f"{'policy':<20} {'inside':>9} {'spread':>17} {'over':>6} {'spread':>11} {'over+':>6}"
    f" {'p99 wait':>9} {'changes':>8}"
)


@dataclass(frozen=True)
class Place:
    """Everybody's rows on one scale with one start-up time, by seed; what ours was tuned to, if it was."""

    scale: Scale
    startup: timedelta
    rows: tuple[tuple[Row, ...], ...]
    tuned: Tuned | None = None

    @property
    def policies(self) -> dict[str, tuple[Row, ...]]:
        """The rows of each policy."""
        return {rows[0].policy: rows for rows in zip(*self.rows, strict=True)}


def lines(place: Place) -> Iterator[str]:
    """Yield a table, those with the most inside first, ours marked."""
    yield f"\n{place.scale.name}, {place.scale.peak} replicas at the peak, {place.startup.seconds} s to start"
    yield HEADER
    yield from map(line, sorted(place.policies.values(), key=lambda rows: -mean(rows, "in_sla")))
    if place.tuned:
        yield place.tuned.told


def line(rows: Sequence[Row]) -> str:
    """Return one policy's line."""
    inside, over = ([getattr(row, name) for row in rows] for name in ("in_sla", "cost_over_bound"))
    name = MARKED.get(rows[0].policy, rows[0].policy)
    kept = f"{mean(rows, 'in_sla'):>9.3%} {min(inside):>8.3%}-{max(inside):.3%}"
    spent = f"{mean(rows, 'cost_over_bound'):>6.3f} {min(over):>5.3f}-{max(over):.3f}"
    rest = f"{mean(rows, 'wait_p99'):>7.1f} s {mean(rows, 'changes'):>8.0f}"
    return f"{name:<20} {kept} {spent} {mean(rows, 'cost_over_bound_with_startup'):>6.3f} {rest}"


def mean(rows: Sequence[Row], figure: str) -> float:
    """Return the mean of a figure."""
    return fsum(float(getattr(row, figure)) for row in rows) / len(rows)


def verdicts(place: Place) -> Iterator[str]:
    """Yield how ours stands, by default and tuned: against the aim, and against who is no worse and no dearer."""
    policies = place.policies
    where = f"{place.scale.name} x{place.scale.peak} {place.startup.seconds} s"
    for name in MARKED:
        if name in policies:
            yield f"{where}, {name}: {verdict(policies[name], ahead(policies, name))}"


def verdict(ours: Sequence[Row], better: Sequence[str]) -> str:
    """Return how one of ours stands."""
    inside, over = mean(ours, "in_sla"), mean(ours, "cost_over_bound")
    aim = "met" if inside >= INSIDE and over <= OVER else "missed"
    return f"{inside:.2%} at {over:.3f}; aim {aim}; as good and no dearer: {', '.join(better) or 'nobody'}"


def ahead(policies: dict[str, tuple[Row, ...]], name: str) -> list[str]:
    """Return the peers that are as good as one of ours, and no dearer."""
    inside, hours = (mean(policies[name], figure) for figure in ("in_sla", "replica_hours"))
    return [
        other
        for other, rows in policies.items()
        if other not in MARKED and mean(rows, "in_sla") >= inside and mean(rows, "replica_hours") <= hours
    ]


def record(place: Place) -> list[dict[str, object]]:
    """Return a place's rows as the file has them."""
    return [told(place, row) for rows in place.rows for row in rows]


def told(place: Place, row: Row) -> dict[str, object]:
    """Return a row as the file has it; what was tuned says to what, and on which days."""
    where = {"trace": place.scale.name, "startup": place.startup.seconds, "peak_replicas": place.scale.peak}
    figures = {name: plain(getattr(row, name)) for name in FIGURES}
    found = place.tuned.record if place.tuned and row.policy == TUNED else {}
    return where | {"policy": row.policy, "seed": row.seed} | figures | found


def plain(value: object) -> object:
    """Return a figure as JSON has it."""
    return float(value) if isinstance(value, Decimal) else value
