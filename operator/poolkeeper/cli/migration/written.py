"""The answer of `migrate` as YAML, as text for people, and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from textwrap import fill

import yaml
from rich.console import Console
from rich.text import Text

from poolkeeper.cli.migration.addresses import VARIABLE
from poolkeeper.cli.migration.outcome import Fate, Json, Note
from poolkeeper.cli.migration.pools import Migrated
from poolkeeper.cli.recommended_pool import Line, Writer
from poolkeeper.cli.recommended_pool import Text as Hour

MOST = 100
"""How wide words are at most."""
STYLES = {Fate.CARRIED: "green", Fate.DIFFERS: "yellow", Fate.LEFT: "red"}
HOURS = ("from", "to")


def manifest(found: Iterable[Migrated]) -> str:
    """Return pools as YAML, each below what is not as it was."""
    return "---\n".join(document(one) for one in found)


def document(found: Migrated) -> str:
    """Return a pool as YAML."""
    head = [f"Made of {found.origin}. In mode Observe it decides, and writes nothing."]
    head += [f"{one.fate.value}: {one.field}: {one.words}" for one in found.notes if one.fate is not Fate.CARRIED]
    said = "".join(f"{comment(one)}\n" for one in head)
    return said + yaml.dump(pretty(found.body), Dumper=Writer, sort_keys=False, allow_unicode=True, width=MOST)


def comment(words: str) -> str:
    """Return words as lines that YAML does not read."""
    return fill(words, MOST - 4, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)


def pretty(body: Json) -> Json:
    """Return a pool with windows in a line each, and hours in quotes."""
    schedule = body["spec"].get("schedule")
    if not schedule:
        return body
    windows = [
        Line({name: Hour(value) if name in HOURS else value for name, value in one.items()})
        for one in schedule["windows"]
    ]
    outside = {"outside": Line(schedule["outside"])} if "outside" in schedule else {}
    return body | {"spec": body["spec"] | {"schedule": schedule | {"windows": windows} | outside}}


def show(console: Console, found: Migrated) -> None:
    """Print what becomes of each field, and the change-over."""
    console.print(Text(f"ipool/{found.name} of {found.origin}", style="bold"))
    for note in found.notes:
        console.print(noted(note, min(MOST, console.width)))
    for line in known(found.servers):
        console.print(wrapped(line, min(MOST, console.width), "  "), markup=False)
    console.print(Text("\nThe change-over", style="bold"))
    for number, step in enumerate(found.steps, 1):
        console.print(wrapped(f"{number}. {step.words}", min(MOST, console.width), "   "), markup=False)
        for command in step.commands:
            console.print(f"   {command}", markup=False, soft_wrap=True)
    console.print()


def noted(note: Note, width: int) -> Text:
    """Return a note, its fate in colour."""
    lines = wrapped(f"  {note.fate.value}: {note.field}: {note.words}", width, "    ")
    made = Text(lines)
    made.stylize(STYLES[note.fate], 2, 2 + len(note.fate.value))
    return made


def wrapped(words: str, width: int, indent: str) -> str:
    """Return words in lines of this width, all but the first indented."""
    return fill(words, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def known(servers: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield what the operator must be told of the servers that a pool names."""
    for kind, address, name in servers:
        where = shown_address(kind, address)
        if kind == "prometheus":
            yield f"  the operator must know: poolkeeper run --prometheus {name}={where}"
        else:
            yield f"  the operator must know, in its --brokers-file: {name}: {{kind: {kind}, url: {where}}}"


def shown_address(kind: str, address: str) -> str:
    """Return an address as the operator is to be told it; without one, it says where that is."""
    if not address or address[0] in f"/{VARIABLE}":
        host, _, index = address.partition("/")
        database = f"database {index} at " if index else ""
        place = f"in the container's variable {host[1:]}" if host else "that the ScaledObject has from elsewhere"
        return f"{database}the address {place}"
    if "," in address:
        return f"one address instead of {address}"
    return f"redis://{address}" if kind == "redis" and "//" not in address else address


def as_json(found: Iterable[Migrated]) -> list[Json]:
    """Return pools, notes and steps as JSON."""
    return [
        {
            "from": one.origin,
            "pool": one.body,
            "notes": [{"fate": note.fate.value, "field": note.field, "words": note.words} for note in one.notes],
            "servers": [{"kind": kind, "address": address, "name": name} for kind, address, name in one.servers],
            "steps": [{"words": step.words, "commands": list(step.commands)} for step in one.steps],
        }
        for one in found
    ]
