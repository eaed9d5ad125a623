"""`poolkeeper explain`: why a pool has the size it has, or had at a moment of the past."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from poolkeeper.api.units import parse_duration
from poolkeeper.cli import explain as shown_now
from poolkeeper.cli import explain_at, explain_since
from poolkeeper.cli.connection import (
    UNREACHABLE,
    As,
    Context,
    Kubeconfig,
    Namespace,
    OperatorNamespace,
    OperatorUrl,
    Output,
    PoolName,
    ask,
    complaints,
    print_json,
)
from poolkeeper.cli.explain_past import Known, NoJournalError, gather, timezones
from poolkeeper.cli.explain_remarks import Asked
from poolkeeper.cli.moment import moment
from poolkeeper.core.zones import zone
from poolkeeper.shell.kube import KubeClient

Access = tuple[str | None, str]


def explain(
    name: PoolName,
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Why it had the size it had then: 02:10, 'yesterday 02:10', '2h ago', ..."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="What has changed since then, a line each; also as in 12h.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="With --since: and until when.")] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="Whose clock TIME is read on; by default the pool's own (its schedule, its costs), else UTC.",
        ),
    ] = None,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator: OperatorUrl = None,
    operator_namespace: OperatorNamespace = None,
    output: As = Output.TEXT,
) -> None:
    """Say why a pool has the size it has, or had.

    Shows each stage of the last decision with what it saw and what it changed, how the size is split over the tiers,
    then what would change next and when, and what it costs. The stages stand in the order in which they are applied:
    the last one that moved the size, or held it, is the reason.

        [bold]poolkeeper explain chat -n inference[/bold]

    With `--at` it is the decision that stood at that moment, from the operator's journal: made again from what it was
    made from, to prove it; what stood before and after, and who had changed what. With `--since`, a line for each
    change. The journal goes back 7 days by default, also for pools that are gone.

        [bold]poolkeeper explain chat -n inference --at 'yesterday 02:10'[/bold]
        [bold]poolkeeper explain chat -n inference --since 12h[/bold]
    """
    name = name.rpartition("/")[2]
    if at is not None and since is not None:
        raise typer.BadParameter("give either --at or --since")
    if until is not None and since is None:
        raise typer.BadParameter("--until belongs to --since")
    if at is None and since is None:
        found = ask((kubeconfig, context), lambda kube: shown_now.gather(kube, namespace, name, operator))
        print_json(found) if output is Output.JSON else shown_now.show(name, found)
        return
    known = ask((kubeconfig, context), lambda kube: found_past(kube, (namespace, name), operator_namespace))
    place = place_of(known, timezone)
    if at is not None:
        tell_moment(known, at, place, output)
    else:
        tell_lines(known, (since or "", until or "now"), place, output)


async def found_past(kube: KubeClient, place: Access, home: str | None) -> Known:
    """Return a pool's past; say why there is none and leave with 2."""
    try:
        return await gather(kube, place, home)
    except NoJournalError as error:
        complaints.print(f"error: {error}", markup=False)
        raise typer.Exit(UNREACHABLE) from error


def place_of(known: Known, timezone: str | None) -> ZoneInfo:
    """Return the zone that times are read in: as given, else the pool's own, else UTC."""
    try:
        return zone(timezone or next(iter(timezones(known)), "UTC"))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--timezone") from error


def tell_moment(known: Known, text: str, place: ZoneInfo, output: Output) -> None:
    """Print the decision that stood at a moment; leave with 1 where none is known."""
    try:
        asked = Asked(moment(text, known.now, place), place)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error), param_hint="--at") from error
    known = known.of(asked.at)
    if output is Output.JSON:
        print_json(explain_at.as_json(known, asked))
    else:
        explain_at.show(known, asked)
    if known.past.stood(asked.at) is None:
        raise typer.Exit(1)


def tell_lines(known: Known, span: tuple[str, str], place: ZoneInfo, output: Output) -> None:
    """Print what happened within a time."""
    since, until = (edge(text, known.now, place, option) for text, option in zip(span, OPTIONS, strict=True))
    if since > until:
        raise typer.BadParameter(f"{span[0]} to {span[1]} ends before it begins", param_hint="--since")
    found = explain_since.lines(known, since, until, place)
    if output is Output.JSON:
        print_json(explain_since.as_json(found))
    else:
        explain_since.show(known, found, place)


OPTIONS = ("--since", "--until")


def edge(text: str, now: datetime, place: ZoneInfo, option: str) -> datetime:
    """Return one end of a time; a duration is so long ago."""
    try:
        return now - parse_duration(text)
    except ValueError:
        pass
    try:
        return moment(text, now, place).at
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
