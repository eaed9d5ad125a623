"""Lines of YAML with their comments: beside them where there is room, else above."""

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import NamedTuple

WIDTH = 98
BESIDE = 34
"""Where a comment begins that stands beside a line, if that is no longer."""
NARROW = 40
"""So much room a comment needs to stand beside a line."""


NO_TEXT = re.compile(r"[\d.~+-].*|true|false|null|yes|no|on|off|y|n", re.IGNORECASE)
"""Names that some reader of YAML, 1.1 or 1.2, takes for a number, a date, a truth or nothing."""


class Line(NamedTuple):
    """A line of YAML, and why it is so; without a comment where it says nothing by itself."""

    text: str
    why: str = ""


def scalar(value: str | int) -> str:
    """Return a name or a number as YAML has it: a name in quotes where it would be read as anything else."""
    return f'"{value}"' if isinstance(value, str) and NO_TEXT.fullmatch(value) else str(value)


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
