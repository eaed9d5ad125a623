"""The pools of a file as a study has them: what is given, else what the pool says, else what is usual."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import typer

from poolkeeper.api.names import shown
from poolkeeper.api.spec import Spec, parse_spec
from poolkeeper.api.units import format_duration
from poolkeeper.cli.checks.pool import examined
from poolkeeper.cli.manifest import read
from poolkeeper.cli.question import STARTUP
from poolkeeper.cli.simulate_unplayed import unplayed
from poolkeeper.core.model import CapacityType, PoolSpec, Tier
from poolkeeper.simulate.presets import PRICES
from poolkeeper.simulate.stocks import ORDINARY, Setting
from poolkeeper.simulate.study import OURS, Entrant, Pool
from poolkeeper.simulate.what_if import WhatIfError, nearest, variants

Json = dict[str, Any]

ONE = Decimal(1)
OPTIONS: Mapping[CapacityType, str] = {CapacityType.ON_DEMAND: "--price", CapacityType.SPOT: "--spot-price"}


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of all pools; None where it does not say. Prices are of a GPU for an hour.

    So are those of the setting, where they are a pool's own they are of a replica.
    """

    startup: timedelta | None = None
    sla: timedelta | None = None
    gpus: int | None = None
    prices: Mapping[CapacityType, Decimal | None] = field(default_factory=dict)
    peers: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    setting: Setting = ORDINARY


def pools_of(file: Path, given: Given) -> tuple[list[Pool], list[str]]:
    """Return the pools of a file with what competes for each, and what is to be said of them.

    Raises:
        typer.BadParameter: a pool is wrong, or a change of it.
    """
    bodies = read(file)
    problems = [
        f"{shown(finding['name'])}: {problem}"
        for body in bodies
        for finding in [examined(body)]
        for problem in finding["problems"]
    ]
    if problems:
        raise typer.BadParameter("; ".join(problems), param_hint="-f")
    names = named(bodies)
    found = [pool_of(body, name, given) for body, name in zip(bodies, names, strict=True)]
    notes = [note for pool in found for note in assumed(pool, given, several=len(found) > 1)]
    notes += [
        note for body, name in zip(bodies, names, strict=True) for note in unplayed(parse_spec(body["spec"]), name)
    ]
    return found, list(dict.fromkeys(notes))


def named(bodies: list[Json]) -> list[str]:
    """Return the pools' names, with their namespaces where a name alone is not enough.

    Raises:
        typer.BadParameter: two pools have the same name and namespace.
    """
    bare = [str(body["metadata"]["name"]) for body in bodies]
    full = [f"{body['metadata'].get('namespace', 'default')}/{name}" for body, name in zip(bodies, bare, strict=True)]
    names = bare if len(set(bare)) == len(bare) else full
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise typer.BadParameter(f"{shown(twice)} is there twice", param_hint="-f")
    return names


def pool_of(body: Json, name: str, given: Given) -> Pool:
    """Return one pool, with what competes for it: itself first, then its variants, then its peers."""
    spec = parse_spec(body["spec"]).to_core()
    return Pool(
        name=name,
        spec=spec,
        entrants=(Entrant(OURS, spec), *changed(body["spec"], given), *map(Entrant, given.peers)),
        startup=given.startup or STARTUP,
        sla=given.sla or spec.sla,
        prices={tier.name: price(spec, tier, given) * gpus(spec, given) for tier in spec.tiers},
        setting=replace(given.setting, prices=tuple((at, gpus(spec, given) * one) for at, one in given.setting.prices)),
    )


def changed(raw: Json, given: Given) -> Iterator[Entrant]:
    """Yield the pool with each of the changes.

    Raises:
        typer.BadParameter: one cannot be made.
    """
    for change in given.changes:
        where, sign, values = change.partition("=")
        if sign and not values:
            raise typer.BadParameter(f"--what-if: {where!r} has no value; write it as in {where}=800,1200")
        try:
            yield from (Entrant(f"{OURS} {one.name}", one.spec) for one in variants(raw, change))
        except WhatIfError as error:
            raise typer.BadParameter(f"{error}{instead(where)}", param_hint="--what-if") from error


def instead(where: str) -> str:
    """Return which fields there are, where a path begins with none of them and its end is like no other."""
    fields = [str(field.alias) for field in Spec.model_fields.values()]
    first, _, rest = where.removeprefix("spec.").partition(".")
    known = first.partition("[")[0] in fields or nearest(rest.rpartition(".")[2] or first)
    return "" if known else f"; spec has {', '.join(fields)}"


def gpus(spec: PoolSpec, given: Given) -> Decimal:
    """Return the GPUs of a replica."""
    return Decimal(given.gpus) if given.gpus else spec.cost.gpus_per_replica or ONE


def price(spec: PoolSpec, tier: Tier, given: Given) -> Decimal:
    """Return what a GPU of a tier costs an hour; where on-demand has a price and spot has none, on-demand's (R8)."""
    own = told(spec, tier, given)
    if own is not None:
        return own
    others = (told(spec, other, given) for other in spec.tiers if other.type is CapacityType.ON_DEMAND)
    return next((found for found in others if found is not None), PRICES[tier.type])


def told(spec: PoolSpec, tier: Tier, given: Given) -> Decimal | None:
    """Return what somebody says that a GPU of a tier costs an hour; where it changes, at first."""
    if tier.type is CapacityType.SPOT and given.setting.prices:
        return given.setting.prices[0][1]
    return given.prices.get(tier.type) or spec.cost.prices.get(tier.name)


def assumed(pool: Pool, given: Given, *, several: bool) -> Iterator[str]:
    """Yield what nobody said."""
    whose = f"{pool.name}: " if several else ""
    if given.startup is None:
        yield f"that replicas take {format_duration(STARTUP)} to start is a guess: --startup says otherwise"
    for tier in pool.spec.tiers:
        if told(pool.spec, tier, given) is None:
            found, option = price(pool.spec, tier, given), OPTIONS[tier.type]
            yield (
                f"{whose}{found} {pool.spec.cost.currency} for a GPU and an hour of {tier.name} is a guess: "
                f"cost.pricePerGPUHour of the pool, or {option}, says otherwise"
            )
    if given.gpus is None and pool.spec.cost.gpus_per_replica is None:
        yield f"{whose}that a replica has 1 GPU is a guess: cost.gpusPerReplica of the pool, or --gpus, says otherwise"
    if pool.spec.spot and not pool.setting.stock.ticks:
        reclaims = pool.setting.stock.reclaims
        never, options = (
            ("", "--spot says") if reclaims else (", and never to be reclaimed", "--spot and --reclaims say")
        )
        yield f"{whose}spot was taken to be there whenever it is asked for{never}: {options} otherwise"
