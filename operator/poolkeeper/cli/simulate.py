"""`poolkeeper simulate`: what a pool would have cost and served on a trace, beside other scalers and the bound."""

from collections.abc import Sequence
from pathlib import Path

import typer

from poolkeeper.cli import simulate_options as options
from poolkeeper.cli import simulate_setting as settings
from poolkeeper.cli.connection import complaints, console, print_json
from poolkeeper.cli.load_history import telling
from poolkeeper.cli.load_options import At, Days, Origin, Prometheus, PrometheusFile, Query
from poolkeeper.cli.question import blaming, duration, option
from poolkeeper.cli.report_delivery import write
from poolkeeper.cli.simulate_delivery import OPTION, printing, writable
from poolkeeper.cli.simulate_html import html
from poolkeeper.cli.simulate_json import as_json
from poolkeeper.cli.simulate_limits import refuse_impossible, too_small, undrawn
from poolkeeper.cli.simulate_options import Form
from poolkeeper.cli.simulate_pools import Given, pools_of
from poolkeeper.cli.simulate_remarks import remarks
from poolkeeper.cli.simulate_setting import Asked, median, rates
from poolkeeper.cli.simulate_shown import Shown
from poolkeeper.cli.simulate_text import show
from poolkeeper.cli.simulate_traffic import reading, taken
from poolkeeper.simulate.fleets import FleetError, live
from poolkeeper.simulate.study import Entry, Pool, Scene, entries, trials
from poolkeeper.simulate.trace import Trace

HTML_NAME = "simulate.html"


def simulate(
    file: options.File,
    trace: options.Trace = None,
    start: options.Start = None,
    prometheus: Prometheus = None,
    prometheus_file: PrometheusFile = None,
    query: Query = None,
    days: Days = 30,
    at: At = None,
    tokens: options.Tokens = None,
    against: options.Against = options.STATIC,
    what_if: options.WhatIf = None,
    load: options.Load = "1",
    seeds: options.Seeds = 1,
    seed: options.Seed = 7,
    startup: settings.Spread = None,
    sla: options.Sla = None,
    peak_replicas: options.PeakReplicas = None,
    step: options.Step = "5s",
    gpu: options.Gpu = None,
    engine: options.EngineFigures = None,
    gpus: options.Gpus = None,
    price: options.Price = None,
    spot_price: options.SpotPrice = None,
    spot: settings.Spot = None,
    reclaims: settings.Reclaims = None,
    spot_prices: settings.SpotPrices = None,
    node_wait: settings.NodeWait = None,
    metric_delay: settings.MetricDelay = None,
    silence: settings.Silence = None,
    on: options.On = None,
    html_file: options.Html = None,
    output: options.As = Form.TABLE,
) -> None:
    r"""Say what pools would have cost, and how long requests would have waited, before they are applied.

    Lives a trace, or the last days of a Prometheus, with the operator's own rules in a model of the engines: tokens,
    batches, start-up time, bursts, spot. Beside it stand other scalers with the same traffic, the pool with fields of
    its spec changed, and the bound: the fewest replica-hours that could have served all of it within the SLA by whoever
    knows the future. Leaves with 2 where something given is wrong.

        [bold]poolkeeper simulate -f chat.yaml --trace week.csv.gz --peak-replicas 8 --against all[/bold]
    """
    read = reading(Origin(prometheus, prometheus_file, query, days, at, trace, start), tokens)
    asked = Asked(startup, spot, reclaims, spot_prices, node_wait, metric_delay, silence)
    given = Given(
        startup=median(asked),
        sla=option("--sla", sla, duration),
        gpus=gpus,
        prices=rates(price, spot_price, asked),
        setting=settings.setting(asked),
        peers=option("--against", against, options.peers) or (),
        changes=tuple(what_if or ()),
    )
    pools, notes = pools_of(file, given)
    scene = options.scene(gpu, engine, step, peak_replicas)
    loads = option("--load", load, options.loads) or ()
    if html_file is not None:
        writable(html_file)
    source = taken(read)
    refuse_impossible(pools, scene, source.trace, loads)
    notes += [*options.guessed(gpu, engine), *source.notes, *too_small(pools, scene, source.trace, loads)]
    notes += [*undrawn(source.trace, scene.step, loads, seeds), *remarks(pools, asked, source.trace)]
    say(notes)
    found = studied(pools, scene, source.trace, (loads, range(seed, seed + seeds), on))
    origin = str(trace) if trace else f"{days} days of {prometheus}"
    tell(Shown(pools, scene, source.trace, found, origin, notes, asked), output, html_file)


Draws = tuple[tuple[float, ...], range, str | None]
"""The loads, the seeds, and where they are lived."""


def say(notes: Sequence[str]) -> None:
    """Print notes beside the answer."""
    for note in notes:
        complaints.print(f"note: {note}", markup=False)


def studied(pools: list[Pool], scene: Scene, trace: Trace, draws: Draws) -> list[Entry]:
    """Return what comes of all trials; leave with 2 where one cannot be lived."""
    loads, seeds, on = draws
    planned = list(trials(pools, scene, loads, seeds))
    try:
        with telling() as told:
            words = f"living {len(planned)} trial{'s' if len(planned) > 1 else ''}"
            rows = live(planned, trace, on, lambda share: told(words, share))
    except FleetError as error:
        raise typer.BadParameter(str(error), param_hint="--on") from error
    return entries(rows)


def tell(shown: Shown, output: Form, html_file: Path | None) -> None:
    """Print a study, and write its report."""
    if html_file is not None:
        with blaming(OPTION):
            complaints.print(f"report: {write(html(shown), html_file, HTML_NAME)}", markup=False)
    with printing():
        if output is Form.JSON:
            print_json(as_json(shown))
        else:
            show(console, shown)
