"""The options of simulate: what each is, and what its text means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from poolkeeper.api.units import format_duration
from poolkeeper.cli.question import blaming, duration, number, option
from poolkeeper.cli.simulate_limits import MOST_REPLICAS
from poolkeeper.core.engine import Engine
from poolkeeper.core.grace import GAP
from poolkeeper.simulate.peers import PEERS
from poolkeeper.simulate.presets import ASSUMED, PRESETS
from poolkeeper.simulate.study import SIZED, STEP, Scene

T = TypeVar("T")

ALL = "all"
STATIC = "static"
SECOND = timedelta(seconds=1)
FIGURES: Mapping[str, str] = {
    "slots": "slots",
    "prefill": "prefill_rate",
    "decode": "decode_rate",
    "half": "half_batch",
    "cache": "cache_tokens",
}
"""What --engine calls an engine's figures."""
ENGINE_FORM = "slots=64,prefill=8000,decode=40,half=64,cache=400000"
MOST_SEEDS = 100


class Form(StrEnum):
    """How a study is printed."""

    TABLE = "table"
    JSON = "json"


File = Annotated[Path, typer.Option("--file", "-f", help="A YAML file with one or more InferencePools.")]
Trace = Annotated[
    Path | None, typer.Option(help="A trace: second,requests[,prompt_tokens,output_tokens] as CSV, also gzipped.")
]
Start = Annotated[
    str | None,
    typer.Option(
        metavar="TIME", help="With --trace: when its second 0 was, as in 2024-05-12T00:00:00Z; else a Monday."
    ),
]
Tokens = Annotated[
    str | None,
    typer.Option(metavar="IN,OUT", help="With --prometheus: a request's mean tokens, as in 1155,211 (the default)."),
]
Against = Annotated[
    str, typer.Option(metavar="NAMES", help=f"Other scalers, as in keda,hpa-load, or `all`: {', '.join(PEERS)}.")
]
WhatIf = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PATH=VALUE[,VALUE]",
        help="The pool with a field of its spec changed, as in queue.scaleUp.above=800,1200; repeatable.",
    ),
]
Load = Annotated[str, typer.Option(metavar="FACTORS", help="So many times the traffic, as in 1,3,5,10.")]
Seeds = Annotated[int, typer.Option(min=1, max=MOST_SEEDS, help="How many times the bursts are drawn anew.")]
Seed = Annotated[int, typer.Option(min=0, help="Which bursts are drawn first.")]
Sla = Annotated[str | None, typer.Option(help="How long a request may wait; else slo.queueTime of the pool, else 2s.")]
PeakReplicas = Annotated[
    str | None, typer.Option(metavar="N", help="Scale the trace so that its busiest ten minutes need N replicas.")
]
Step = Annotated[str, typer.Option(help="How finely time passes: 1s to 20s.")]
Gpu = Annotated[str | None, typer.Option(metavar="PRESET", help=f"What a replica can do: {', '.join(PRESETS)}.")]
EngineFigures = Annotated[
    str | None,
    typer.Option("--engine", metavar="FIGURES", help=f"The same by figures: {ENGINE_FORM}, or some of them."),
]
Gpus = Annotated[int | None, typer.Option(min=1, help="The GPUs of a replica; else cost.gpusPerReplica, else 1.")]
Price = Annotated[str | None, typer.Option(help="What a GPU costs an hour, as in 3.00; else the pool's own prices.")]
SpotPrice = Annotated[str | None, typer.Option(help="The same on spot.")]
On = Annotated[
    str | None, typer.Option(metavar="dask://HOST:PORT", help="Live the trials on a Dask cluster, not on this machine.")
]
Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a report with plots to this file, too.")
]
As = Annotated[Form, typer.Option("--output", "-o", help="table or json.")]


def scene(gpu: str | None, figures: str | None, step: str, peak_replicas: str | None) -> Scene:
    """Return how a trace becomes traffic; leave with the option's name where one means nothing."""
    return Scene(
        engine=option("--engine", figures, lambda text: engine(text, preset(gpu))) or preset(gpu),
        step=option("--step", step, stepped) or STEP,
        peak_replicas=option("--peak-replicas", peak_replicas, number),
    )


