"""The learned floor on against off: requests inside the SLA, and GPU-hours, of one pool in the core's simple world.

Two weeks that were measured and two that are made: office hours that begin within a minute, a nightly batch, quiet
weekends, one viral day and one holiday. Nothing is known ahead: the floor learns as it goes, from the first day on. A
replica of one GPU takes 240 s to start; eight of them carry the busiest ten minutes; all else is the defaults. The
noise of 4.1 % a minute is that of the traces' own minutes. `ratio` is GPU-hours over the smallest capacity that keeps
up, known ahead, minute by minute. Figures are printed, not judged.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from random import Random

from figures import save
from stage import leave_with, say

from fleet import trace
from poolkeeper.core.fluid import Machine, account, moments
from poolkeeper.core.model import Forecast, PoolSpec
from poolkeeper.core.week import HOUR

Rates = list[tuple[datetime, float]]

MINUTE = timedelta(minutes=1)
BIN = timedelta(minutes=10)
NOISE = 0.041
AT_PEAK = 8
POOL = PoolSpec(min_replicas=1, max_replicas=10)
FLOORS = {"off": POOL, "on": replace(POOL, forecast=Forecast())}
SLA, STARTUP, STEP = timedelta(seconds=2), timedelta(seconds=240), timedelta(seconds=15)
SLOTS = 64
STARTS = {
    "azure2024_conv_digitised": datetime(2024, 5, 12, tzinfo=UTC),
    "servegen_m_small": datetime(2025, 3, 3, tzinfo=UTC),  # the day is not disclosed
}
MADE = "made_office"
HEADER = f"{'trace':<26} {'floor':<5} {'inside':>9} {'late':>9} {'GPU-hours':>10} {'ratio':>6} {'changes':>8}"


@dataclass(frozen=True)
class Row:
    """What came of one stretch of traffic, `floor` on or off."""

    trace: str
    floor: str
    inside_percent: float
    late_inside_percent: float
    gpu_hours: float
    ratio: float
    changes: int

    def line(self) -> str:
        """Return it as a line of the table."""
        name = f"{self.trace:<26} {self.floor:<5} {self.inside_percent:>8.3f}% {self.late_inside_percent:>8.3f}%"
        return f"{name} {self.gpu_hours:>10.1f} {self.ratio:>6.3f} {self.changes:>8}"


def measured(found: trace.Trace, start: datetime) -> Rates:
    """Return a trace's requests a second, bin by bin, and the instant at which it ends."""
    width = timedelta(seconds=found.width)
    rates = [(start + number * width, one.requests / found.width) for number, one in enumerate(found.bins)]
    return [*rates, (start + len(rates) * width, 0.0)]


def made(days: int = 14) -> Rates:
    """Return two weeks of office hours: the ninth day is a holiday, the eleventh goes viral."""
    drawn, start, rates = Random(3), datetime(2026, 3, 2, tzinfo=UTC), []  # noqa: S311  the same weeks in each run
    for day in range(days):
        level = {8: 0.25, 10: 2.2}.get(day, 1.0) * drawn.gauss(1, 0.08)
        for number in range(timedelta(days=1) // BIN):
            rate = level * shape(day % 7 < 5, number * BIN / HOUR) * drawn.gauss(1, 0.05)
            rates.append((start + timedelta(days=day) + number * BIN, max(0.0, rate)))
    return [*rates, (start + timedelta(days=days), 0.0)]


def shape(is_workday: bool, hour: float) -> float:  # noqa: FBT001  what the day is
    """Return the requests a second that an hour of the day has."""
    office = 60 if 8 <= hour < 18 else 12 if 18 <= hour < 23 else 0
    lunch, batch = 15 * (12 <= hour < 13), 35 * (2 <= hour < 2.5)
    return 4 + batch + (office - lunch if is_workday else 0.15 * office)


def by_minute(rates: Rates) -> Iterator[tuple[datetime, float]]:
    """Yield the same traffic minute by minute, with the noise of minutes."""
    drawn = Random(1)  # noqa: S311  the same minutes in each run
    for (start, rate), (end, _) in pairwise(rates):
        for number in range((end - start) // MINUTE):
            yield start + number * MINUTE, max(0.0, rate * drawn.gauss(1, NOISE))
    yield rates[-1]


def least(traffic: Rates, per_replica: float) -> float:
    """Return the replica-hours of the smallest capacity that keeps up."""
    return sum(max(1, ceil(rate / per_replica)) * ((end - at) / HOUR) for (at, rate), (end, _) in pairwise(traffic))


def play(name: str, rates: Rates, floor: str) -> Row:
    """Return what a pool makes of traffic."""
    machine = Machine(max(rate for _, rate in rates) / AT_PEAK, SLOTS, STARTUP)
    traffic = list(by_minute(rates))
    played = list(moments(FLOORS[floor], traffic, machine, STEP))
    run, late = (account(part, machine, SLA) for part in (played, played[len(played) // 2 :]))
    return Row(
        trace=name,
        floor=floor,
        inside_percent=round(100 * run.share, 3),
        late_inside_percent=round(100 * late.share, 3),
        gpu_hours=round(run.replica_hours, 1),
        ratio=round(run.replica_hours / least(traffic, machine.rate), 3),
        changes=run.changes,
    )


def stretches() -> Iterator[tuple[str, Rates]]:
    """Yield the traffic to play: the traces that are on this machine, and the one that is made."""
    for name, start in STARTS.items():
        path = trace.directory() / f"{name}.csv.gz"
        if path.exists():
            yield name, measured(trace.load(path), start)
        else:
            say(f"not played: {path} is not there (POOLKEEPER_TRACES)")
    yield MADE, made()


def tell(rows: Sequence[Row]) -> None:
    """Print the figures and write them down."""
    print("", HEADER, *(row.line() for row in rows), sep="\n")
    print(f"-> {save('bench-forecast', {'rows': [asdict(row) for row in rows]})}")


def main() -> int:
    """Run the benchmark."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    rows: list[Row] = []
    with ProcessPoolExecutor(2) as pool:
        asked = [(name, rates, floor) for name, rates in stretches() for floor in FLOORS]
        for row in pool.map(play, *zip(*asked, strict=True)):
            say(f"{row.trace}, floor {row.floor}: {row.inside_percent:.3f} % inside, {row.gpu_hours:.1f} GPU-hours")
            rows.append(row)
    tell(rows)
    return 0


if __name__ == "__main__":
    leave_with(main)
