"""What is measured through a soak, and whether it stays: each figure's slope, with its interval.

a day     what grows with time: statuses and series, and all memory, as far as it is of what days leave behind
a look    memory: a soak of 3,500 looks a day tries little of what a million a day in life may leave behind
a run     what is to stay as it is: files, threads and tasks may not be more at the end
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from usage import usage

TWICE = 2.0
"""Standard errors to each side: about 95 in 100."""


@dataclass(frozen=True)
class Slope:
    """Change a day, a look or a run, and by how much that is uncertain to each side; `bound`: what counts as flat.

    Flat is what surely does not grow by more; what may grow by more or not is told as unknown.
    """

    rise: float
    margin: float
    bound: float

    @property
    def verdict(self) -> str:
        """What it comes to, in a word: shrinking is no leak."""
        if self.rise + self.margin <= self.bound:
            return "flat"
        return "grows" if self.rise - self.margin > self.bound else "unknown"

    def line(self, name: str, unit: str) -> str:
        """Return it as one line; the unit says of what time, as in `MB a day`."""
        return f"{name:<10} {self.rise:+.3f} ± {self.margin:.3f} {unit}: {self.verdict} (bound {self.bound:g})"


def slope(points: Sequence[tuple[float, float]], bound: float) -> Slope | None:
    """Return the slope of (time, value) by least squares; None: of fewer than three times nothing is certain."""
    if len({at for at, _ in points}) < 3:
        return None
    middle, level = fmean(at for at, _ in points), fmean(value for _, value in points)
    spread = sum((at - middle) ** 2 for at, _ in points)
    rise = sum((at - middle) * (value - level) for at, value in points) / spread
    left = sum((value - level - rise * (at - middle)) ** 2 for at, value in points)
    return Slope(rise, TWICE * sqrt(left / (len(points) - 2) / spread), bound)


class Growth(NamedTuple):
    """What of a measurement is not to grow, by what, and the bound up to which that counts as flat.

    `per` is day, look or run: all of the time of which the slope is. `scale` makes the unit out of the figure's own.
    """

    figure: str
    unit: str
    per: str
    bound: float
    scale: float = 1.0

    @property
    def name(self) -> str:
        """What it is called among the slopes."""
        return f"{self.figure} a {self.per}"

    def slope(self, measured: Sequence[Mapping[str, Any]]) -> Slope | None:
        """Return the slope over measurements that are in order; None: they are too few."""
        axis = [one["looks" if self.per == "look" else "day"] for one in measured]
        run = axis[-1] - axis[0] if self.per == "run" and measured else 1
        points = zip(axis, measured, strict=True)
        return slope([(at / run, one[self.figure] * self.scale) for at, one in points], self.bound) if run else None


GROWTHS = (
    Growth("resident", "MB", "day", 1.0),
    Growth("resident", "bytes", "look", 4.0, 2**20),
    Growth("blocks", "blocks", "look", 0.1),
    Growth("files", "files", "run", 2.0),
    Growth("threads", "threads", "run", 0.5),
    Growth("tasks", "tasks", "run", 2.0),
    Growth("status", "bytes", "day", 100.0),
    Growth("series", "series", "day", 5.0),
)
"""What is to be flat. A block of Python's memory has some 60 bytes; the status is the largest, series are of a page."""


@dataclass(frozen=True)
class Process:
    """What a process holds: MB resident, threads."""

    resident: float
    threads: int


def process(pid: int) -> Process:
    """Return what a live process holds."""
    home = Path(f"/proc/{pid}")
    return Process(usage(pid).resident, len(list(home.joinpath("task").iterdir())))


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
