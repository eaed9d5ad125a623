"""`poolkeeper completion`: the script that makes a shell complete our commands; and what kubectl asks of a plugin."""

import os
import shlex
import sys
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from enum import StrEnum
from io import StringIO
from typing import Annotated

import typer

# What Typer(add_completion=True) uses; its two options would stand in every --help, and write into ~/.bashrc.
from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script

PROGRAM = "poolkeeper"
ASKED = "_POOLKEEPER_COMPLETE"
"""The variable by which a shell asks the program what comes next."""
FILES, NO_FILES = ":0", ":4"
"""How kubectl is told whether files are meant where nothing is listed (cobra's directives)."""


class Shell(StrEnum):
    """A shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="bash, zsh or fish.")]) -> None:
    """Print the script that makes a shell complete commands, options, and pools and namespaces of the cluster.

        [bold]source <(poolkeeper completion bash)[/bold]

    For good: that line in ~/.bashrc, or with zsh in place of bash in ~/.zshrc after compinit. fish reads a file:

        [bold]poolkeeper completion fish > ~/.config/fish/completions/poolkeeper.fish[/bold]

    `kubectl poolkeeper` is completed by kubectl's own completion, once both programs of ours are on PATH.
    """
    print(get_completion_script(prog_name=PROGRAM, complete_var=ASKED, shell=shell.value))


def ready() -> None:
    """Answer shells that ask what comes next."""
    completion_init()


def answered(run: Callable[[], None], words: list[str]) -> str:
    """Return what kubectl wants of a plugin's completion: what may stand for the last of the words, and a directive.

    `run` is the command line, asked in the way in which bash asks it.
    """
    line = shlex.join([PROGRAM, *words[:-1]]) + f" {words[-1] if words else ''}"
    os.environ |= {ASKED: "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(max(1, len(words)))}
    with redirect_stdout(StringIO()) as said, suppress(SystemExit):
        run()
    found = [line for line in said.getvalue().splitlines() if line]
    return "\n".join([*found, NO_FILES if found else FILES])


def for_kubectl() -> None:
    """Complete `kubectl poolkeeper`; kubectl runs this as `kubectl_complete-poolkeeper WORD...`."""
    from poolkeeper.cli.main import app

    ready()
    print(answered(lambda: app(prog_name=PROGRAM), sys.argv[1:]))
