"""Which pools the live view shows, in which order, and what it says of each: pure functions of the rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from poolkeeper.api.units import parse_instant
from poolkeeper.cli.status_rows import holds

Json = dict[str, Any]

ORDERS: dict[str, Callable[[Json], Any]] = {
    "name": lambda _: (),
    "queue": lambda row: -(row["queue"] or 0),
    "cost": lambda row: -float((row["cost"] or {}).get("perHour") or 0),
    "trouble": lambda row: -len(row["troubles"]),
    "age": lambda row: row["createdAt"] or "",
}
"""What pools may be sorted by; pools that are equal in it go by their names."""
CALM = {"AsExpected", "Steady", "AtMinimum", "Grace", "Cooldown", "ObserveOnly"}
"""Reasons that are no news."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pools to show: those of a namespace (all where it is empty) with this text in what is said of them."""

    namespace: str = ""
    text: str = ""
    order: str = "name"

    def sorted_next(self) -> "Choice":
        """Return the same with the next order."""
        return replace(self, order=following(self.order, list(ORDERS)))

    def next_namespace(self, rows: Sequence[Json]) -> "Choice":
        """Return the same for the next namespace, all of them after the last."""
        return replace(self, namespace=following(self.namespace, ["", *sorted({row["namespace"] for row in rows})]))

    def with_text(self, text: str) -> "Choice":
        """Return the same for another text."""
        return replace(self, text=text)

    @property
    def words(self) -> str:
        """What is chosen, for the title."""
        told = [f"namespace {self.namespace}"] if self.namespace else []
        told += [f"with “{self.text}”"] if self.text else []
        return ", ".join([*told, f"by {self.order}"])


def following(one: str, all_of: Sequence[str]) -> str:
    """Return what comes after one of several, the first after the last and where it is none of them."""
    return all_of[(all_of.index(one) + 1) % len(all_of)] if one in all_of else all_of[0]


def chosen(rows: Sequence[Json], choice: Choice) -> list[Json]:
    """Return the rows to show, in their order."""
    inside = [row for row in rows if choice.namespace in {"", row["namespace"]} and matches(row, choice.text)]
    return sorted(inside, key=lambda row: (ORDERS[choice.order](row), row["namespace"], row["name"]))


def matches(row: Json, text: str) -> bool:
    """Return whether each word of a text is in a row's name, mode, reason, window or troubles, in any case."""
    said = " ".join(
        [f"{row['namespace']}/{row['name']}", row["mode"], row["reason"] or "", row["window"] or "", *row["troubles"]]
    ).lower()
    return all(word in said for word in text.lower().split())


def upcoming(row: Json, now: datetime) -> str:
    """Return the next thing that is known to come, and in how long; empty where nothing is."""
    found = min(((at, words) for at, words in events(row) if at > now), default=None)
    return f"{short(found[0] - now)}: {found[1]}" if found else ""


def events(row: Json) -> Iterator[tuple[datetime, str]]:
    """Yield what is known to come: changes of the size, windows, and the end of what somebody asked for."""
    if row["next"]:
        yield parse_instant(row["next"]["at"]), row["next"]["words"]
    if row["turn"]:
        yield parse_instant(row["turn"]["at"]), f"window {row['turn']['window']} {row['turn'].get('edge', 'turn')}s"
    if row["override"] and "until" in row["override"]:
        yield parse_instant(row["override"]["until"]), "override ends"
    if row["pin"] and row["pin"]["counts"]:
        yield parse_instant(row["pin"]["until"]), "pin ends"


def age(row: Json, now: datetime) -> str:
    """Return how old a pool is, as kubectl has it."""
    return short(now - parse_instant(row["createdAt"])) if row["createdAt"] else ""


def short(duration: timedelta) -> str:
    """Return a duration in its two largest units at most.

    >>> short(timedelta(days=3, hours=4)), short(timedelta(hours=5, minutes=7)), short(timedelta(seconds=95))
    ('3d4h', '5h7m', '1m35s')
    >>> short(timedelta(days=200)), short(timedelta(0))
    ('200d', '0s')
    """
    seconds = max(0, int(duration.total_seconds()))
    sizes = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    for (unit, size), (smaller, less) in pairwise(sizes):
        if seconds >= size:
            rest = seconds % size // less
            return f"{seconds // size}{unit}" + (f"{rest}{smaller}" if rest and seconds < size * 100 else "")
    return f"{seconds}s"


def mood(row: Json) -> str:
    """Return how a pool is coloured: `bad` with troubles, `still` where nothing is written, `news` while it moves."""
    if row["troubles"]:
        return "bad"
    if row["mode"] != "Active":
        return "still"
    return "well" if row["reason"] in CALM and row["ready"] == row["desired"] else "news"


def held_by(row: Json) -> str:
    """Return what people and other pools ask of a pool beside its spec."""
    return "; ".join(holds(row))
