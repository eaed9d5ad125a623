"""Pages that a command writes: figures are played, saved in out/, and told in words that follow from them alone.

The figures stand at the end of the page, in a comment, with the inputs that they were played on. So a test can tell
whether a page is what the command writes for them, and whether the inputs are still the same.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from itertools import chain
from pathlib import Path
from textwrap import fill
from typing import Any

from figures import save
from stage import say

from fleet import trace as fleet_traces
from poolkeeper.cli.simulate_traffic import of_file
from poolkeeper.simulate.trace import UNTOLD, Trace

DOCS = Path(__file__).parents[1] / "docs"
KEPT = re.compile(r"^<!-- figures: (.*) -->$", re.MULTILINE)
POINT = re.compile(r"(- |\d+\. )")
WIDE = 130
SEED = 7
STEP = 10
"""Seconds: half the work of the 5 that `poolkeeper simulate` takes; bursts shorter than a step are evened out."""
HOURS_A_MONTH = Decimal(730)
"""8,760 hours a year over twelve months."""
Json = dict[str, Any]


@dataclass(frozen=True)
class Page:
    """What one command plays and writes: `play` yields figures by name, `tell` makes the page of them and inputs."""

    name: str
    file: Path
    inputs: Callable[[], Json]
    play: Callable[[], Iterable[tuple[str, Any]]]
    tell: Callable[[Json], str]

    def played(self) -> Json:
        """Return the figures, and what they were played on."""
        found: Json = {"inputs": self.inputs()}
        for name, figures in self.play():
            say(f"{name}: {json.dumps(figures)}")
            found[name] = figures
        return found

    def written(self, figures: Json) -> str:
        """Return the whole page of figures."""
        return f"{wrapped(self.tell(figures).strip())}\n\n<!-- figures: {json.dumps(figures)} -->\n"

    def kept(self) -> Json:
        """Return the figures that the page holds.

        Raises:
            ValueError: it holds none.
        """
        found = KEPT.search(self.file.read_text(encoding="utf-8"))
        if found is None:
            raise ValueError(f"{self.file} holds no figures")
        kept: Json = json.loads(found[1])
        return kept

    def main(self, words: str | None) -> int:
        """Run the command."""
        parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--write", action="store_true", help=f"write docs/{self.file.relative_to(DOCS)}")
        parser.add_argument("--again", action="store_true", help="tell the figures that the page holds, play nothing")
        given = parser.parse_args()
        figures = self.kept() if given.again else self.played()
        page = self.written(figures)
        print(KEPT.sub("", page))
        if given.write:
            self.file.parent.mkdir(exist_ok=True)
            self.file.write_text(page, encoding="utf-8")
        if not given.again:
            print(f"-> {save(self.name, figures)}")
        return 0


def file_of(name: str) -> Path:
    """Return where a trace would be on this machine."""
    return fleet_traces.directory() / f"{name}.csv.gz"


def trace_of(name: str) -> Trace:
    """Return a trace by its name.

    Raises:
        poolkeeper.simulate.trace.TraceError: it is not on this machine, or cannot be read.
    """
    return of_file(file_of(name), UNTOLD)


def digests(*names: str) -> dict[str, str | None]:
    """Return the first 16 digits of the SHA-256 of traces; None for one that is not on this machine."""
    files = {name: file_of(name) for name in names}
    return {name: sha256(file.read_bytes()).hexdigest()[:16] if file.exists() else None for name, file in files.items()}


def wrapped(page: str) -> str:
    """Return a page whose long lines of text are broken; tables and drawings stay as they are."""
    return "\n".join(line if line.startswith(("|", "<", "#")) else broken(line) for line in page.split("\n"))


def broken(line: str) -> str:
    """Return a line in several, indented under the text where it is a point of a list."""
    mark = POINT.match(line)
    indent = " " * len(mark[0]) if mark else ""
    return fill(line, WIDE, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown."""
    lines = chain([header, ["---"] * len(header)], rows)
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def paragraphs(*parts: str) -> str:
    """Return parts with an empty line between them."""
    return "\n\n".join(parts)


def dollars(amount: Decimal | float) -> str:
    """Return an amount in whole dollars.

    >>> dollars(Decimal("8433.3"))
    '$ 8,433'
    """
    return f"$ {amount:,.0f}"


def percent(share: float) -> str:
    """Return a share from 0 to 1 in percent."""
    return f"{100 * share:.2f}"


def monthly(gpus: float | Decimal, price: Decimal) -> Decimal:
    """Return what a mean number of GPUs costs a month, at a price for one and an hour."""
    return Decimal(gpus) * HOURS_A_MONTH * price


def price_of(amount: Decimal, gpus: float | Decimal) -> Decimal:
    """Return the price for a GPU and an hour at which so many cost so much a month."""
    return amount / (Decimal(gpus) * HOURS_A_MONTH)


def numbered(steps: Iterable[str]) -> str:
    """Return the steps of a reckoning."""
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, start=1))
