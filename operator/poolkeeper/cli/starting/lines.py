"""Lines of YAML with their comments: beside them where there is room, else above."""

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import NamedTuple

WIDTH = 98
BESIDE = 34
"""Where a comment begins that stands beside a line, if that is no longer."""
NARROW = 40
"""So much room a comment needs to stand beside a line."""


class Line(NamedTuple):
    """A line of YAML, and why it is so; without a comment where it says nothing by itself."""

    text: str
    why: str = ""


def written(lines: Iterable[Line]) -> str:
    """Return lines as a file."""
    return "".join(f"{row}\n" for line in lines for row in rows(line))


def rows(line: Line) -> Iterator[str]:
    """Yield a line with its comment."""
    start = max(BESIDE, len(line.text) + 2)
    if not line.why:
        yield line.text
    elif start + len(line.why) + 2 <= WIDTH:
        yield f"{line.text:<{start}}# {line.why}"
    else:
        yield from above(line)


def above(line: Line) -> Iterator[str]:
    """Yield a line below its comment, which is as far in as the line."""
    indent = len(line.text) - len(line.text.lstrip())
    head = " " * indent + "# "
    yield from (head + part for part in wrap(line.why, max(NARROW, WIDTH - len(head)), break_on_hyphens=False))
    if line.text.strip():
        yield line.text
