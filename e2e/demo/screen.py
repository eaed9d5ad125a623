"""The live view: 80 columns, 24 lines, always the same ones in the same places."""

from collections.abc import Iterable
from textwrap import wrap
from typing import Any

from rich.text import Text

from demo import chart
from demo.objects import NAME, NAMESPACE
from demo.record import Change, Record, clock
from demo.scenario import LENGTH, MAXIMUM, SLA, SPEED, rate, rate_words, source_words

END = LENGTH.total_seconds()
COLUMNS = int(END // 60)
WIDTH = 80
QUEUE_ROWS = 2
CHANGES = 3
STYLES = ((chart.READY, "green"), (chart.LOADING, "yellow"), (chart.LEAVING, "dim"))


def frame(record: Record) -> Text:
    """The whole picture."""
    lines = [*head(record), Text(), *plot(record), Text(), *words(record), Text(), *changes(record.changes)]
    return Text("\n", no_wrap=True, overflow="crop").join(lines)


def head(record: Record) -> list[Text]:
    """Which pool, what time it is there, and what is replayed."""
    title = Text.assemble((f"ipool/{NAME}", "bold"), f" in {NAMESPACE}")
    time = f"{clock(min(record.now, END))} of {clock(END)} trace time, {SPEED} x as fast"
    title.append(time.rjust(WIDTH - title.cell_len))
    played = Text(source_words(record.trace), style="dim")
    times = f"{rate_words()}, now x{rate(record.now):.1f}"
    return [title, played.append(times.rjust(WIDTH - played.cell_len))]


def plot(record: Record) -> list[Text]:
    """Replicas, the queue beneath, and the time axis, with today's figures at the right."""
    shown = chart.columns(record.samples, COLUMNS, END)
    rows = chart.replicas(shown, MAXIMUM)
    sizes = [*beside_replicas(record), *[""] * MAXIMUM][:MAXIMUM]
    drawn = [line(str(top), row, said) for top, row, said in zip(range(MAXIMUM, 0, -1), rows, sizes, strict=True)]
    peak = chart.longest(shown)
    waiting = (f"queue  {_number(record.samples[-1].queue)}" if record.samples else "queue", f"peak   {peak:g}")
    drawn += [line("", bar, said, "cyan") for bar, said in zip(chart.queue(shown, QUEUE_ROWS), waiting, strict=True)]
    return [*drawn, line("", chart.axis(COLUMNS), "minutes", "dim")]


def line(label: str, row: str, said: str, style: str = "") -> Text:
    """One line of the plot: what the row is, the row, and a figure beside it."""
    drawn = Text(row.ljust(COLUMNS), style=style)
    for character, colour in STYLES:
        drawn.highlight_regex(f"{character}+", colour)
    return Text.assemble((f"{label:>2} ", "dim"), drawn, "  ", said)


def beside_replicas(record: Record) -> Iterable[str]:
    """The sizes as they are now."""
    if not record.samples:
        return []
    now = record.samples[-1]
    loading, leaving = max(0, now.desired - now.ready), max(0, now.pods - max(now.desired, now.ready))
    return [
        f"{now.desired} of {MAXIMUM} replicas",
        f"{chart.READY} {now.ready} ready",
        f"{chart.LOADING} {loading} loading" if loading else "",
        f"{chart.LEAVING} {leaving} leaving" if leaving else "",
    ]


def words(record: Record) -> list[Text]:
    """The share inside the SLA, why the pool has its size, and what comes next."""
    return [
        *labelled("inside", inside(record), 1),
        *labelled("why", str(record.decision.get("because", "not looked at yet")), 2),
        *labelled("next", coming(record.decision), 2),
    ]


def labelled(label: str, said: str, height: int) -> list[Text]:
    """`height` lines behind a word for what they tell."""
    lines = [*wrap(said, WIDTH - 8), *[""] * height][:height]
    return [Text.assemble((f"{name:<8}", "bold"), line) for name, line in zip([label, ""], lines, strict=False)]


def inside(record: Record) -> str:
    """How many requests waited no longer than they should."""
    if record.report is None:
        return "no request has come yet"
    return (
        f"{record.report.share_inside:.1%} of {record.report.arrived:,} requests "
        f"waited at most {SLA.total_seconds():g} s"
    )


def coming(decision: dict[str, Any]) -> str:
    """What would change the size next, in trace time."""
    for prospect in decision.get("next", ()):
        return f"in {clock(max(0.0, prospect['in']) * SPEED)}: {prospect['words']}"
    return "nothing until the queue or the load changes"


def changes(made: list[Change]) -> list[Text]:
    """The newest changes, each with its reason; empty lines stand in for those to come."""
    newest = [change_line(each) for each in made[: -CHANGES - 1 : -1]]
    return [*newest, *[Text()] * (CHANGES - len(newest))]


def change_line(change: Change) -> Text:
    """One change in one line."""
    style = "green" if change.after > change.before else "magenta"
    return Text.assemble(
        (f"{clock(change.at)}   ", "dim"),
        (f"{change.before} -> {change.after}  ", style),
        (f"{change.reason}  ", "bold"),
        change.figures[: WIDTH - 32],
    )


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"
