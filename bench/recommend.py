"""What `poolkeeper recommend` proposes for measured traffic, read from a real Prometheus into which it was written.

Each trace becomes a counter with a sample a minute; the noise of 4.1 % a minute is that of the traces' own minutes,
which their ten-minute bins do not show. Today's pool is eight replicas around the clock, or two to eight by the queue.
A replica takes 240 s to start. Figures are printed, not judged.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from figures import save
from stage import leave_with, say

from controlplane.backfill import backfilled
from fleet import trace

POOLKEEPER = str(Path(sys.executable).with_name("poolkeeper"))
NOISE = 0.041
POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat}
spec: {targetRef: {name: chat}, minReplicas: %d, maxReplicas: 8}
"""
TODAY = {"8 around the clock": 8, "2 to 8 by the queue": 2}


@dataclass(frozen=True)
class Case:
    """A trace, when it began, and the zone that its people live in."""

    trace: str
    start: datetime
    zone: str


CASES = (
    Case("azure2024_conv_digitised", datetime(2024, 5, 12, tzinfo=UTC), "UTC"),
    # The day is not disclosed, the hour is: midnight in China.
    Case("servegen_m_small", datetime(2025, 3, 2, 16, tzinfo=UTC), "Asia/Shanghai"),
)


@dataclass(frozen=True)
class Row:
    """What came of one case."""

    trace: str
    today: str
    windows: list[str]
    because: str
    gpu_hours: dict[str, float]
    inside: dict[str, float]
    confidence: str
    seconds: float

    def __str__(self) -> str:
        """Return it for people."""
        lines = [f"{self.trace}, {self.today}: {', '.join(self.windows) or 'no windows'} ({self.seconds:.0f} s)"]
        lines += [
            f"  {name:<22} {hours:8.1f} GPU-hours a week  {100 * self.inside[name]:7.2f} % inside"
            for name, hours in self.gpu_hours.items()
        ]
        return "\n".join([*lines, f"  {self.because}", f"  {self.confidence}"])


def counted(found: trace.Trace, start: datetime) -> Iterator[tuple[float, float]]:
    """Yield a trace as a counter's samples, one a minute."""
    drawn, count = Random(1), 0.0  # noqa: S311  the same minutes in each run
    for number in range(int(found.duration // 60)):
        rate = found.bins[int(number * 60 // found.width)].requests / found.width
        count += max(0.0, 60 * rate * drawn.gauss(1, NOISE))
        yield start.timestamp() + 60 * (number + 1), count


def row(case: Case, days: int, url: str, today: str) -> Row:
    """Ask for one recommendation."""
    end = datetime.fromtimestamp(case.start.timestamp() + days * 86400, UTC)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(POOL % TODAY[today])
        file.flush()
        command = [POOLKEEPER, "recommend", "-f", file.name, "--prometheus", url, "-o", "json", "--days", str(days)]
        options = ["--at", end.isoformat(), "--timezone", case.zone, "--query", "sum(rate(requests_total[10m]))"]
        began = time.monotonic()
        done = subprocess.run([*command, *options], stdout=subprocess.PIPE, text=True, check=True)
    return shaped(case, today, json.loads(done.stdout), time.monotonic() - began)


def shaped(case: Case, today: str, found: dict[str, Any], seconds: float) -> Row:
    """Return what is told of a recommendation."""
    held = found["held_out"]
    outcomes = {name: found[name] for name in ("today", "proposed")}
    outcomes |= {f"held out, {name}": one for name, one in held.items() if name != "days"}
    return Row(
        case.trace,
        today,
        [f"{one['days']} {one['begin']}-{one['end']} at least {one['min_replicas']}" for one in found["windows"]],
        found["because"],
        {name: round(one["gpu_hours"], 1) for name, one in outcomes.items()},
        {name: round(one["inside"], 4) for name, one in outcomes.items()},
        found["confidence"]["words"],
        round(seconds, 1),
    )


def rows(case: Case) -> Iterator[Row]:
    """Yield what comes of a case, none where the trace is not on this machine."""
    path = trace.directory() / f"{case.trace}.csv.gz"
    if not path.exists():
        say(f"no {case.trace}: {path} is not there (POOLKEEPER_TRACES)")
        return
    found = trace.load(path)
    with backfilled("requests_total", counted(found, case.start)) as url:
        for today in TODAY:
            yield row(case, round(found.duration / 86400), url, today)


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    told = []
    for case in CASES:
        for one in rows(case):
            print(one)
            told.append(asdict(one))
    print(f"-> {save('bench-recommend', {'rows': told})}")
    return 0


if __name__ == "__main__":
    leave_with(main)
