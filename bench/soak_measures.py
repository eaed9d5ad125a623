"""What is measured through a soak, and whether it stays: each figure's slope a day, with its interval."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean
from typing import Any

from usage import usage

TWICE = 2.0
"""Standard errors to each side: about 95 in 100."""


@dataclass(frozen=True)
class Slope:
    """Change a day, and by how much that is uncertain to each side; `bound`: what still counts as flat.

    Flat is what surely does not grow by more; what may grow by more or not is told as unknown.
    """

    a_day: float
    margin: float
    bound: float

    @property
    def verdict(self) -> str:
        """What it comes to, in a word: shrinking is no leak."""
        if self.a_day + self.margin <= self.bound:
            return "flat"
        return "grows" if self.a_day - self.margin > self.bound else "unknown"

    def line(self, name: str, unit: str) -> str:
        """Return it as one line."""
        return f"{name:<10} {self.a_day:+.3f} ± {self.margin:.3f} {unit} a day: {self.verdict} (bound {self.bound:g})"


def slope(points: Sequence[tuple[float, float]], bound: float) -> Slope | None:
    """Return the slope of (day, value) by least squares; None: of fewer than three points nothing is certain."""
    if len(points) < 3:
        return None
    middle, level = fmean(day for day, _ in points), fmean(value for _, value in points)
    spread = sum((day - middle) ** 2 for day, _ in points)
    rise = sum((day - middle) * (value - level) for day, value in points) / spread
    left = sum((value - level - rise * (day - middle)) ** 2 for day, value in points)
    return Slope(rise, TWICE * sqrt(left / (len(points) - 2) / spread), bound)


@dataclass(frozen=True)
class Process:
    """What a process holds: MB resident, open files, threads."""

    resident: float
    files: int
    threads: int


def process(pid: int) -> Process:
    """Return what a live process holds."""
    home = Path(f"/proc/{pid}")
    return Process(
        usage(pid).resident, len(list(home.joinpath("fd").iterdir())), len(list(home.joinpath("task").iterdir()))
    )


def size(thing: object) -> int:
    """Return how many bytes a part of an object has as JSON."""
    return len(json.dumps(thing, separators=(",", ":")).encode())


def largest(parts: Iterable[object]) -> int:
    """Return the size of the largest."""
    return max(map(size, parts), default=0)


def series(page: str) -> list[str]:
    """Return a page of metrics' series, without their values."""
    return [line.rpartition(" ")[0] for line in page.splitlines() if line and not line.startswith("#")]


def forgotten(page: str, living: Iterable[str], gone: Iterable[str]) -> list[str]:
    """Return the series of pools that are gone."""
    names = set(gone) - set(living)
    return [one for one in series(page) if any(f'pool="{name}"' in one for name in names)]


def sizes_by_label(configmaps: Iterable[Mapping[str, Any]], label: str) -> list[int]:
    """Return the sizes of what the ConfigMaps that bear a label hold, as text or as bytes."""
    mine = [one for one in configmaps if label in (one["metadata"].get("labels") or {})]
    return [sum(len(part) for key in ("data", "binaryData") for part in (one.get(key) or {}).values()) for one in mine]
