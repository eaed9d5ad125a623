"""Request traces: how many requests came in each bin, and how many tokens they carried.

A file is `second,requests,prompt_tokens,output_tokens[,more]`, gzipped, one row a bin, every bin present; empty token
fields are unknown. The directory comes from `POOLKEEPER_TRACES`, else `../shared/traces` beside the repository.
"""

import csv
import gzip
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
TYPICAL_PROMPT = 1155
"""Mean prompt tokens of azure2023_conv, taken where a trace does not say."""
TYPICAL_OUTPUT = 211
"""Mean output tokens of azure2023_conv, taken where a trace does not say."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The requests that came in one bin, with their tokens in total."""

    requests: int
    prompt_tokens: int
    output_tokens: int

    def resized(self, requests: int) -> "Bin":
        """The same mix with another number of requests: each keeps the mean of its bin."""
        factor = requests / self.requests if self.requests else 0
        return Bin(requests, round(self.prompt_tokens * factor), round(self.output_tokens * factor))


@dataclass(frozen=True, slots=True)
class Trace:
    """Bins of equal `width` (seconds), the first from 0 on."""

    name: str
    width: float
    bins: tuple[Bin, ...]

    @property
    def duration(self) -> float:
        """Seconds from the start of the first bin to the end of the last."""
        return self.width * len(self.bins)

    @property
    def requests(self) -> int:
        """How many requests there are in all."""
        return sum(each.requests for each in self.bins)

    def scaled(self, rate: float) -> "Trace":
        """`rate` times as many requests of the same sizes; fractions are carried from bin to bin, so none get lost."""
        counts = whole(each.requests * rate for each in self.bins)
        return replace(self, bins=tuple(each.resized(count) for each, count in zip(self.bins, counts, strict=True)))

    def window(self, start: float, length: float) -> "Trace":
        """The bins from `start` on for `length` seconds, moved to 0."""
        first = int(start // self.width)
        return replace(self, bins=self.bins[first : first + max(1, round(length / self.width))])


def whole(amounts: Iterable[float]) -> Iterator[int]:
    """Whole numbers whose running sum stays within one of the running sum of `amounts`."""
    total, given = 0.0, 0
    for amount in amounts:
        total += amount
        step = int(total + 1e-9) - given
        given += step
        yield step


def directory() -> Path:
    """Where traces are kept on this machine; it need not exist."""
    named = os.environ.get("POOLKEEPER_TRACES")
    return Path(named) if named else REPOSITORY.parent / "shared" / "traces"


def load(path: Path) -> Trace:
    """The trace in the gzipped CSV file `path`.

    Raises:
        OSError: The file cannot be read.
        ValueError: It has fewer than two rows, or a row that is not of the format.
    """
    with gzip.open(path, "rt", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if len(rows) < 2:
        raise ValueError(f"{path}: a trace needs at least two rows to tell its bin width")
    width = float(rows[1]["second"]) - float(rows[0]["second"])
    return Trace(path.name.removesuffix(".csv.gz"), width, tuple(_bin(row) for row in rows))


def _bin(row: dict[str, str]) -> Bin:
    requests = int(row["requests"])
    return Bin(
        requests,
        int(row["prompt_tokens"] or requests * TYPICAL_PROMPT),
        int(row["output_tokens"] or requests * TYPICAL_OUTPUT),
    )
