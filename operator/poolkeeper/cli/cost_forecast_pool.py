"""The pool that a forecast is asked for: its spec as it is and as it is to be lived, what it rents, and the prices."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.cli.prices_shown import Shelf, from_cluster, from_disk, rental
from poolkeeper.cli.question import Today, pool_of_cluster, pool_of_file
from poolkeeper.cli.schedule import refuse
from poolkeeper.core.model import CapacityType, PoolSpec
from poolkeeper.core.prices import Book, Place, Prices, quote
from poolkeeper.core.rates import Rental, Rented, tariff_of
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube import KubeClient
from poolkeeper.simulate.multiples import Pricing

Json = dict[str, Any]

ONE = Decimal(1)
GUESSED = "that a replica has 1 GPU is a guess: cost.gpusPerReplica of the pool, or --gpus, says otherwise"


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of the pool: None where it does not say."""

    max_replicas: int | None
    gpus: Decimal | None
    node_labels: str
    node_gpus: str


@dataclass(frozen=True, slots=True)
class Ground:
    """A pool, and what there is to price it: `rented` is what it rents now, `place` where it would run."""

    today: Today
    book: Book
    now: datetime
    rented: Rented = ()
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Subject:
    """A pool as it is to be lived: with its prices, and notes on them; `body` is its object as it is today."""

    body: Json
    spec: PoolSpec
    pricing: Pricing
    notes: tuple[str, ...]


def ground_of_file(file: Path, book: Path | None, given: Given) -> Ground:
    """Return the pool of a file, with the prices of another."""
    today = pool_of_file(file)
    found = from_disk(book) if book else Book()
    now = Clock.of_this_machine().now().replace(microsecond=0)
    if today.spec is None or not given.node_labels:
        return Ground(today, found, now)
    return Ground(today, found, now, place=rental(today.spec, given.node_labels, given.node_gpus).place)


async def ground_of_cluster(kube: KubeClient, namespace: str | None, name: str, shelf: Shelf) -> Ground:
    """Return a pool of the cluster, with the prices that the operator goes by."""
    today = await pool_of_cluster(kube, namespace, name)
    _, rented, book, now = await from_cluster(kube, namespace, name, shelf)
    return Ground(today, book, now.replace(microsecond=0), rented)


def subject(ground: Ground, given: Given) -> Subject:
    """Return the pool to live, with its prices; leave with what is wrong where it cannot have --max replicas."""
    body: Json = ground.today.body or {}
    spec = lived(body, given.max_replicas)
    rentals = {tier.name: rents(tier.name, spec, ground, given) for tier in spec.tiers}
    pricing = Pricing(tariff_of(spec, ground.book), rentals, ground.now)
    return Subject(body, spec, pricing, tuple(notes(ground, given, spec, pricing)))


def lived(body: Json, most: int | None) -> PoolSpec:
    """Return the spec of a pool, with another maxReplicas where that is given."""
    changed = body["spec"] if most is None else body["spec"] | {"maxReplicas": most}
    try:
        return parse_spec(changed).to_core()
    except SpecError as error:
        refuse(f"--max {most}: {problem}" for problem in error.problems)


def rents(tier: str, spec: PoolSpec, ground: Ground, given: Given) -> Rental:
    """Return what a replica of a tier rents: as most of them do now, else where others are, as its capacity type."""
    known = {one: count for one, count in ground.rented if one.tier == tier} or dict(ground.rented)
    usual = max(known, key=lambda one: known[one], default=Rental(tier, ground.place))
    reclaimable = spec.spot is not None and spec.spot.name == tier
    place = usual.place if usual.tier == tier and known else replace(usual.place, spot=reclaimable)
    return Rental(tier, place, gpus(spec, usual, given))


def gpus(spec: PoolSpec, usual: Rental, given: Given) -> Decimal:
    """Return how many GPUs a replica has."""
    return given.gpus or spec.cost.gpus_per_replica or usual.gpus or ONE


def notes(ground: Ground, given: Given, spec: PoolSpec, pricing: Pricing) -> Iterator[str]:
    """Yield what the prices rest on, and which are not known."""
    if not (given.gpus or spec.cost.gpus_per_replica or any(one.gpus for one, _ in ground.rented)):
        yield GUESSED
    prices: Prices = pricing.tariff.prices
    for name, one in pricing.rentals.items():
        found = quote(prices, name, one.place, pricing.at)
        if found.price is None:
            yield f"{name} has no price, so no cost is known: {found.words}"
        elif found.assumed:
            yield f"{name}: {found.words}"
    if any(tier.type is CapacityType.SPOT for tier in spec.tiers):
        yield "spot is taken to be never reclaimed, and always to be had: fallback to on-demand comes on top"
