"""`poolkeeper release`: leave a workload as it would be without us, serving all the while."""

import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.api.names import shown
from poolkeeper.api.units import parse_duration
from poolkeeper.cli.connection import Context, Kubeconfig, Namespace, PoolName, ask, complaints, console
from poolkeeper.cli.releasing.course import Fold, Limits
from poolkeeper.cli.releasing.ending import Ending
from poolkeeper.cli.releasing.pausing import Pause, paused, resumption
from poolkeeper.cli.releasing.seen import Sight
from poolkeeper.cli.releasing.subject import Subject, find
from poolkeeper.shell.kube import KubeClient

Access = tuple[Path | None, str | None]
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to stay, and how long the rest may take."""

    keep_spot: bool
    keep_pool: bool
    within: timedelta


def release(
    name: PoolName,
    keep_spot: Annotated[bool, typer.Option("--keep-spot", help="Leave the sibling on spot as it is.")] = False,
    keep_pool: Annotated[bool, typer.Option("--keep-pool", help="Leave the pool, in mode Observe.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    within: Annotated[str, typer.Option("--timeout", metavar="DURATION", help="How long it may wait.")] = "30m",
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Give a workload back: fold spot into it, remove what was made for it, delete the pool. It serves all the while.

        [bold]poolkeeper release chat -n inference --dry-run[/bold]

    The pool is paused first, then on-demand grows to the whole size, and each replica on spot leaves once another is
    ready. The ledger stays. Stopped in between, it goes on where it was when it is run again. Leaves with 1 where it
    is refused, 2 where it could not be finished.
    """
    wishes = Wishes(keep_spot, keep_pool, lasting(within))
    access = kubeconfig, context
    subject = ask(access, lambda kube: find(kube, namespace, name.rpartition("/")[2]))
    for line in intended(subject, wishes):
        console.print(line, markup=False)
    if dry_run:
        return
    refuse(subject, wishes)
    agree(subject, yes=yes)
    give_back(access, subject, wishes)


def give_back(access: Access, subject: Subject, wishes: Wishes) -> None:
    """Release it; where that ends before its end, say until when the pool stays paused."""
    pause = Pause()
    try:
        ask(access, lambda kube: carry_out(kube, subject, wishes, pause))
    except KeyboardInterrupt:
        complaints.print("stopped; nothing was lost")
        raise typer.Exit(INTERRUPTED) from None
    finally:
        if pause.until is not None:
            complaints.print(resumption(subject, pause.until), markup=False)


def lasting(text: str) -> timedelta:
    """Return a duration that was given."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--timeout") from error


def intended(subject: Subject, wishes: Wishes) -> list[str]:
    """Return what is going to be done, in words."""
    target, sibling = subject.shown, f"deployment/{subject.target}-spot"
    folds = subject.spot is not None and not wishes.keep_spot
    said = [f"{shown(subject.name)} is paused"] if subject.pool else []
    if folds:
        said += [f"{target} grows from {subject.size} to {subject.total} replicas"] * (subject.total > subject.size)
        said += [f"{sibling} hands over its {subject.spot} as they are replaced, then goes"]
    said += [f"poddisruptionbudget/{one} is deleted" for one in subject.budgets]
    said += [f"Poolkeeper's annotations and fields are taken off {target} and its pods"]
    if subject.pool:
        said += [f"{shown(subject.name)} " + ("stays, in mode Observe" if wishes.keep_pool else "is deleted")]
    left = subject.total if folds else subject.size
    return [*(f"- {one}" for one in said), f"{target} is left with {left} replicas" if subject.found else ""]


def refuse(subject: Subject, wishes: Wishes) -> None:
    """Leave with 1 where the workload could not be held at its size."""
    for problem in () if wishes.keep_spot else subject.obstacles:
        complaints.print(f"error: {problem}", markup=False)
        complaints.print("nothing was changed; --keep-spot releases it as it is", markup=False)
        raise typer.Exit(1)


def agree(subject: Subject, *, yes: bool) -> None:
    """Ask whether to go on; where nobody can be asked, --yes has to say so."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is there to be asked: give --yes to go on, or --dry-run to look")
    typer.confirm(f"Release {shown(subject.name)}?", abort=True)


async def carry_out(kube: KubeClient, subject: Subject, wishes: Wishes, pause: Pause) -> None:
    """Pause, fold, clean, end."""
    subject = await paused(kube, subject, pause, say)
    if subject.spot is not None and not wishes.keep_spot:
        async with AsyncExitStack() as opened:
            sight = Sight(kube, (subject.namespace, subject.target), subject.core, opened)
            limits = Limits(subject.drain, wishes.within)
            await Fold(kube, sight, subject.total, limits, say, subject.namespace).run()
    await Ending(kube, subject, pause, say).run(keep_pool=wishes.keep_pool, keep_spot=wishes.keep_spot)


def say(words: str) -> None:
    """Tell of progress at once, also into a pipe."""
    console.print(words, markup=False)
    console.file.flush()
