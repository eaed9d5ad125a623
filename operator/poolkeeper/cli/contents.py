"""How help is laid out, and how a bad option is worded: for every command the same."""

import inspect
import re
from collections.abc import Iterable
from typing import Any

import typer
from typer.core import TyperGroup

_BROKEN = re.compile(r"(?<=\S)\n(?=[^\s*-])")
_EXAMPLE = re.compile(r"(?m)^( +)\[bold\]")
_PROGRAMS_WORDS = "Value error, "


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
        lay_out(self.commands.values())

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401  a click context, of a module with no public name
        """Run a command; what is wrong with its options is told without the words of the program that found it."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix(_PROGRAMS_WORDS)
            raise


def lay_out(commands: Iterable[Any]) -> None:
    """Let the help of commands, and of those under them, be as wide as the screen."""
    for command in commands:
        command.help = flowing(command.help or "")
        lay_out(getattr(command, "commands", {}).values())
