"""The command line's table of contents: each command is imported when it is called, for together they take seconds.

Help is laid out, and a bad option worded, for every command in the same way.
"""

import inspect
import re
from collections import UserDict
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

_BROKEN = re.compile(r"(?<=\S)\n(?=[^\s*-])")
_EXAMPLE = re.compile(r"(?m)^( +)\[bold\]")
_PROGRAMS_WORDS = "Value error, "


class Entry(NamedTuple):
    """A command: its module and its name there, and the first sentence of its help (a test holds it to that)."""

    place: str
    brief: str


COMMANDS: Mapping[str, Entry] = {
    "run": Entry(
        "run:run",
        "Run the operator: watch InferencePools, and keep each one's target at the size that its queue needs.",
    ),
    "status": Entry("status:status", "Show all pools: live queue, desired and ready replicas, and why."),
    "explain": Entry("why:explain", "Say why a pool has the size it has, or had."),
    "schedule": Entry(
        "schedule:schedule",
        "Show what the clock makes of a pool: the window in force, a calendar of floors, and every transition.",
    ),
    "recommend": Entry(
        "recommend:recommend", "Propose windows, thresholds and bounds from what the traffic of the last weeks was."
    ),
    "simulate": Entry(
        "simulate:simulate",
        "Say what pools would have cost, and how long requests would have waited, before they are applied.",
    ),
    "tune": Entry(
        "tune:tune",
        "Find the cheapest spec of a pool that keeps its SLA, on a trace or on the last days of a Prometheus.",
    ),
    "cost": Entry("cost:app", "Show what pools cost, from the operator's ledger, with today as of now."),
    "prices": Entry("prices:app", "The price book: what machines and GPUs cost."),
    "report": Entry(
        "report:report",
        "Report what pools cost in a week or a month, from the operator's ledger: the trend, and where it is going.",
    ),
    "override": Entry(
        "override:override",
        "Change fields of the spec for a while, or lift what a used-up budget holds back; an event tells who and why.",
    ),
    "unpin": Entry("unpin:unpin", "Free a pool that was pinned: its size is the queue's again."),
    "release": Entry(
        "release:release",
        "Give a workload back: fold spot into it, remove what was made for it, delete the pool. "
        "It serves all the while.",
    ),
    "check": Entry(
        "check:check",
        "Find what is wrong: with a cluster, its operator and all its pools, or with the pools of a file.",
    ),
    "init": Entry("init:init", "Write a good first pool for a workload, with the reason beside each line."),
    "migrate": Entry(
        "migrate:migrate",
        "Turn ScaledObjects, HorizontalPodAutoscalers and kube-downscaler's annotations into InferencePools.",
    ),
    "audit": Entry(
        "audit:audit", "Show who has the cluster's GPUs, how busy they are, what they cost, and what a pool would save."
    ),
    "crd": Entry("crd:crd", "Print the CustomResourceDefinition of InferencePool as YAML."),
    "completion": Entry(
        "completion:completion",
        "Print the script that makes a shell complete commands, options, and pools and namespaces of the cluster.",
    ),
}


class Shelf(UserDict[str, Any]):
    """Commands by name, each imported when it is first taken."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401  typer's click has no public name
        """Return a command."""
        found = super().__getitem__(name)
        if isinstance(found, Entry):
            self[name] = found = imported(name, found)
        return found


def imported(name: str, entry: Entry) -> Any:  # noqa: ANN401  typer's click has no public name
    """Return a command, or a group of them, from its module."""
    module, _, word = entry.place.partition(":")
    found = getattr(import_module(f"poolkeeper.cli.{module}"), word)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_group(found)
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        alone.command(name)(found)
        command = typer.main.get_command(alone)
    command.name = name
    lay_out([command])
    return command


def lay_out(commands: Iterable[Any]) -> None:
    """Let the help of commands, and of those under them, be as wide as the screen."""
    for command in commands:
        command.help = flowing(command.help or "")
        lay_out(getattr(command, "commands", {}).values())


def flowing(words: str) -> str:
    r"""Return a help text whose paragraphs are a line each, for rich to break; what is indented stays as it is.

    >>> flowing("One\nparagraph.\n\n    an example")
    'One paragraph.\n\n    an example'
    """
    joined = _BROKEN.sub(" ", inspect.cleandoc(words))
    return _EXAMPLE.sub(r"[bold]\1", joined)  # rich takes away the blanks that a text begins with


class Contents(TyperGroup):
    """All commands."""

    def __init__(self, **how: Any) -> None:  # noqa: ANN401  as typer has it
        super().__init__(**how)
        self.commands = Shelf(COMMANDS)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401, ARG002  typer's click has no public name
        """Return the commands' names."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401, ARG002  typer's click has no public name
        """Return what a list of commands shows of one."""
        found = COMMANDS.get(cmd_name)
        return found and TyperCommand(cmd_name, help=found.brief)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:  # noqa: ANN401  the same
        """Return the command that is called, whole."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, self.commands[name] if name else found, rest

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  the same
        """Run a command; what is wrong with its options is told without the words of the program that found it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_PROGRAMS_WORDS)
            raise
