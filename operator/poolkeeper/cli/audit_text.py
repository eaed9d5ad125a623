"""An audit on a terminal: one line a workload, what is to be said of it below, and what all of it comes to.

    WORKLOAD                SIZE  GPUS     BUSY  LAST REQUEST     MONTH           SAVES
    search/embed               4     4      0 %  none in 14 days  8,760  6,570 to 8,760
      Deployment of search by Helm on on-demand L4; forgotten: no request in 14 days; no autoscaler
      its pool: 1 to 4, in pools/search-embed.yaml
      saving: a pool keeps one replica, deleting it saves all

What does not fit is folded; a word is never cut.
"""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from poolkeeper.cli.audit_finding import (
    Audit,
    Finding,
    between,
    facts,
    few,
    last_request,
    pending,
    summary,
    whole,
)
from poolkeeper.cli.counted import counted
from poolkeeper.simulate.use import State, percent

HEADINGS = ("WORKLOAD", "SIZE", "GPUS", "BUSY", "LAST REQUEST", "MONTH", "SAVES")
WORDS = {0, 4}
"""Columns of words: they stand on the left."""
GAP = 2
LEAST = 16
"""How narrow the first column may get before others are left out."""
STYLES = {State.FORGOTTEN: "red", State.IDLE: "yellow", State.QUIET: "yellow"}
GROUPS = "LeaderWorkerSet"
"""A replica of it is several pods."""
SHOWN = 5
"""So many waiting pods are named."""


def show(console: Console, about: Audit, top: int, proposals: dict[str, str]) -> None:
    """Print an audit; `proposals` say which pool each workload would get, by its UID."""
    for line in lines(about, top, console.width, proposals):
        console.print(line, soft_wrap=True)


def lines(about: Audit, top: int, width: int, proposals: dict[str, str]) -> Iterator[Text]:
    """Yield the lines, none wider than the screen unless a single word is."""
    for sentence in summary(about):
        yield from (Text(part) for part in folded(sentence, width))
    shown = about.findings[:top]
    if shown:
        yield Text()
        yield from table(about, shown, width, proposals)
    if len(about.findings) > top:
        yield Text(
            f"and {counted(len(about.findings) - top, 'workload')} more: --top {len(about.findings)}, or -o json"
        )
    yield from below(about, width)


def table(about: Audit, shown: Sequence[Finding], width: int, proposals: dict[str, str]) -> Iterator[Text]:
    """Yield the table."""
    rows = [cells(one, about) for one in shown]
    widths = fitting(rows, width)
    yield Text(line(HEADINGS, widths), style="dim")
    for one, row in zip(shown, rows, strict=True):
        name = row[0]
        if cell_len(name) > widths[0]:
            yield Text(name, style=STYLES.get(one.use.state, ""))
            name = ""
        yield Text(line((name, *row[1:]), widths), style=STYLES.get(one.use.state, ""))
        for part in told(one, proposals):
            yield from (Text(f"  {words}", style="dim") for words in folded(part, width - 2))


def told(one: Finding, proposals: dict[str, str]) -> Iterator[str]:
    """Yield what stands below a workload."""
    yield "; ".join(facts(one))
    if one.holding.top.uid in proposals:
        yield proposals[one.holding.top.uid]
    if one.use.saving:
        yield f"saving: {one.use.saving.method}"


def cells(one: Finding, about: Audit) -> tuple[str, ...]:
    """Return a workload's row."""
    ready, asked = one.ready, one.holding.replicas
    found, month = one.saves, one.cost.month
    return (
        one.holding.shown,
        str(asked) if ready == asked or one.holding.top.kind == GROUPS else f"{ready}/{asked}",
        few(one.cost.gpus),
        "unknown" if one.busy is None else percent(one.busy),
        last_request(one, about.at),
        "unknown" if month is None else whole(month) + ("?" if one.cost.assumed else ""),
        "unknown" if found is None else between(found),
    )


def fitting(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Return how wide each column is; the names get what is left, and stand on a line of their own where it is less."""
    widths = [max(cell_len(cell) for cell in column) for column in zip(HEADINGS, *rows, strict=True)]
    rest = sum(widths[1:]) + GAP * (len(widths) - 1)
    widths[0] = max(min(widths[0], width - rest), 0)
    return widths


def line(row: Sequence[str], widths: Sequence[int]) -> str:
    """Return a row in columns."""
    made = [
        cell + " " * (size - cell_len(cell)) if place in WORDS else " " * (size - cell_len(cell)) + cell
        for place, (cell, size) in enumerate(zip(row, widths, strict=True))
    ]
    return (" " * GAP).join(made).rstrip()


def folded(words: str, width: int) -> list[str]:
    """Return words in lines of this width."""
    return wrap(words, max(width, LEAST), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def below(about: Audit, width: int) -> Iterator[Text]:
    """Yield which pods wait, how it was looked, and what could not be read."""
    yield Text()
    waiting = pending(about.findings)
    for name, why in waiting[:SHOWN]:
        yield from (Text(part) for part in folded(f"waits for a node: {name}: {why}", width))
    if len(waiting) > SHOWN:
        yield Text(f"and {counted(len(waiting) - SHOWN, 'pod')} more wait")
    for words in (about.looked, *about.notes):
        yield from (Text(part, style="dim") for part in folded(words, width))
    for words in about.skipped:
        yield from (Text(part, style="yellow") for part in folded(f"not read: {words}", width))
