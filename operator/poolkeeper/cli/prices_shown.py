"""`poolkeeper prices show`: which row of the price book prices what a pool rents, and why no other does."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from poolkeeper.api.names import ACCEPTED_SUFFIX, PRICES_KEY, shown
from poolkeeper.api.places import place
from poolkeeper.api.price_book import PriceBookError, parse
from poolkeeper.api.price_trail import Question, trail
from poolkeeper.api.spec import parse_spec
from poolkeeper.cli.checks.pool import examined, filled
from poolkeeper.cli.connection import (
    As,
    Context,
    Kubeconfig,
    Namespace,
    OperatorNamespace,
    Output,
    ask,
    complaints,
    operator_namespace,
    print_json,
    stored,
)
from poolkeeper.cli.manifest import read
from poolkeeper.cli.prices_text import Priced, as_json, write
from poolkeeper.cli.schedule import instant_of, refuse
from poolkeeper.core.days import OVERHEAD
from poolkeeper.core.model import ON_DEMAND, CapacityType, PoolSpec
from poolkeeper.core.prices import Book, Prices
from poolkeeper.core.rates import Rental, Rented
from poolkeeper.shell.billing import Billing
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import NotFound
from poolkeeper.shell.pools import Pool, Pools
from poolkeeper.shell.settings import PRICE_BOOK

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the price book is: in a file, else in a ConfigMap."""

    file: Path | None
    namespace: str | None
    name: str


def show(
    pool: Annotated[str | None, typer.Option("--pool", metavar="NAME", help="A pool, as it runs now.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="A pool in a YAML file instead.")] = None,
    node_labels: Annotated[
        str, typer.Option(metavar="KEY=VALUE,...", help="With -f: the labels of the node that it would run on.")
    ] = "",
    gpus: Annotated[str, typer.Option(help="With -f: how many GPUs that node has.")] = "1",
    book: Annotated[
        Path | None, typer.Option("--book", help="A price book in a file instead of the cluster's.")
    ] = None,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="As in 2026-03-08T07:30:00Z; by default now.")] = None,
    operator: OperatorNamespace = None,
    price_book: Annotated[str, typer.Option(help="As given to `poolkeeper run`.")] = PRICE_BOOK,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: As = Output.TEXT,
) -> None:
    """Say which row of the price book prices what a pool rents, and why the others that fit do not.

    For a pool that runs, its nodes' labels tell where each replica is; for one in a file, --node-labels does. Leaves
    with 1 where a price is not known, 2 where that cannot be found out.

        [bold]poolkeeper prices show --pool chat -n inference[/bold]
    """
    if (pool is None) is (file is None):
        raise typer.BadParameter("give either --pool NAME or -f FILE")
    moment = None if at is None else instant_of(at, "--at")
    shelf, access = Shelf(book, operator, price_book), (kubeconfig, context)
    if file is not None:
        name, spec = from_file(file)
        rented: Rented = ((rental(spec, node_labels, gpus), 1),)
        now = moment or Clock.of_this_machine().now()
        prices = from_disk(book) if book else ask(access, lambda kube: from_configmap(kube, shelf))
    else:
        name = str(pool).rpartition("/")[2]
        spec, rented, prices, now = ask(access, lambda kube: from_cluster(kube, namespace, name, shelf))
        now = moment or now
    found = list(priced(spec, rented, prices, now))
    if output is Output.JSON:
        print_json(as_json(name, found, spec.cost.currency, now))
    else:
        write(name, found, spec.cost.currency, now)
    if any(one.trail.quote.price is None for one in found):
        raise typer.Exit(1)


def priced(spec: PoolSpec, rented: Rented, book: Book, now: datetime) -> Iterator[Priced]:
    """Yield what is rented with what it costs."""
    prices = Prices(book, spec.cost.prices, spec.cost.currency)
    for what, count in rented:
        yield Priced(what, count, trail(Question(prices, what.tier, what.place, now)))


def from_file(file: Path) -> tuple[str, PoolSpec]:
    """Return the pool of a YAML file; say what is wrong with it and leave with 2."""
    found = read(file)[0]
    finding = examined(found)
    if finding["problems"]:
        refuse(f"{shown(finding['name'])}: {problem}" for problem in finding["problems"])
    return finding["name"], parse_spec(found["spec"]).to_core()


def rental(spec: PoolSpec, labels: str, gpus: str) -> Rental:
    """Return what a replica rents on a node with these labels."""
    try:
        pairs = dict(one.split("=", 1) for one in labels.split(",") if one)
        count = Decimal(gpus)
    except (ValueError, ArithmeticError) as error:
        raise typer.BadParameter("write labels as KEY=VALUE,KEY=VALUE and GPUs as a number") from error
    where = place(pairs, "", count)
    wanted = CapacityType.SPOT if where.spot else CapacityType.ON_DEMAND
    tier = next((one.name for one in spec.tiers if one.type is wanted), ON_DEMAND.name)
    return Rental(tier, where, spec.cost.gpus_per_replica)


def from_disk(file: Path) -> Book:
    """Return the price book of a file; say what is wrong with it and leave with 2."""
    try:
        return parse(file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="--book") from error
    except PriceBookError as error:
        refuse(f"{file}: {problem}" for problem in error.problems)


async def from_configmap(kube: KubeClient, shelf: Shelf) -> Book:
    """Return the price book that the operator goes by: the ConfigMap's, the last good one where that is wrong."""
    namespace = await operator_namespace(kube, shelf.namespace)
    for name in (shelf.name, shelf.name + ACCEPTED_SUFFIX):
        text = await text_of(kube, namespace, name)
        if text is not None:
            try:
                return parse(text, f"configmap/{name}")
            except PriceBookError as error:
                complaints.print(f"note: configmap/{name}: {error.problems[0]}; it does not count", markup=False)
    return Book(name=f"configmap/{shelf.name} in {namespace}")


async def text_of(kube: KubeClient, namespace: str, name: str) -> str | None:
    """Return the prices of a ConfigMap, None where there are none."""
    try:
        found: Json = await kube.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}", into=dict)
    except NotFound:
        return None
    return (found.get("data") or {}).get(PRICES_KEY)


async def from_cluster(
    kube: KubeClient, namespace: str | None, name: str, shelf: Shelf
) -> tuple[PoolSpec, Rented, Book, datetime]:
    """Return a pool as the operator goes by it, what it rents now, the prices, and when that is."""
    pool = Pools().take(await stored(kube, namespace, name))
    if pool.core is None:
        refuse([f"{shown(name)}: {problem}" for problem in pool.invalid])
    book = from_disk(shelf.file) if shelf.file else await from_configmap(kube, shelf)
    cluster = Cluster(kube, (pool.key[0],))
    reflecting = asyncio.create_task(cluster.run())
    try:
        await filled(cluster)
    finally:
        reflecting.cancel()
        with suppress(asyncio.CancelledError):
            await reflecting
    now = kube.clock.now()
    return pool.core, rentals(pool, cluster, now), book, now


def rentals(pool: Pool, cluster: Cluster, now: datetime) -> Rented:
    """Return what the pool's replicas rent, alike ones together."""
    items = Billing(cluster).bill(pool, Book(), now).items
    found = Counter(Rental(one.rental.tier, one.rental.place, one.rental.gpus, parts=one.rental.parts) for one in items)
    return tuple((what, count) for what, count in sorted(found.items(), key=str) if what.tier != OVERHEAD)
