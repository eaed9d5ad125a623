"""What was found, for people: the cluster first, then pool by pool; what is wrong, why, and how to put it right."""

import textwrap
from collections.abc import Iterator
from typing import Any

from poolkeeper.api import names
from poolkeeper.cli.connection import console
from poolkeeper.cli.counted import counted

Json = dict[str, Any]

NARROW = 40


def show_all(told: Json, namespace: str | None = None) -> None:
    """Print all parts of an answer; counts at the end where there is more than a pool. `namespace`: its pools only."""
    if "cluster" in told:
        show(told["cluster"], "cluster")
    for one in told["items"]:
        show(one, f"{names.shown(one['name'])}{' in ' + one['namespace'] if one.get('namespace') else ''}")
    if "cluster" in told:
        console.print(summary(told, namespace), markup=False)


def show(part: Json, title: str) -> None:
    """Print one part."""
    console.print(f"{title}: {mark(part)}")
    known = {f"{one['about']}: {one['what']}": one for one in part.get("findings", ())}
    for line in (*part["problems"], *part["unanswered"]):
        say(line, "  - ")
        advise(known.get(line, {}))
    for line in part["notes"]:
        say(line, "  ")
        advise(known.get(line, {}))
    decision = part.get("decision")
    if decision:
        moves = any(tier["found"] != tier["size"] for tier in decision["tiers"])
        still = f"{decision['current']} -> {decision['size']}: {decision['because']}"
        say(f"now: {decision['message'] if moves else still}", "  ")


def mark(part: Json) -> str:
    """Return how a part stands, in a word."""
    if part["problems"]:
        return "[red]wrong[/red]"
    return "[yellow]not known[/yellow]" if part["unanswered"] else "[green]ok[/green]"


def advise(finding: Json) -> None:
    """Print why it matters and what to do; a command stands on one line, to be pasted."""
    if "why" in finding:
        say(f"why: {finding['why']}", "      ")
    if "fix" in finding:
        console.print(f"      fix: {finding['fix']}", markup=False, soft_wrap=True)


def say(words: str, lead: str) -> None:
    """Print words on a terminal's lines, the next ones under the first; a pipe gets them on one."""
    for line in laid_out(words, lead, console.width if console.is_terminal else 0):
        console.print(line, markup=False)


def laid_out(words: str, lead: str, width: int) -> Iterator[str]:
    """Yield lines of at most `width` characters; one that has a line break of its own stays as it is.

    >>> list(laid_out("as wide as that", "  - ", 10 * NARROW))
    ['  - as wide as that']
    """
    if width < NARROW or "\n" in words:
        yield lead + words
        return
    yield from textwrap.wrap(
        words,
        width,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )


def summary(told: Json, namespace: str | None = None) -> str:
    """Return the counts."""
    pools, parts = told["items"], [told["cluster"], *told["items"]]
    wrong = sum(bool(one["problems"]) for one in pools)
    unknown = sum(bool(one["unanswered"] and not one["problems"]) for one in pools)
    standing = f"{len(pools) - wrong - unknown} ok, {wrong} wrong, {unknown} not known"
    problems, open_, notes = (sum(len(one[key]) for one in parts) for key in ("problems", "unanswered", "notes"))
    found = f"{counted(problems, 'problem')}, {open_} not found out, {counted(notes, 'note')}"
    if not pools:
        return f"no pools in {namespace or 'any namespace'}; {found}"
    return f"{counted(len(pools), 'pool')}: {standing}; {found}"
