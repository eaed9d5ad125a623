"""`poolkeeper check`: is this YAML right, or is the cluster and all that is in it? And what would be right?"""

from pathlib import Path
from typing import Annotated, Any

import typer

from poolkeeper.cli.checks import doctor, shown
from poolkeeper.cli.checks.look import Asked
from poolkeeper.cli.checks.pool import examine, examined
from poolkeeper.cli.connection import UNREACHABLE, As, Context, Kubeconfig, Output, ask, print_json
from poolkeeper.cli.manifest import read
from poolkeeper.shell.brokers import load_brokers
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.servers import load_servers

Json = dict[str, Any]


def check(
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="A YAML file of InferencePools, not the cluster; -: what is piped in."),
    ] = None,
    offline: Annotated[bool, typer.Option(help="Check the YAML alone, without a cluster.")] = False,
    prometheus: Annotated[
        list[str] | None, typer.Option(metavar="NAME=URL", help="As given to `poolkeeper run`; repeatable.")
    ] = None,
    prometheus_file: Annotated[Path | None, typer.Option(help="As given to `poolkeeper run`.")] = None,
    brokers_file: Annotated[Path | None, typer.Option(help="As given to `poolkeeper run`.")] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Its pools only; without it, those of all namespaces.")
    ] = None,
    operator_namespace: Annotated[
        str | None, typer.Option("--operator-namespace", help="The operator there only, where there are several.")
    ] = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: As = Output.TEXT,
) -> None:
    """Find what is wrong: with a cluster, its operator and all its pools, or with the pools of a file.

        [bold]poolkeeper check[/bold]
        [bold]poolkeeper check -f chat.yaml --offline[/bold]

    Each finding says what is wrong, why it matters, and how to put it right. Nothing is changed. Of a file: the YAML,
    then the target, the metrics, and what the operator would do now. Leaves with 0 where all is well, 1 where something
    is wrong, 2 where it could not be found out.
    """
    if offline and file is None:
        raise typer.BadParameter("--offline checks a file: give it with -f")
    try:
        brokers = load_brokers(brokers_file) if brokers_file else None
        asked = Asked(load_servers(prometheus or [], prometheus_file), brokers)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if file is None:
        told = ask(
            (kubeconfig, context),
            lambda kube: doctor.examine_all(kube, doctor.Places(namespace, operator_namespace), asked),
        )
    else:
        pools = read(file)
        told = {"items": [examined(pool) for pool in pools]}
        if not offline:
            sound = [one for one in zip(pools, told["items"], strict=True) if not one[1]["problems"]]
            ask((kubeconfig, context), lambda kube: examine_file(kube, sound, asked))
    print_json(told) if output is Output.JSON else shown.show_all(told, namespace)
    leave(told)


async def examine_file(kube: KubeClient, pools: list[tuple[Json, Json]], asked: Asked) -> None:
    """Add what the cluster tells to each finding."""
    for pool, _ in pools:
        pool["metadata"].setdefault("namespace", kube.access.namespace)
    beside = frozenset((pool["metadata"]["namespace"], pool["metadata"]["name"]) for pool, _ in pools)
    for pool, finding in pools:
        await examine(kube, pool, finding, asked._replace(beside=beside))


def leave(told: Json) -> None:
    """Leave with what scripts go by."""
    parts = [told["cluster"], *told["items"]] if "cluster" in told else told["items"]
    if any(part["problems"] for part in parts):
        raise typer.Exit(1)
    if any(part["unanswered"] for part in parts):
        raise typer.Exit(UNREACHABLE)
