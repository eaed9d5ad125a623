"""`poolkeeper run` with every lateness and every decision's time written down: its metrics hold buckets only.

    python measured.py FILE run ARGUMENTS

Once a second a line of JSON goes to FILE, from a thread of its own: what was measured since the last one, in seconds,
which looks were made, how many pools have been decided, and by how much intervals are stretched.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from poolkeeper.cli.main import app
from poolkeeper.shell import telemetry

EVERY = 1.0


class Series:
    """A histogram's stand-in that keeps every value until it is taken."""

    def __init__(self, histogram: Any) -> None:  # noqa: ANN401  prometheus_client's, with all that it can do
        self._histogram = histogram
        self._values: list[float] = []

    def observe(self, value: float) -> None:
        """Keep a value, and count it where it belongs."""
        self._values.append(value)
        self._histogram.observe(value)

    @contextmanager
    def time(self) -> Iterator[None]:
        """Keep how long something takes."""
        began = time.perf_counter()
        yield
        self.observe(time.perf_counter() - began)

    def take(self) -> list[float]:
        """Return what was kept, and forget it."""
        taken, self._values = self._values, []
        return taken


class Measured(telemetry.Telemetry):
    """The metrics, and a file of what they are made of."""

    path = Path()

    def __init__(self) -> None:
        super().__init__()
        self.late, self.decisions, self.delays = (
            Series(one) for one in (self.lag_seconds, self.decision_seconds, self.own.event_loop_delay)
        )
        self.lag_seconds, self.decision_seconds = self.late, self.decisions  # type: ignore[assignment]
        self.own.event_loop_delay = self.delays  # type: ignore[assignment]
        self.looked: dict[telemetry.Key, float] = {}
        self.apart: list[float] = []
        threading.Thread(target=self._write, daemon=True).start()

    def decided(self, key: telemetry.Key, *decision: Any) -> None:  # noqa: ANN401  handed on
        """Note when a pool was decided, and how long after the last time."""
        now = time.monotonic()
        if key in self.looked:
            self.apart.append(now - self.looked[key])
        self.looked[key] = now
        super().decided(key, *decision)

    def _write(self) -> None:
        with self.path.open("a", encoding="utf-8") as lines:
            while True:
                time.sleep(EVERY)
                lines.write(json.dumps(self._taken()) + "\n")
                lines.flush()

    def _taken(self) -> dict[str, Any]:
        apart, self.apart = self.apart, []
        return {
            "at": time.monotonic(),
            "late": self.late.take(),
            "decision": self.decisions.take(),
            "delay": self.delays.take(),
            "apart": apart,
            "pools": len(self.looked),
            "stretch": self.stretch._value.get(),  # noqa: SLF001  no public way
        }


def measured(path: Path) -> Callable[[], telemetry.Telemetry]:
    """Return what makes metrics that write into a file."""
    Measured.path = path
    return Measured


def main() -> None:
    """Run it."""
    from poolkeeper.shell import app as operator  # noqa: PLC0415  it takes its metrics by name

    vars(operator)["Telemetry"] = measured(Path(sys.argv.pop(1)))
    app()


if __name__ == "__main__":
    main()
