"""What it costs to keep a promise: ours and every published algorithm, on measured traffic, beside the bound.

Each trace is scaled until its peak needs 8 replicas (servegen also 40); a pool may have from 1 to a quarter more than
that. A replica takes 60, 240 or 600 s to start; a request that waits for 2 s at most is inside. All run with their
defaults; who wants a figure of the engine is given the true one. `over` is replica-hours over those of the smallest
capacity that keeps up, minute by minute, the future known; `over+` beside the one that pays for its starts, too.
Figures are means over seeds, and the spread between them (least to most). The file has every row.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import ceil, fsum
from pathlib import Path

from figures import save
from stage import leave_with, say

from fleet.trace import directory
from poolkeeper.core.model import PoolSpec
from poolkeeper.simulate.peers import PEERS
from poolkeeper.simulate.study import FIGURES, OURS, Entrant, Pool, Row, Scene, lived, trials
from poolkeeper.simulate.trace import Trace, read_tokens, unpacked, with_clients

SPARE = 1.25
SLA = timedelta(seconds=2)
PRICE = {"on-demand": Decimal(3)}
STARTUPS = tuple(timedelta(seconds=seconds) for seconds in (60, 240, 600))
FINE, COARSE = timedelta(seconds=1), timedelta(seconds=5)
INSIDE, OVER = 0.995, 1.10
"""The aim where a start takes no more than 240 s."""
ON_SPOT = {"skyserve-spot", "skyserve-hedge"}
"""They buy on spot, which this pool has none of: bench/skyserve.py."""
HEADER = (
    f"{'policy':<20} {'inside':>9} {'spread':>17} {'over':>6} {'spread':>11} {'over+':>6}"
    f" {'p99 wait':>9} {'changes':>8}"
)


@dataclass(frozen=True)
class Scale:
    """A trace, and how many replicas its peak needs."""

    name: str
    peak: int


@dataclass(frozen=True)
class Field:
    """Everybody on one scale with one start-up time and one seed."""

    scale: Scale
    startup: timedelta
    seed: int


@dataclass(frozen=True)
class Place:
    """Everybody's rows on one scale with one start-up time, by seed."""

    scale: Scale
    startup: timedelta
    rows: tuple[tuple[Row, ...], ...]


SCALES = (
    Scale("azure2024_conv_digitised", 8),
    Scale("servegen_m_small", 8),
    Scale("servegen_m_small", 40),
    Scale("azure2023_conv", 8),
    Scale("azure2023_code", 8),
)


def load(name: str) -> Trace:
    """Return a trace, with what its clients say of bursts."""
    path = directory() / f"{name}.csv.gz"
    trace, clients = read_tokens(unpacked(path.read_bytes())), path.with_name(f"{name}_clients.csv.gz")
    return with_clients(trace, unpacked(clients.read_bytes())) if clients.exists() else trace


def play(field: Field) -> tuple[Row, ...]:
    """Return what becomes of everybody."""
    trace, peak = load(field.scale.name), field.scale.peak
    spec = PoolSpec(1, ceil(SPARE * peak))
    entrants = (Entrant(OURS, spec), *(Entrant(name) for name in PEERS if name not in ON_SPOT))
    pool = Pool(field.scale.name, spec, entrants, field.startup, SLA, PRICE)
    scene = Scene(step=FINE if trace.width < COARSE else COARSE, peak_replicas=peak)
    return tuple(lived(one, trace) for one in trials([pool], scene, [1.0], [field.seed]))


def fields(scales: Sequence[Scale], startups: Sequence[timedelta], seeds: int) -> list[Field]:
    """Return all there is to play; the short traces first, so that something is seen soon."""
    return [Field(scale, startup, 7 + seed) for scale in scales for startup in startups for seed in range(seeds)]


def lines(place: Place) -> Iterator[str]:
    """Yield a table, the cheapest of those with the most inside first, ours marked."""
    yield f"\n{place.scale.name}, {place.scale.peak} replicas at the peak, {place.startup.seconds} s to start"
    yield HEADER
    for rows in sorted(zip(*place.rows, strict=True), key=lambda rows: -mean(rows, "in_sla")):
        yield line(rows)


def line(rows: Sequence[Row]) -> str:
    """Return one policy's line."""
    inside, over = ([getattr(row, name) for row in rows] for name in ("in_sla", "cost_over_bound"))
    name = f"{rows[0].policy} <" if rows[0].policy == OURS else rows[0].policy
    kept = f"{mean(rows, 'in_sla'):>9.3%} {min(inside):>8.3%}-{max(inside):.3%}"
    spent = f"{mean(rows, 'cost_over_bound'):>6.3f} {min(over):>5.3f}-{max(over):.3f}"
    rest = f"{mean(rows, 'wait_p99'):>7.1f} s {mean(rows, 'changes'):>8.0f}"
    return f"{name:<20} {kept} {spent} {mean(rows, 'cost_over_bound_with_startup'):>6.3f} {rest}"


def mean(rows: Sequence[Row], figure: str) -> float:
    """Return the mean of a figure."""
    return fsum(float(getattr(row, figure)) for row in rows) / len(rows)


def verdict(place: Place) -> str:
    """Return how ours stands: against the aim, and against who is no worse and no dearer."""
    ours, *others = zip(*place.rows, strict=True)
    inside, over = mean(ours, "in_sla"), mean(ours, "cost_over_bound")
    ahead = [
        rows[0].policy
        for rows in others
        if mean(rows, "in_sla") >= inside and mean(rows, "replica_hours") <= mean(ours, "replica_hours")
    ]
    aim = "met" if inside >= INSIDE and over <= OVER else "missed"
    where = f"{place.scale.name} x{place.scale.peak} {place.startup.seconds} s"
    return f"{where}: {inside:.2%} at {over:.3f}; aim {aim}; as good and no dearer: {', '.join(ahead) or 'nobody'}"


def record(place: Place) -> list[dict[str, object]]:
    """Return a place's rows as the file has them."""
    told = {"trace": place.scale.name, "startup": place.startup.seconds, "peak_replicas": place.scale.peak}
    return [
        told | {"policy": row.policy, "seed": row.seed} | {name: plain(getattr(row, name)) for name in FIGURES}
        for rows in place.rows
        for row in rows
    ]


def plain(value: object) -> object:
    """Return a figure as JSON has it."""
    return float(value) if isinstance(value, Decimal) else value


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2, help="how many times each is drawn (2)")
    parser.add_argument("--only", default="", help="traces whose name has this in it")
    parser.add_argument("--startup", type=int, action="append", help="seconds; may be given several times")
    asked = parser.parse_args()
    scales = [one for one in SCALES if asked.only in one.name and Path(directory() / f"{one.name}.csv.gz").exists()]
    startups = [timedelta(seconds=each) for each in asked.startup or ()] or list(STARTUPS)
    if not scales:
        say("no trace is there to play (POOLKEEPER_TRACES)")
        return 1
    places: list[Place] = []
    with ProcessPoolExecutor(2) as pool:
        played = pool.map(play, fields(scales, startups, asked.seeds))
        for scale in scales:
            for startup in startups:
                places.append(Place(scale, startup, tuple(next(played) for _ in range(asked.seeds))))
                print(*lines(places[-1]), sep="\n", flush=True)
    print("", *map(verdict, places), sep="\n")
    rows = [row for place in places for row in record(place)]
    print(f"-> {save('bench-economics', {'rows': rows})}")
    return 0


if __name__ == "__main__":
    leave_with(main)
