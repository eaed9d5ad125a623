"""The live view's lower pane: all of one pool, whatever the table has room for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from textwrap import wrap
from typing import Any

from rich.text import Text

from poolkeeper.cli.status_rows import saves
from poolkeeper.cli.watch_queue import Sample, key, line
from poolkeeper.cli.watch_rows import age, events, held_by, short
from poolkeeper.cli.watch_table import Seen

Json = dict[str, Any]

LABEL = 9
LONGEST = timedelta(minutes=10)
TROUBLED = "yellow"


def detail(row: Json, seen: Seen, width: int) -> Text:
    """Return what is known of a pool, a line a subject, each wrapped beside its label."""
    lines = [Text(f"{row['namespace']}/{row['name']}, {row['mode']}, {age(row, seen.now)} old", style="bold")]
    for label, words in subjects(row, seen, width - LABEL):
        first, *more = wrap(words, max(1, width - LABEL)) or [""]
        style = TROUBLED if label == "note" else ""
        lines += [
            Text(f"{label:{LABEL}}{first}", style=style),
            *(Text(" " * LABEL + line, style=style) for line in more),
        ]
    return Text("\n").join(lines)


def subjects(row: Json, seen: Seen, width: int) -> Iterator[tuple[str, str]]:
    """Yield what there is to say of a pool, each with its label."""
    yield "why", f"{row['reason'] or 'not looked at yet'}: {row['because'] or ''}".removesuffix(": ")
    yield from (("note", words) for words in row["troubles"])
    yield "size", sizes(row)
    yield "queue", history(list(seen.trails.get(key(row), ())), seen.now, width)
    if row["slo"]:
        yield "slo", f"{row['slo']} of requests inside"
    if row["cost"]:
        yield "cost", money(row["cost"])
    if (less := saves(row["observe"])) is not None:
        yield "observe", f"our sizes would save {less}"
    if held := held_by(row):
        yield "held", held
    if row["window"]:
        yield "window", row["window"]
    yield from (("next", words) for words in ahead(row, seen.now))


def sizes(row: Json) -> str:
    """Return the size, its bounds, and each tier's part."""
    desired, ready = ("unknown" if one is None else one for one in (row["desired"], row["ready"]))
    parts = [f"{one['name']} {one['ready']} of {one['desired']}" for one in row["tiers"]]
    split = f" ({', '.join(parts)})" if len(parts) > 1 else ""
    return f"{ready} ready of {desired}{split}; {row['min']} to {row['max']} allowed"


def history(trail: list[Sample], now: datetime, width: int) -> str:
    """Return the queue since the view was opened, at most the last minutes, as wide as there is room."""
    present = "unknown" if not trail or trail[-1].queue is None else f"{trail[-1].queue:g} waiting"
    since = min(LONGEST, now - trail[0].at) if trail else timedelta(0)
    top = max((one.queue for one in trail if one.queue is not None and now - one.at <= LONGEST), default=0.0)
    words = f"{present}; at most {top:g} in {short(since)}"
    cells = max(0, min(60, width - len(words) - 1))
    return f"{line(trail, now, cells, LONGEST / 60)} {words}".lstrip()


def money(cost: Json) -> str:
    """Return what an hour and the month cost, and how the budget stands."""
    currency = cost["currency"]
    said = [f"{cost['perHour']} {currency} an hour" if "perHour" in cost else "the price of an hour is not known"]
    said += [f"{cost['monthToDate']} this month"] if "monthToDate" in cost else []
    said += [f"{cost['forecastMonthEnd']} expected by its end"] if "forecastMonthEnd" in cost else []
    budget = cost.get("budget")
    said += (
        [f"budget {budget['monthly']}, {budget['usedPercent']} % used"] if budget and "usedPercent" in budget else []
    )
    return ", ".join(said)


def ahead(row: Json, now: datetime) -> Iterator[str]:
    """Yield all that is known to come, the soonest first."""
    for at, words in sorted(events(row)):
        if at > now:
            yield f"in {short(at - now)}: {words}"
