"""A study as JSON: a row for each policy, over all seeds; numbers as they are, infinite ones as null."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from poolkeeper.simulate.study import FIGURES, Entry, Row

Json = dict[str, Any]

DIGITS = 6
WHOLE = frozenset({"changes", "peak"})
"""Figures that are whole numbers, but for the mean of several seeds."""


def as_json(entries: Sequence[Entry]) -> Json:
    """Return a study. The pool is named where there are several, the load where it is not always the trace's own."""
    pools, loads = {one.pool for one in entries}, {one.load for one in entries}
    return {"rows": [entry_row(one, pools=len(pools) > 1, loads=loads != {1.0}) for one in entries]}


def entry_row(one: Entry, *, pools: bool, loads: bool) -> Json:
    """Return one policy's row: means, and each seed's own figures where there are several."""
    told: Json = ({"pool": one.pool} if pools else {}) | ({"load": one.load} if loads else {})
    figures = {name: number(one.mean(name), whole=name in WHOLE and len(one.rows) == 1) for name in FIGURES}
    seeds = [seed_row(row) for row in one.rows] if len(one.rows) > 1 else []
    return told | {"policy": one.policy} | figures | ({"seeds": seeds} if seeds else {})


def seed_row(row: Row) -> Json:
    """Return what came with one seed."""
    return {"seed": row.seed} | {name: number(float(getattr(row, name)), whole=name in WHOLE) for name in FIGURES}


def number(value: float, *, whole: bool) -> float | int | None:
    """Return a number as JSON has it."""
    if not isfinite(value):
        return None
    return round(value) if whole else round(value, DIGITS)
