"""`poolkeeper debug`: what somebody who is to mend the operator asks for."""

from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.cli.connection import Context, Kubeconfig, OperatorNamespace, OperatorUrl, ask, complaints, console
from poolkeeper.cli.debug_bundle import Bundle
from poolkeeper.cli.debug_parts import Wanted, gather
from poolkeeper.shell.kube import KubeClient

app = typer.Typer(no_args_is_help=True, help="What a bug report needs.")


@app.callback()
def group() -> None:
    """Let there be a group, though it holds one command."""


@app.command()
def dump(
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file; by default poolkeeper-debug-<time>.tar.gz. None is overwritten."),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Its pools only; without it, those of all namespaces.")
    ] = None,
    operator_namespace: OperatorNamespace = None,
    operator: OperatorUrl = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Gather what a bug report needs into one file, without secrets, and say what is in it.

        [bold]poolkeeper debug dump[/bold]
        [bold]poolkeeper debug dump -n inference -o report.tar.gz[/bold]

    Pools with their workloads, pods and events, the operator's state, logs and metrics, what `check` finds. It only
    reads, and only what you may: the rest is named. It works without an operator, too. Look into the file before you
    pass it on.
    """
    if out is not None and out.exists():
        raise typer.BadParameter(f"{out} is there already: choose another name", param_hint="--out")

    async def report(kube: KubeClient) -> tuple[Bundle, Path]:
        wanted = Wanted(namespace, operator_namespace, operator)
        found = await gather(kube, wanted, lambda words: complaints.print(f"reading {words}", markup=False))
        now = kube.clock.now()
        path = out or Path(f"poolkeeper-debug-{now:%Y%m%d-%H%M%S}.tar.gz")
        found.write(path, now)
        return found, path

    try:
        bundle, path = ask((kubeconfig, context), report)
    except OSError as error:
        raise typer.BadParameter(f"cannot be written: {error.strerror or error}", param_hint="--out") from error
    console.print(bundle.contents, markup=False, end="")
    console.print(f"{path}: {len(bundle.parts) + 1} parts; look into it before you pass it on", markup=False)
