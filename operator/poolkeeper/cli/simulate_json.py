"""A study as JSON: a row for each policy, over all seeds, and what they rest on; infinite numbers are null."""

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from math import isfinite
from typing import Any, TypeVar

from poolkeeper.cli.simulate_options import FIGURES as ENGINE
from poolkeeper.cli.simulate_shown import Shown
from poolkeeper.simulate.study import FIGURES, Entry, Row

Json = dict[str, Any]
T = TypeVar("T")

DIGITS = 6
WHOLE = frozenset({"changes", "peak", "reclaims"})
"""Figures that are whole numbers, but for the mean of several seeds."""
TIERS = ("by_tier", "cost_by_tier")
"""Replica-hours and money, tier by tier."""


def as_json(shown: Shown) -> Json:
    """Return a study. The pool is named where there are several, the load where it is not always the trace's own."""
    found = shown.entries
    pools, loads = {one.pool for one in found}, {one.load for one in found}
    rows = [entry_row(one, pools=len(pools) > 1, loads=loads != {1.0}) for one in found]
    return {"context": context(shown), "rows": rows}


def context(shown: Shown) -> Json:
    """Return what it takes to get the same rows again. Durations are seconds, prices those of a replica and an hour.

    `options` are those of spot, nodes and metrics that were given, as they were written.
    """
    scene, rows = shown.scene, shown.entries[0].rows
    engine = asdict(scene.engine)
    return {
        "version": version("poolkeeper"),
        "trace": shown.origin,
        "seed": rows[0].seed,
        "seeds": len(rows),
        "step": scene.step.total_seconds(),
        "peak_replicas": scene.peak_replicas,
        "startup": shown.pools[0].startup.total_seconds(),
        "sla": same({pool.name: pool.sla.total_seconds() for pool in shown.pools}),
        "engine": {name: engine[figure] for name, figure in ENGINE.items()},
        "prices": same({pool.name: {tier: str(price) for tier, price in pool.prices.items()} for pool in shown.pools}),
        "options": shown.asked.given,
    }


def same(by_pool: Mapping[str, T]) -> T | Mapping[str, T]:
    """Return what all pools have, or where they differ, what each has."""
    first, *others = by_pool.values()
    return by_pool if any(one != first for one in others) else first


def entry_row(one: Entry, *, pools: bool, loads: bool) -> Json:
    """Return one policy's row: means, and each seed's own figures where there are several."""
    told: Json = ({"pool": one.pool} if pools else {}) | ({"load": one.load} if loads else {})
    figures = {name: number(one.mean(name), whole=name in WHOLE and len(one.rows) == 1) for name in FIGURES}
    seeds = [seed_row(row) for row in one.rows] if len(one.rows) > 1 else []
    tiers = {name: rounded(one.by_tier(name)) for name in TIERS}
    return told | {"policy": one.policy} | figures | tiers | ({"seeds": seeds} if seeds else {})


def seed_row(row: Row) -> Json:
    """Return what came with one seed."""
    figures = {name: number(float(getattr(row, name)), whole=name in WHOLE) for name in FIGURES}
    return {"seed": row.seed} | figures | {name: rounded(getattr(row, name)) for name in TIERS}


def rounded(by_tier: Mapping[str, float]) -> Json:
    """Return the figures of tiers."""
    return {tier: number(float(value), whole=False) for tier, value in by_tier.items()}


def number(value: float, *, whole: bool) -> float | int | None:
    """Return a number as JSON has it."""
    if not isfinite(value):
        return None
    return round(value) if whole else round(value, DIGITS)
