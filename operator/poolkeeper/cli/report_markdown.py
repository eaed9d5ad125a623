"""A report as Markdown, for mail and chat: what the HTML page says, without its plots."""

from collections.abc import Iterator

from poolkeeper.api.reported import Report, Section
from poolkeeper.api.units import format_instant
from poolkeeper.cli.report_tables import Table, tables
from poolkeeper.cli.report_words import facts, notes, remarks


def markdown(about: Report) -> str:
    """Return the text."""
    period = about.period
    made = (
        f"Made by poolkeeper report at {format_instant(about.made.replace(microsecond=0))} from the operator's ledger."
    )
    parts = [f"# What pools cost in {period.name}", f"{period.first} to {period.last}"]
    parts += [block for part in about.sections for block in section(part, about)]
    said = "\n".join(f"- {remark}" for remark in (*remarks(about), made))
    return "\n\n".join([*parts, said]) + "\n"


def section(part: Section, about: Report) -> Iterator[str]:
    """Yield the blocks of one currency."""
    if len(about.sections) > 1:
        yield f"## {part.currency}"
    told = (
        f"- **{fact.label}**: {fact.value}" + f" ({fact.beside})" * bool(fact.beside) for fact in facts(part, about)
    )
    yield "\n".join(told)
    yield from notes(part)
    for found in tables(part, about):
        yield f"### {found.title}"
        if found.rows:
            yield table(found)
        if found.note:
            yield found.note


def table(found: Table) -> str:
    """Return a table; numbers stand on the right."""
    rule = ("---" if place == 0 or place in found.words else "---:" for place in range(len(found.columns)))
    return "\n".join(map(line, (found.columns, tuple(rule), *found.rows)))


def line(cells: tuple[str, ...]) -> str:
    """Return a row; a bar in a name is no border."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
