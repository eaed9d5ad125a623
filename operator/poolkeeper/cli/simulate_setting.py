"""The options that say what a pool is lived in besides its traffic: spot, nodes, start-up times, faults of metrics."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from math import log
from statistics import NormalDist
from typing import Annotated

import typer

from poolkeeper.api.units import parse_duration
from poolkeeper.cli.question import duration, money, number, option
from poolkeeper.cli.simulate_market import priced, stock
from poolkeeper.cli.simulate_options import listed
from poolkeeper.core.machines import Startup, Stock
from poolkeeper.core.model import CapacityType
from poolkeeper.simulate.stocks import NOTICE, Setting

HOURS = 24.0
MOST_RECLAIMS = 1000.0
"""So many a replica and day: one lives a minute and a half."""
NORMAL = NormalDist()
QUANTILES = {"p50": 0.5, "p95": 0.95}
STARTUP_FORM = "write it as in 4m, or p50=2m,p95=5m"
SILENCE_FORM = "write it as in 2h-2h10m, from and to since the start"

Spot = Annotated[
    str | None,
    typer.Option(
        metavar="FILE[:ZONE,...]",
        help="What spot there is over time: second,zone,available as CSV, also gzipped. Zones add up.",
    ),
]
Reclaims = Annotated[
    str | None, typer.Option(metavar="RATE", help="So many reclaims of each spot replica a day, drawn by chance.")
]
SpotPrices = Annotated[
    str | None,
    typer.Option(
        metavar="FILE[:ZONE]",
        help="What a GPU costs an hour on spot over time: second,zone,price as CSV, also gzipped.",
    ),
]
NodeWait = Annotated[
    str | None, typer.Option(help="How long a replica waits for its node, which is free, before it starts.")
]
Spread = Annotated[
    str | None,
    typer.Option(
        metavar="TIME|p50=TIME,p95=TIME",
        help="How long a replica takes to become ready, always or by chance; 240s where it is not given.",
    ),
]
MetricDelay = Annotated[str | None, typer.Option(help="How old the figures are that are decided by.")]
Silence = Annotated[
    str | None,
    typer.Option(metavar="FROM-TO[,...]", help="When there are no figures, since the start, as in 2h-2h10m."),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line says, as it is written; None where it says nothing."""

    startup: str | None = None
    spot: str | None = None
    reclaims: str | None = None
    spot_prices: str | None = None
    node_wait: str | None = None
    metric_delay: str | None = None
    silence: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """What was given, by its option."""
        return {f"--{name.replace('_', '-')}": text for name, text in asdict(self).items() if text is not None}

    @property
    def of_spot(self) -> list[str]:
        """The options given that mean nothing without spot."""
        return [name for name in self.given if name in {"--spot", "--reclaims", "--spot-prices"}]


def setting(asked: Asked) -> Setting:
    """Return what pools are lived in; prices are those of a GPU. Leave with the option's name where one is wrong."""
    starts = option("--startup", asked.startup, startup)
    return Setting(
        stock=Stock(
            option("--spot", asked.spot, stock) or (),
            (option("--reclaims", asked.reclaims, rate) or 0.0) / HOURS,
            NOTICE,
        ),
        prices=option("--spot-prices", asked.spot_prices, priced) or (),
        node_wait=option("--node-wait", asked.node_wait, duration) or timedelta(0),
        sigma=starts.sigma if starts else 0.0,
        metric_delay=option("--metric-delay", asked.metric_delay, duration) or timedelta(0),
        silences=option("--silence", asked.silence, silences) or (),
    )


def median(asked: Asked) -> timedelta | None:
    """Return how long a start takes in the middle, None where nobody says."""
    starts = option("--startup", asked.startup, startup)
    return starts.median if starts else None


def rates(price: str | None, spot_price: str | None, asked: Asked) -> dict[CapacityType, Decimal | None]:
    """Return what a GPU costs an hour by the command line; None where it does not say."""
    if spot_price and asked.spot_prices:
        raise typer.BadParameter("give --spot-price or --spot-prices, not both")
    return {
        CapacityType.ON_DEMAND: option("--price", price, money),
        CapacityType.SPOT: option("--spot-price", spot_price, money),
    }


def startup(text: str) -> Startup:
    """Return start-up times: one, or a lognormal with this median and this 95th percentile.

    Raises:
        ValueError: they are none.
    """
    if "=" not in text:
        return Startup(duration(text))
    found = dict(quantile(part) for part in text.split(","))
    if len(found) < len(QUANTILES) or found["p95"] < found["p50"]:
        raise ValueError(f"{text!r} must have p50 and a p95 that is no less; {STARTUP_FORM}")
    return Startup(found["p50"], log(found["p95"] / found["p50"]) / NORMAL.inv_cdf(QUANTILES["p95"]))


def quantile(text: str) -> tuple[str, timedelta]:
    """Return a quantile's name and time."""
    name, sign, value = text.strip().partition("=")
    if not sign or name not in QUANTILES:
        raise ValueError(f"{text!r} is no quantile of start-up times; {STARTUP_FORM}")
    return name, duration(value)


def rate(text: str) -> float:
    """Return reclaims a day.

    Raises:
        ValueError: they are none, or too many.
    """
    found = number(text)
    if found > MOST_RECLAIMS:
        raise ValueError(f"{text} a replica and day are more than {MOST_RECLAIMS:,.0f}: nothing would start in between")
    return found


def silences(text: str) -> tuple[tuple[float, float], ...]:
    """Return silences in seconds since the start.

    Raises:
        ValueError: one is none.
    """
    return listed(text, silence)


def silence(text: str) -> tuple[float, float]:
    """Return one silence."""
    begin, sign, end = text.partition("-")
    if not sign:
        raise ValueError(f"{text!r} is no silence; {SILENCE_FORM}")
    found = parse_duration(begin).total_seconds(), parse_duration(end).total_seconds()
    if found[0] >= found[1]:
        raise ValueError(f"{text!r} ends before it has begun; {SILENCE_FORM}")
    return found
