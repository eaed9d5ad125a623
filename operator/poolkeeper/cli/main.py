"""The command line."""

from importlib.metadata import version
from typing import Annotated

import typer

from poolkeeper.cli import completion
from poolkeeper.cli.contents import Contents


def tell_version(asked: bool) -> None:  # noqa: FBT001  as click calls it
    """Print the version and leave, where it was asked for."""
    if asked:
        print(f"poolkeeper {version('poolkeeper')}")
        raise typer.Exit


app = typer.Typer(
    name="poolkeeper",
    cls=Contents,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Keeps GPU inference pools as large as their queues need, and says why.",
)


@app.callback()
def ask_version(
    shown: Annotated[
        bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Take what stands before the command."""


def main() -> None:
    """Run the command line."""
    completion.ready()
    app()
