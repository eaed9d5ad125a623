"""What recommend is asked: today's pool, and what a proposal is judged by: as given, as the pool says, as is usual."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from math import ceil, isfinite
from pathlib import Path
from typing import Any

import typer

from poolkeeper.api import memo
from poolkeeper.api.names import API_VERSION, PLURAL, shown
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.api.units import format_duration, parse_duration
from poolkeeper.cli.check import examined
from poolkeeper.cli.manifest import read
from poolkeeper.cli.schedule import refuse
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.startup import ENOUGH, usual
from poolkeeper.core.zones import zone
from poolkeeper.shell.kube import KubeClient
from poolkeeper.simulate.proposal import Question
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.weekly import learn, without_spikes

Json = dict[str, Any]

SLA = timedelta(seconds=2)
STARTUP = timedelta(minutes=4)
"""What a replica takes to become ready where nobody says, and no cluster has seen it."""


@dataclass(frozen=True, slots=True)
class Today:
    """Today's pool: its object and its spec, and how long its replicas were seen to take to start.

    `spec` is None where no pool was given, `startup` where nobody saw.
    """

    body: Json | None = None
    spec: PoolSpec | None = None
    startup: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line says of the pool and of what it is judged by; None where it does not say."""

    per_replica: float | None
    max_replicas: int | None
    startup: timedelta | None
    sla: timedelta | None
    timezone: str | None
    price: Decimal | None
    gpus: int = 1


def pool_of_file(file: Path) -> Today:
    """Return the pool of a YAML file, which must hold one."""
    pools = read(file)
    problems = [problem for one in pools for problem in examined(one)["problems"]]
    if len(pools) > 1:
        problems.append(f"{file} holds {len(pools)} pools; a recommendation is for one")
    if problems:
        raise typer.BadParameter("; ".join(problems))
    return Today(pools[0], parse_spec(pools[0]["spec"]).to_core())


async def pool_of_cluster(kube: KubeClient, namespace: str | None, name: str) -> Today:
    """Return a pool as it is stored, with what the operator has measured of its starts."""
    namespace = namespace or kube.access.namespace
    body: Json = await kube.get(f"/apis/{API_VERSION}/namespaces/{namespace}/{PLURAL}/{name}", into=dict)
    try:
        spec = parse_spec(body["spec"]).to_core()
    except SpecError as error:
        refuse([f"{shown(name)}: {problem}" for problem in error.problems])
    remembered = memo.load((body.get("status") or {}).get("memory") or {}, None, kube.clock.now())
    starts = (remembered.starts, *remembered.tiers.starts.values())
    known = any(len(one.durations) >= ENOUGH for one in starts)
    return Today(body, spec, usual(spec, starts) if known else None)


def asked(today: Today, given: Given, series: Series) -> Question:
    """Return the question: what was given, else what the pool says, else what is usual."""
    spec = today.spec
    schedule, slo = (spec.schedule, spec.slo) if spec else (None, None)
    timezone = given.timezone or (schedule.timezone if schedule else "UTC")
    return Question(
        spec=spec or always(given, series, timezone),
        per_replica=given.per_replica,
        startup=given.startup or today.startup or STARTUP,
        sla=given.sla or (slo.queue_time if slo else SLA),
        timezone=timezone,
        price=given.price,
        gpus=given.gpus,
    )


def always(given: Given, series: Series, timezone: str) -> PoolSpec:
    """Return a pool that has the peak's size around the clock."""
    size = given.max_replicas
    if size is None:
        peak = learn(without_spikes(series), zone(timezone)).largest
        size = max(1, ceil(peak / (given.per_replica or peak or 1)))
    return PoolSpec(size, size)


def startup_told(today: Today, given: Given) -> Iterator[str]:
    """Yield where the start-up time comes from, unless it was given."""
    if given.startup is None:
        known = f"replicas were measured to take {format_duration(today.startup)} to start" if today.startup else None
        yield known or f"that replicas take {format_duration(STARTUP)} to start is a guess: --startup says otherwise"


def positive(option: str, value: float | None) -> float | None:
    """Return a number that is over 0; ValueError where it is not."""
    if value is not None and not (isfinite(value) and value > 0):
        raise ValueError(f"{option} must be over 0 (got {value:g})")
    return value


def duration(option: str, text: str | None) -> timedelta | None:
    """Return a duration that is over 0; ValueError where it is none."""
    found = None if text is None else parse_duration(text)
    positive(option, None if found is None else found.total_seconds())
    return found


def known_zone(name: str | None) -> str | None:
    """Return the name of a zone; ValueError where there is none of that name."""
    return None if name is None else zone(name).key


def money(text: str | None) -> Decimal | None:
    """Return an amount, over 0; ValueError where it is none."""
    try:
        amount = None if text is None else Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if amount is not None and not (amount.is_finite() and amount > 0):
        raise ValueError(f"{text!r} is no price; write it as in 3.00")
    return amount
