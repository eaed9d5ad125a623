"""What a benchmark says: order statistics, one line of figures, and the file of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

OUT = Path(__file__).parents[1] / "out"


@dataclass(frozen=True)
class Figures:
    """Order statistics of latencies, in seconds."""

    n: int
    min: float
    median: float
    p95: float
    max: float

    def line(self, name: str, remark: str) -> str:
        """Return them as one line."""
        values = f"min {self.min:.2f}  median {self.median:.2f}  p95 {self.p95:.2f}  max {self.max:.2f} s"
        return f"{name:<11} n {self.n:<4} {values}   ({remark})"


def figures(latencies: Sequence[float]) -> Figures:
    """Return the order statistics of one or more latencies; percentiles are interpolated, as numpy does by default.

    Raises:
        ValueError: there are none.
    """
    if not latencies:
        raise ValueError("nothing was measured")
    p95 = quantiles(latencies, n=100, method="inclusive")[94] if len(latencies) > 1 else latencies[0]
    rounded = (round(value, 3) for value in (min(latencies), median(latencies), p95, max(latencies)))
    return Figures(len(latencies), *rounded)


def shaped(measured: Mapping[str, Figures]) -> dict[str, dict[str, float]]:
    """Return figures as their file holds them: by name, then n, min, median, p95, max."""
    return {name: asdict(one) for name, one in measured.items()}


def save(name: str, content: Mapping[str, object]) -> Path:
    """Write `out/NAME.json` and return where it is."""
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return path
