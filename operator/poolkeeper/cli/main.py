"""The command line's table of contents."""

from importlib.metadata import version
from typing import Annotated

import typer

from poolkeeper.cli import (
    audit,
    check,
    completion,
    cost,
    crd,
    init,
    migrate,
    override,
    prices,
    recommend,
    release,
    report,
    run,
    schedule,
    simulate,
    status,
    tune,
    unpin,
    why,
)
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


app.command("run")(run.run)
app.command("status")(status.status)
app.command("explain")(why.explain)
app.command("schedule")(schedule.schedule)
app.command("recommend")(recommend.recommend)
app.command("simulate")(simulate.simulate)
app.command("tune")(tune.tune)
app.add_typer(cost.app, name="cost")
app.add_typer(prices.app, name="prices")
app.command("report")(report.report)
app.command("override")(override.override)
app.command("unpin")(unpin.unpin)
app.command("release")(release.release)
app.command("check")(check.check)
app.command("init")(init.init)
app.command("migrate")(migrate.migrate)
app.command("audit")(audit.audit)
app.command("crd")(crd.crd)
app.command("completion")(completion.completion)


def main() -> None:
    """Run the command line."""
    completion.ready()
    app()
