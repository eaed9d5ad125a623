"""The options of tune that simulate does not have, and what they mean for a trace."""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from poolkeeper.cli.question import duration
from poolkeeper.simulate.trace import Trace

WHOLE = 100.0
DAYS = re.compile(r"(\d+)d")
SHARE = re.compile(r"(\d+(?:\.\d+)?)(%?)")


class Form(StrEnum):
    """How what was found is printed."""

    TABLE = "table"
    YAML = "yaml"
    JSON = "json"


Trials = Annotated[int, typer.Option(min=1, max=10_000, help="How many specs are tried.")]
HeldOut = Annotated[
    str, typer.Option(metavar="2d|30%", help="The last days, or the last share, that trials may not see.")
]
Seed = Annotated[int, typer.Option(min=0, help="Which bursts are drawn, and in which order specs are tried.")]
Objective = Annotated[
    str | None,
    typer.Option(metavar="PERCENT", help="The share to be inside; else slo.objectivePercent of the pool, else 99.5."),
]
As = Annotated[Form, typer.Option("--output", "-o", help="table, yaml (the pool alone) or json.")]


@dataclass(frozen=True, slots=True)
class Last:
    """The last part of a trace: as long as `lasting`, or without it, this `share` of all."""

    lasting: timedelta | None = None
    share: float = 0.0

    def searched(self, trace: Trace) -> timedelta:
        """Return how much of a trace comes before it, in whole bins.

        Raises:
            ValueError: it leaves nothing, or is nothing itself.
        """
        whole = len(trace.bins)
        held = round(self.lasting / trace.width if self.lasting else self.share * whole)
        if not 0 < held < whole:
            raise ValueError(f"of {whole} bins of {trace.width} it would hold {held} out; give a part of the trace")
        return (whole - held) * trace.width


def held_out(text: str) -> Last:
    """Return what is held out: days, a duration, or a share as in 0.3 or 30%.

    Raises:
        ValueError: it is none of these.
    """
    if days := DAYS.fullmatch(text):
        return Last(timedelta(days=int(days[1])))
    if found := SHARE.fullmatch(text):
        share = float(found[1]) / (WHOLE if found[2] else 1.0)
        if not 0 < share < 1:
            raise ValueError(f"{text!r} is no part of the trace; write it as in 30% or 2d")
        return Last(share=share)
    try:
        return Last(duration(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is no part of the trace; write it as in 30% or 2d") from error


def percent(text: str) -> float:
    """Return a share from 0 to 1 of a percentage.

    Raises:
        ValueError: it is none.
    """
    found = SHARE.fullmatch(text)
    share = float(found[1]) / WHOLE if found else 0.0
    if not 0 < share <= 1:
        raise ValueError(f"{text!r} is no percentage over 0 and up to 100; write it as in 99.5")
    return share
