"""`poolkeeper tune`: the cheapest thresholds, grace, guard, floor and windows that keep the SLA on unseen days."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import typer

from poolkeeper.cli import simulate_options as scene_options
from poolkeeper.cli import simulate_setting as settings
from poolkeeper.cli import tune_options as options
from poolkeeper.cli.connection import console, print_json
from poolkeeper.cli.load_history import Told, telling
from poolkeeper.cli.load_options import At, Days, Origin, Prometheus, PrometheusFile, Query
from poolkeeper.cli.manifest import read
from poolkeeper.cli.question import blaming, duration, option
from poolkeeper.cli.recommended_pool import Json
from poolkeeper.cli.schedule import refuse
from poolkeeper.cli.simulate import say
from poolkeeper.cli.simulate_delivery import printing
from poolkeeper.cli.simulate_limits import refuse_impossible, too_small
from poolkeeper.cli.simulate_pools import Given, pools_of
from poolkeeper.cli.simulate_remarks import remarks
from poolkeeper.cli.simulate_setting import Asked, median, rates
from poolkeeper.cli.simulate_traffic import reading, taken
from poolkeeper.cli.tune_options import Form, Last
from poolkeeper.cli.tune_pool import as_json, as_yaml
from poolkeeper.cli.tune_text import show
from poolkeeper.cli.tune_windows import proposed
from poolkeeper.core.lead import OBJECTIVE
from poolkeeper.simulate import tune as engine
from poolkeeper.simulate.study import Pool
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.tune import Question, Tuned
from poolkeeper.simulate.tune_lives import Days as Searched
from poolkeeper.simulate.tune_search import TuneError, optimiser

UNCUT = timedelta(0)
ONCE = (1.0,)
"""The trace is lived as it is."""


def tune(
    file: scene_options.File,
    trace: scene_options.Trace = None,
    start: scene_options.Start = None,
    prometheus: Prometheus = None,
    prometheus_file: PrometheusFile = None,
    query: Query = None,
    days: Days = 30,
    at: At = None,
    tokens: scene_options.Tokens = None,
    trials: options.Trials = 60,
    held_out: options.HeldOut = "30%",
    objective: options.Objective = None,
    seed: options.Seed = 7,
    startup: settings.Spread = None,
    sla: scene_options.Sla = None,
    peak_replicas: scene_options.PeakReplicas = None,
    step: scene_options.Step = "5s",
    gpu: scene_options.Gpu = None,
    engine_figures: scene_options.EngineFigures = None,
    gpus: scene_options.Gpus = None,
    price: scene_options.Price = None,
    spot_price: scene_options.SpotPrice = None,
    spot: settings.Spot = None,
    reclaims: settings.Reclaims = None,
    spot_prices: settings.SpotPrices = None,
    node_wait: settings.NodeWait = None,
    metric_delay: settings.MetricDelay = None,
    output: options.As = Form.TABLE,
) -> None:
    """Find the cheapest spec of a pool that keeps its SLA, on a trace or on the last days of a Prometheus.

    Tries thresholds, grace period, guard, floor, lead, the learned floor and windows as `recommend` proposes them, each
    lived with the operator's own rules as `simulate` does, on the first days; the best are judged on the last ones,
    which no trial has seen. Prints what nothing beats in both cost and requests in time, and the pool as YAML. Leaves
    with 2 where something given is wrong. Needs optuna, which the extra `tune` brings.

        [bold]poolkeeper tune -f chat.yaml --trace week.csv.gz --held-out 2d -o yaml > tuned.yaml[/bold]
    """
    checked(optimiser)
    wanted = Asked(startup, spot, reclaims, spot_prices, node_wait, metric_delay)
    given = Given(
        startup=median(wanted),
        sla=option("--sla", sla, duration),
        gpus=gpus,
        prices=rates(price, spot_price, wanted),
        setting=settings.setting(wanted),
    )
    load = reading(Origin(prometheus, prometheus_file, query, days, at, trace, start), tokens)
    body, pool, notes = only(file, given)
    cut = option("--held-out", held_out, options.held_out) or Last()
    scene = scene_options.scene(gpu, engine_figures, step, peak_replicas)
    asked = Question(
        raw=body["spec"],
        days=Searched(pool, scene, seed, UNCUT),
        objective=option("--objective", objective, options.percent) or usual(pool),
        trials=trials,
    )
    source = taken(load)
    refuse_impossible([pool], scene, source.trace, ONCE)
    assumed = [*scene_options.guessed(gpu, engine_figures), *source.notes]
    assumed += remarks([pool], wanted, source.trace)
    say([*notes, *assumed, *too_small([pool], scene, source.trace, ONCE)])
    question, found = tuned(body, asked, source.trace, cut)
    with printing():
        tell(body, output, (question, source.trace, found))


def checked(act: Callable[[], object]) -> None:
    """Do it; leave with 2 where the pool cannot be tuned."""
    try:
        act()
    except TuneError as error:
        refuse([str(error)])


def only(file: Path, given: Given) -> tuple[Json, Pool, list[str]]:
    """Return the pool of a file as it is written and as it is lived, and what was guessed."""
    pools, notes = pools_of(file, given)
    if len(pools) > 1:
        raise typer.BadParameter(f"{file} holds {len(pools)} pools; give one pool in a file", param_hint="-f")
    return read(file)[0], pools[0], notes


def usual(pool: Pool) -> float:
    """Return the share that is to be inside where nobody says: what the pool promises, else what lead aims for."""
    slo = pool.spec.slo
    return (slo.objective_percent if slo else OBJECTIVE) / 100


def tuned(body: Json, asked: Question, trace: Trace, cut: Last) -> tuple[Question, Tuned]:
    """Return the question for a trace, and what was found; show how far it is."""
    with telling() as told:
        with blaming("--held-out"):
            days = replace(asked.days, searched=cut.searched(trace))
        question = replace(asked, days=days, schedule=proposed(body, trace, days, before(told)))
        return question, engine.tune(question, trace, told)


def before(told: Told) -> Told:
    """Return what tells of a search for windows."""
    return lambda words, share: told(f"windows: {words}", share)


def tell(body: Json, output: Form, answer: tuple[Question, Trace, Tuned]) -> None:
    """Print what was found, and the pool that it comes to."""
    question, trace, found = answer
    if output is Form.JSON:
        print_json(as_json(body, question, found))
    elif output is Form.YAML:
        print(as_yaml(body, question, found), end="")
    else:
        show(console, question, trace, found)
        if not found.stays:
            console.print("\n[bold]The pool with this[/bold]")
            console.print(as_yaml(body, question, found), markup=False)