def stepped(text: str) -> timedelta:
    """Return the length of a step.

    A bin is cut into whole steps, each up to a half longer: then no gap between two samples is longer than the operator
    trusts (R2), with which it would never shrink.

    Raises:
        ValueError: it is none, or too short or too long.
    """
    found = duration(text)
    if not SECOND <= found <= GAP / 1.5:
        raise ValueError(f"{text!r} must be between 1s and {format_duration(GAP / 1.5)}")
    return found


def preset(name: str | None) -> Engine:
    """Return the engine of a preset."""
    with blaming("--gpu"):
        return PRESETS[known(name, tuple(PRESETS))].engine if name else PRESETS[ASSUMED].engine


def engine(text: str, base: Engine) -> Engine:
    """Return an engine with some of its figures changed.

    Raises:
        ValueError: there is no such figure, or it is no number over 0.
    """
    for part in text.split(","):
        name, sign, value = part.partition("=")
        if not sign:
            raise ValueError(f"{part!r} is no figure; write it as in {ENGINE_FORM}")
        figure = FIGURES[known(name.strip(), tuple(FIGURES))]
        amount = figure_of(name.strip(), value)
        changed: dict[str, Any] = {figure: max(1, int(amount)) if figure == "slots" else amount}
        base = replace(base, **changed)
    return base


def figure_of(name: str, text: str) -> float:
    """Return one of an engine's figures.

    Raises:
        ValueError: it is no number over 0; the words name it.
    """
    try:
        return number(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def guessed(gpu: str | None, figures: str | None) -> Iterator[str]:
    """Yield which of an engine's figures nobody gave."""
    given = {part.partition("=")[0].strip() for part in (figures or "").split(",")}
    missing = [name for name in FIGURES if name not in given]
    if gpu is None and missing:
        told = ", ".join(f"{name}={getattr(PRESETS[ASSUMED].engine, FIGURES[name]):g}" for name in missing)
        yield f"that a replica can do {told} is a guess: --gpu or --engine says otherwise"


def known(name: str, names: Sequence[str]) -> str:
    """Return a name that is one of some.

    Raises:
        ValueError: it is not; the words say which there are, and which may have been meant.
    """
    if name not in names:
        near = get_close_matches(name, names, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"{name!r} is none of {', '.join(names)}{meant}")
    return name


def listed(text: str, parse: Callable[[str], T]) -> tuple[T, ...]:
    """Return what the parts of a text mean, each once."""
    return tuple(dict.fromkeys(parse(part.strip()) for part in text.split(",")))


def peers(text: str) -> tuple[str, ...]:
    """Return the names of other scalers; a family's, as `hpa`, stands for all of it, and `static=6` for six replicas.

    Raises:
        ValueError: one is unknown.
    """
    if text == ALL:
        return tuple(PEERS)
    return tuple(dict.fromkeys(name for part in listed(text, str) for name in family(part)))


def family(name: str) -> tuple[str, ...]:
    """Return the scalers of a name, or of those that begin with it."""
    if name.startswith(SIZED):
        return (sized(name),)
    if name in PEERS:
        return (name,)
    return tuple(one for one in PEERS if one.startswith(f"{name}-")) or (known(name, (*PEERS, ALL)),)


def sized(name: str) -> str:
    """Return the name of so many replicas around the clock.

    Raises:
        ValueError: they are none, or more than can be lived.
    """
    size = name.removeprefix(SIZED)
    if not (size.isascii() and size.isdecimal() and 0 < int(size[:9]) <= MOST_REPLICAS):
        raise ValueError(f"{name!r} is no size from 1 to {MOST_REPLICAS:,}; write it as in static=6")
    return name


def loads(text: str) -> tuple[float, ...]:
    """Return the factors of the traffic.

    Raises:
        ValueError: one is no number over 0.
    """
    return listed(text, number)


def tokens(text: str) -> tuple[float, float]:
    """Return the mean tokens of a prompt and of an output.

    Raises:
        ValueError: they are not two numbers over 0.
    """
    found = text.split(",")
    if len(found) != len(("prompt", "output")):
        raise ValueError(f"{text!r} must be two numbers, as in 1155,211")
    return number(found[0]), number(found[1])
