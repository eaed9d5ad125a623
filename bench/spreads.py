"""Order statistics of many values, none of them rounded up to a bucket's edge."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Spread:
    """Order statistics of seconds."""

    n: int
    p50: float
    p95: float
    p99: float
    max: float

    def line(self, name: str, aim: str = "") -> str:
        """Return them as one line, in milliseconds."""
        parts = [f"{key} {1000 * value:.1f}" for key, value in asdict(self).items() if key != "n"]
        return f"  {name:<9} n {self.n:<7} {'  '.join(parts)} ms{f'   (aim: {aim})' if aim else ''}"


def spread(values: Sequence[float]) -> Spread:
    """Return the order statistics of values, none of them rounded up to an edge.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("nothing was measured")
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else [values[0]] * 99
    return Spread(len(values), *(round(one, 5) for one in (cuts[49], cuts[94], cuts[98], max(values))))
