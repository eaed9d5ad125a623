"""What recommend is asked: today's pool, and what a proposal is judged by: as given, as the pool says, as is usual."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from math import ceil, isfinite
from pathlib import Path
from typing import Any, TypeVar

import typer

from poolkeeper.api import memo
from poolkeeper.api.names import API_VERSION, PLURAL, shown
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.api.units import format_duration, parse_duration
from poolkeeper.cli.checks.pool import examined
from poolkeeper.cli.manifest import read
from poolkeeper.cli.recommended_pool import is_weekly
from poolkeeper.cli.schedule import refuse
from poolkeeper.core.model import PoolSpec, Schedule
from poolkeeper.core.startup import ENOUGH, usual
from poolkeeper.core.zones import zone
from poolkeeper.shell.kube import KubeClient
from poolkeeper.simulate.proposal import Question
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.weekly import learn, without_spikes

Json = dict[str, Any]
T = TypeVar("T")

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

    @property
    def windows(self) -> list[Json]:
        """The windows, as they are written."""
        schedule: Json = (self.body or {"spec": {}})["spec"].get("schedule") or {}
        return list(schedule.get("windows") or ())

    @property
    def kept(self) -> Schedule:
        """What of the schedule a week of history knows nothing about: windows that are not weekly, and outside."""
        if self.spec is None or self.spec.schedule is None:
            return Schedule()
        weekly = {one["name"] for one in self.windows if is_weekly(one)}
        windows = tuple(one for one in self.spec.schedule.windows if one.name not in weekly)
        return replace(self.spec.schedule, windows=windows)


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
        problems.append(f"{file} holds {len(pools)} pools; the load is that of one")
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
    kept = today.kept
    if kept.windows and timezone != kept.timezone:
        names = ", ".join(one.name for one in kept.windows)
        raise typer.BadParameter(f"--timezone: window {names} stays, and is read in {kept.timezone}: drop the option")
    return Question(
        spec=spec or always(given, series, timezone),
        per_replica=given.per_replica,
        startup=given.startup or today.startup or STARTUP,
        sla=given.sla or (slo.queue_time if slo else SLA),
        timezone=timezone,
        price=given.price,
        gpus=given.gpus,
        kept=kept,
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


def option(name: str, text: str | None, parse: Callable[[str], T]) -> T | None:
    """Return what an option means, None where it was not given; leave with its name where it means nothing."""
    with blaming(name):
        return None if text is None else parse(text)


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Say which option is meant by what is wrong."""
    try:
        yield
    except ValueError as error:
        raise typer.BadParameter(f"{name}: {error}") from error
    except typer.BadParameter as error:
        raise typer.BadParameter(f"{name}: {error.message}") from error


def number(text: str) -> float:
    """Return a number that is over 0; ValueError where it is none."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{text!r} is no number over 0; write it as in 1.5")
    return value


def duration(text: str) -> timedelta:
    """Return a duration that is over 0; ValueError where it is none."""
    found = parse_duration(text)
    if not found:
        raise ValueError(f"{text!r} must be over 0")
    return found


def zone_name(text: str) -> str:
    """Return the name of a zone; ValueError where there is none of that name."""
    return zone(text).key


def money(text: str) -> Decimal:
    """Return an amount, over 0; ValueError where it is none."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and amount > 0):
        raise ValueError(f"{text!r} is no price; write it as in 3.00")
    return amount
