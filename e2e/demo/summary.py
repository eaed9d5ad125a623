"""What is printed at the end: the chart, the figures, and each change with its reason."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from demo import chart, screen
from demo.objects import NAME
from demo.record import Change, Record, clock
from demo.scenario import MAXIMUM, SPEED, pool_words, scaled_words, workload_words

Json = dict[str, Any]


def summary(record: Record, told: Json) -> Group:
    """Everything; `told` is what `result.result` made of the record."""
    words = f"{workload_words(record.trace)}. {pool_words()} {scaled_words()}"
    return Group(
        Text(),
        Text(f"ipool/{NAME} over {clock(screen.END)} minutes of trace time", style="bold"),
        Text(words, style="dim"),
        Text(),
        *picture(record),
        Text(),
        figures(told),
        Text(),
        changes(record.changes),
        *reasons(record.changes),
    )


def picture(record: Record) -> list[Text]:
    """Replicas over time, the queue beneath."""
    shown = chart.columns(record.samples, screen.COLUMNS, screen.END)
    rows = chart.replicas(shown, MAXIMUM)
    labels = ["replicas", *chart.LEGEND.split("  "), *[""] * MAXIMUM]
    drawn = [screen.line(str(MAXIMUM - number), row, labels[number]) for number, row in enumerate(rows)]
    beside = ["queue", f"peak {chart.longest(shown):g}", ""]
    bars = chart.queue(shown, len(beside))
    drawn += [screen.line("", bar, said, "cyan") for bar, said in zip(bars, beside, strict=True)]
    return [*drawn, screen.line("", chart.axis(screen.COLUMNS), "minutes", "dim")]


def figures(told: Json) -> Table:
    """The figures, each with what it means."""
    hours, wait = told["gpuHours"], told["wait"]
    table = Table.grid(padding=(0, 2))
    for name, value, meaning in (
        (
            "inside the SLA",
            f"{told['insideSla']:.1%}",
            f"of {told['requests']:,} requests waited at most {told['sla']:g} s",
        ),
        ("p95 wait", f"{wait['p95']:.1f} s", f"p99 {wait['p99']:.1f} s, median {wait['p50']:.1f} s"),
        ("cut off", f"{told['cutOff']:,}", "requests lost with a pod that went"),
        (
            "GPU-hours",
            f"{hours['used']:.2f}",
            f"against {hours['atMaximum']:.2f} at {MAXIMUM} all the time: {hours['savedPercent']:.0f} % saved",
        ),
    ):
        table.add_row(Text(name, style="bold"), Text(value, justify="right"), meaning)
    return table


def changes(made: list[Change]) -> RenderableType:
    """Each change with its reason and the numbers behind it."""
    if not made:
        return Text("No change of size.")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("at", "replicas", "reason", "because of"):
        table.add_column(heading, header_style="dim", overflow="fold")
    for each in made:
        style = "green" if each.after > each.before else "magenta"
        table.add_row(clock(each.at), Text(f"{each.before} -> {each.after}", style=style), each.reason, each.figures)
    return table


def reasons(made: list[Change]) -> list[Text]:
    """What each reason means, once."""
    meant = {each.reason: each.sentence for each in made}
    return [Text(), *(Text.assemble((name, "bold"), f": {sentence}.") for name, sentence in meant.items())]


def where(path: str, took: float) -> Text:
    """The last line: how long all of it took, and where the same is kept."""
    return Text(f"\n{took:.0f} s in all at {SPEED} x. The same as data: {path}", style="dim")
