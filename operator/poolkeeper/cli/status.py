"""`poolkeeper status`: all pools at a glance, with their live queues."""

from collections.abc import Callable
from threading import Event
from typing import Annotated, Any

import typer

from poolkeeper.cli.connection import (
    As,
    Context,
    Kubeconfig,
    Namespace,
    OperatorUrl,
    Output,
    ask,
    complaints,
    console,
    print_json,
    unanswered,
)
from poolkeeper.cli.status_rows import gather
from poolkeeper.cli.status_table import table

Json = dict[str, Any]

EVERY = 1.0


def status(
    namespace: Namespace = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="A live view, with keys; in a pipe, the table again every second.")
    ] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator: OperatorUrl = None,
    output: As = Output.TEXT,
) -> None:
    """Show all pools: live queue, desired and ready replicas, and why.

    The queue comes from the operator's own page, because the resource's status is not written for its sake. Where
    the page cannot be reached the column stays empty. On a narrow screen, what has no column stands below its pool.

    With --watch on a terminal, a live view of the whole screen: `?` in it tells its keys.

        [bold]poolkeeper status --watch[/bold]
    """

    def look() -> list[Json]:
        rows, answered = ask((kubeconfig, context), lambda kube: gather(kube, namespace, operator))
        if not answered and operator:
            raise unanswered(operator)
        if not answered:
            complaints.print("no operator answers: this is what the status held (try --operator URL)")
        return rows

    def shown() -> None:
        rows = look()
        console.print(
            table(rows, console.width) if rows else f"no pools in {namespace or 'any namespace'}", markup=False
        )

    if output is Output.JSON:
        print_json({"items": look()})
    elif watch and console.on_screen:
        from poolkeeper.cli.watch import watch as view  # only the live view needs textual, which takes its time

        view((kubeconfig, context), namespace, operator)
    elif watch:
        again(shown)
    else:
        shown()


def again(show: Callable[[], None]) -> None:
    """Print the table again and again: for pipes and logs."""
    try:
        while True:
            show()
            Event().wait(EVERY)  # the pace at which a person looks
    except KeyboardInterrupt:
        return
