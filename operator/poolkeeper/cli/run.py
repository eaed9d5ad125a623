"""`poolkeeper run`: the operator."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.api.units import parse_duration
from poolkeeper.cli.connection import ask


def run(
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Kubeconfig; by default $KUBECONFIG, ~/.kube/config, or the pod's own account.")
    ] = None,
    context: Annotated[str | None, typer.Option(help="The kubeconfig's context.")] = None,
    namespace: Annotated[
        list[str] | None, typer.Option("--namespace", "-n", help="Watch this namespace only; repeatable.")
    ] = None,
    prometheus: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=URL", help="A Prometheus server that pools may name; repeatable."),
    ] = None,
    prometheus_file: Annotated[
        Path | None, typer.Option(help="A YAML file of Prometheus servers, for those that want authentication.")
    ] = None,
    brokers_file: Annotated[
        Path | None, typer.Option(help="A YAML file of brokers that pools may name: Redis and RabbitMQ.")
    ] = None,
    lease_namespace: Annotated[
        str,
        typer.Option(
            help="Where the leader's lease, the price book and the ledger live; "
            "by default the pod's own namespace, else `default`."
        ),
    ] = "",
    lease_duration: Annotated[str, typer.Option(help="How long a leader that died holds its lease.")] = "15s",
    identity: Annotated[str, typer.Option(help="The name in the lease; by default the pod's or the host's.")] = "",
    listen: Annotated[
        str, typer.Option(help="Where /metrics and /healthz are served; by default 127.0.0.1:8080, or any free port.")
    ] = "",
    cluster_name: Annotated[
        str, typer.Option(help="What the ledger calls this cluster; by default as --costs says, else `default`.")
    ] = "",
    price_book: Annotated[
        str, typer.Option(help="The ConfigMap of prices, in the lease's namespace.")
    ] = "poolkeeper-prices",
    ledger_label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY", help="A label of pools that the ledger bears besides team, feature and model; repeatable."
        ),
    ] = None,
    costs: Annotated[
        Path | None,
        typer.Option(help="A YAML file of budgets for several pools together, overheads, and labels that costs go by."),
    ] = None,
    journal_size: Annotated[
        int,
        typer.Option(
            metavar="KIB", min=0, max=4096, help="How large each pool's journal may become, in KiB; 0: there is none."
        ),
    ] = 256,
    journal_days: Annotated[
        int,
        typer.Option(metavar="DAYS", min=1, max=90, help="How long the journal is kept, also of pools that are gone."),
    ] = 7,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Run the operator: watch InferencePools, and keep each one's target at the size that its queue needs.

    Locally, against any cluster that has the CRD:

        [bold]poolkeeper run --kubeconfig ~/.kube/config --prometheus default=http://127.0.0.1:9090[/bold]

    Logs are JSON, one line for each change of size. A second process waits until the first one is gone.
    """
    from poolkeeper.api.costs import Costs
    from poolkeeper.shell import app, logs
    from poolkeeper.shell.access import Access
    from poolkeeper.shell.brokers import load_brokers
    from poolkeeper.shell.costs import load as load_costs
    from poolkeeper.shell.kubeconfig import AccessError
    from poolkeeper.shell.servers import load_servers
    from poolkeeper.shell.settings import CLUSTER, LEDGER_LABELS, JournalTerms, Settings

    try:
        servers = load_servers(prometheus or [], prometheus_file)
        brokers = load_brokers(brokers_file)
        given_costs = load_costs(costs) if costs else Costs()
        duration = parse_duration(lease_duration)
        logs.configure(log_level)
        Access.find(kubeconfig, context)
    except (ValueError, AccessError) as error:
        raise typer.BadParameter(str(error)) from error
    # Here, for kopf would wrap what is in the way in its own words and a traceback. Once it runs, an outage passes.
    ask((kubeconfig, context), lambda kube: kube.get("/version", into=dict))
    given = {"identity": identity} if identity else {}
    app.run(
        Settings(
            kubeconfig=kubeconfig,
            context=context,
            namespaces=tuple(namespace or ()),
            prometheus=servers,
            brokers=brokers,
            lease_namespace=lease_namespace,
            lease_duration=duration,
            listen=listen,
            cluster=cluster_name or given_costs.cluster or CLUSTER,
            price_book=price_book,
            ledger_labels=tuple(dict.fromkeys((*LEDGER_LABELS, *(ledger_label or ()), *given_costs.keys))),
            teams=tuple(one.to_core() for one in given_costs.budgets),
            overheads=tuple(one.to_core() for one in given_costs.overheads),
            journal=JournalTerms(journal_size * 2**10, timedelta(days=journal_days)),
            **given,
        )
    )
