"""cli.md: the commands with their options, from the command lines themselves."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import typer

from controlplane.cli import app as controlplane
from fleet.__main__ import app as fleet
from poolkeeper.cli.main import app as poolkeeper
from reference.markdown import code, headed, table

INTRO = """`poolkeeper` is also installed as `kubectl-poolkeeper`, so that `kubectl poolkeeper status` works. Every
command has `--help`, which says what is here. `python -m controlplane` and `python -m fleet` are the ground for the
tutorial, the demo and the tests; they are not part of the installed package."""

# `fleet serve` is spoken to by programs alone.
PROGRAMS = (
    ("poolkeeper", poolkeeper, ()),
    ("python -m controlplane", controlplane, ()),
    ("python -m fleet", fleet, ("serve",)),
)

_MARKUP = re.compile(r"\[/?bold\]")
_INDENTED = re.compile(r"(?m)(?:^ {2,}\S.*\n?)+")


def page() -> str:
    """Return the page."""
    return headed("Commands", INTRO, [part for name, app, hidden in PROGRAMS for part in program(name, app, hidden)])


def program(name: str, app: typer.Typer, hidden: tuple[str, ...]) -> Iterator[str]:
    """Yield a section for each command of a program."""
    group: Any = typer.main.get_command(app)
    if not hasattr(group, "commands"):
        yield section(name, group)
        return
    for word, command in group.commands.items():
        if word not in hidden:
            yield from sections(f"{name} {word}", command)


def sections(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401  see `section`
    """Yield a command's section, and those of the commands under it; one that only holds others has none."""
    under = getattr(command, "commands", {})
    if not under or command.invoke_without_command:
        yield section(name, command)
    for word, one in under.items():
        yield from sections(f"{name} {word}", one)


def section(name: str, command: Any) -> str:  # noqa: ANN401  typer brings a click of its own, which has no public name
    """Return one command: how it is called, its help, its options."""
    context = typer.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    words = fenced(_MARKUP.sub("", inspect.cleandoc(command.help or "")))
    records = [parameter.get_help_record(context) for parameter in command.params]
    options = [(code(names), " ".join(told.split())) for names, told in filter(None, records)]
    parts = [f"## `{name}`", f"```text\n{usage}\n```", words]
    return "\n\n".join([*parts, table(("option", "meaning"), options)] if options else parts)


def fenced(words: str) -> str:
    """Return a help text with its indented lines as they stand."""
    return _INDENTED.sub(lambda lines: f"```text\n{inspect.cleandoc(lines[0])}\n```\n", words).rstrip()
