"""What other scalers measure -> the queue's sources and thresholds.

They divide a number by its target, metric by metric, and go by the largest:

    AverageValue    ceil(total / target) replicas, whoever is ready
    Value           ceil(ready * total / target)

`thresholdsPer: Replica` with `above` and `below` at the target turns round where the first does: more than the target
for each replica grows, less than that for each that would remain shrinks. Sources share one threshold, so a query is
multiplied by what its own target is less or more than that of the others.

Source: `pkg/controller/podautoscaler/replica_calculator.go` of Kubernetes 1.36 (`GetExternalPerPodMetricReplicas`,
`GetExternalMetricReplicas`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from poolkeeper.cli.migration.matchers import Home, are_of, matchers
from poolkeeper.cli.migration.outcome import Json, Note, Part, carried, differs, left
from poolkeeper.shell.queues.engines import ENGINES

ONE = Decimal(1)
SUMMED = re.compile(r"\s*sum\s*(?:by\s*\(\s*\)\s*)?\(\s*([a-zA-Z_:][\w:]*)\s*(?:\{([^{}]*)\})?\s*\)\s*")
"""A query that adds up the series of one metric."""
WAITING = {spelled for engine in ENGINES for spelled in (engine.waiting.name, engine.waiting.name.replace(":", "_"))}
RUNNING = {
    spelled
    for engine in ENGINES
    if engine.running
    for spelled in (engine.running.name, engine.running.name.replace(":", "_"))
} - WAITING
PODS: Json = {"pods": {}}
REPLICA, POOL = "Replica", "Pool"


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that is measured: where it stands in the original, our source without its name, and its target.

    `per`: whether the target is for a replica or for the pool. `summed` is the query that comes to the same where the
    source is a metric.
    """

    field: str
    name: str
    source: Json
    target: Decimal
    per: str = REPLICA
    summed: str = ""

    @property
    def query(self) -> str | None:
        """What can be multiplied, None where nothing can."""
        return self.source.get("prometheus", {}).get("query") or self.summed or None

    @property
    def is_pods(self) -> bool:
        """Whether the pods themselves are asked."""
        return "pods" in self.source


def counts(query: str) -> str | None:
    """Return the metric of which a query adds up all series, None where it does something else."""
    found = SUMMED.fullmatch(query)
    return found[1] if found else None


def is_summed_of(query: str, home: Home) -> bool:
    """Return whether a query adds up one metric of this workload, and of nobody else as far as it says."""
    found = SUMMED.fullmatch(query)
    return found is not None and are_of(matchers(found[2] or ""), home)


def waits(metric: str | None) -> bool:
    """Return whether a metric is an engine's queue: the pods themselves tell it."""
    return metric in WAITING


def queue(signals: Sequence[Signal]) -> Part:
    """Return the sources and thresholds of what is measured; without any, of the pods' own pages."""
    if not signals:
        return Part({"queue": {"sources": [{"name": "pods", **PODS}]}})
    kept, dropped = of_one_kind(signals)
    target = common(kept)
    even = [evened(one, target) for one in kept]
    steps = [differs(kept[0].field, of_replica(target, pods=kept[0].is_pods))] if kept[0].per == REPLICA else []
    notes = (*dropped, *(note for one in kept for note in told(one, target)), *steps, *together(kept))
    sources = list({str(one.source): {"name": one.name, **one.source} for one in even}.values())
    made: Json = {"combine": "Max"} if len(sources) > 1 else {}
    made |= {"thresholdsPer": POOL} if kept[0].per == POOL else {}
    made |= {"sources": sources, "scaleUp": {"above": plain(target)}}
    if not all(one.is_pods for one in kept):
        made["scaleDown"] = {"below": plain(target if kept[0].per == REPLICA else target / 2)}
    return Part({"queue": made}, notes)


def of_one_kind(signals: Sequence[Signal]) -> tuple[list[Signal], list[Note]]:
    """Return the signals whose targets are all for a replica, or all for the pool, and notes on the others."""
    per = REPLICA if any(one.per == REPLICA for one in signals) else POOL
    words = "targets for the whole pool and for each replica cannot stand in one pool: write it as a query per replica"
    return [one for one in signals if one.per == per], [left(one.field, words) for one in signals if one.per != per]


def common(signals: Sequence[Signal]) -> Decimal:
    """Return the target that all share: the least of those that cannot be multiplied, else the first."""
    fixed = [one.target for one in signals if one.query is None]
    return min(fixed) if fixed else signals[0].target


def evened(one: Signal, target: Decimal) -> Signal:
    """Return a signal for another target; one that is no query stays as it is."""
    if one.query is None or one.target == target:
        return one
    factor = target / one.target
    ratio = f"{plain(factor)}" if factor == round(factor, 6) else f"{plain(target)} / {plain(one.target)}"
    query = f"({one.query}) * {ratio}"
    known = {name: value for name, value in one.source["prometheus"].items() if name == "server"}
    return replace(one, source={"prometheus": known | {"query": query}})


def told(one: Signal, target: Decimal) -> Iterator[Note]:
    """Yield what becomes of a target."""
    if one.per == POOL:
        yield differs(one.field, of_pool(one.target))
    elif one.query is not None and one.target != target:
        words = f"its target {plain(one.target)} became {plain(target)}, which all share: its query is multiplied"
        yield carried(one.field, words)
    elif one.target != target:
        words = f"sources share one threshold, {plain(target)} for each replica: this one grows the pool sooner than"
        yield differs(one.field, f"{words} its own {plain(one.target)} did")


def of_pool(target: Decimal) -> str:
    """Return how a target of the kind Value differs, with figures."""
    return (
        f"Value {plain(target)} multiplied the size: at twice that, 4 replicas became 8. Here each further "
        f"{plain(target)} is a step (queue.scaleUp.step): 4 become 5, and under {plain(target / 2)} it shrinks"
    )


def of_replica(target: Decimal, *, pods: bool) -> str:
    """Return how a target for each replica differs, with figures; `pods`: what runs is known, so it is looked at."""
    depth = plain(6 * target)
    grows = (
        f"a queue of {depth} at 2 replicas asked for 6, and went on asking while those that came were loading; here it "
        f"is over {plain(2 * target)} by two steps, so 2 become 4, and more only once these work"
    )
    if not pods:
        shrinks = f"Less than {plain(target)} for each that would remain shrinks: there at once, here by scaleDown.step"
        return f"{grows}. {shrinks} each gracePeriod"
    return f"{grows}. An empty queue alone shrank it; here the survivors must not be too busy either"


def together(signals: Sequence[Signal]) -> Iterator[Note]:
    """Yield what becomes of several metrics."""
    if len(signals) > 1:
        names = ", ".join(one.name for one in signals)
        yield carried(signals[0].field.partition("[")[0], f"the largest of {names} counts, as before (combine: Max)")


def plain(value: Decimal) -> float | int:
    """Return a number as YAML has it best."""
    rounded = round(value, 6)
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)
