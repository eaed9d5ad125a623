"""What a pool makes of a trace, told as the published cases are: GPUs on the average, the share inside, extra waits."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from published_page import SEED, STEP, trace_of

from poolkeeper.core.arrivals import Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.core.machines import Startup
from poolkeeper.core.model import ON_DEMAND, PoolSpec
from poolkeeper.core.world import Ground
from poolkeeper.simulate.peers import Terms, peer
from poolkeeper.simulate.replay import Case, Operator, Policy, Run, start_size
from poolkeeper.simulate.study import typical
from poolkeeper.simulate.traffic import draw

TRACE = "azure2024_conv_digitised"
SLA = timedelta(seconds=2)
STARTUP = timedelta(seconds=120)
HOUR = timedelta(hours=1)
PEAK = 3.6
"""Replicas that the busiest ten minutes need: four serve them with a tenth to spare."""
Row = dict[str, Any]


def traffic_of(engine: Engine, zone: tzinfo = UTC) -> Traffic:
    """Return the week of traffic, scaled so that its peak needs the same of any engine; its clock is that of a zone."""
    trace = trace_of(TRACE)
    local = replace(trace, start=trace.start.astimezone(zone))
    return draw(local, timedelta(seconds=STEP), SEED, peak_replicas=PEAK, engine=engine)


def faster(engine: Engine, times: int) -> Engine:
    """Return an engine that does everything so many times as fast, or has requests that are so many times shorter."""
    return replace(engine, prefill_rate=times * engine.prefill_rate, decode_rate=times * engine.decode_rate)


def case_of(traffic: Traffic, engine: Engine, bounds: tuple[int, int], startup: timedelta = STARTUP) -> Case:
    """Return a case whose costs are GPU-hours: one GPU a replica, at a price of one."""
    ground = Ground(engine, Startup(startup), prices={ON_DEMAND.name: Decimal(1)})
    return Case(traffic, ground, *bounds, start_size(traffic, ground, *bounds), SLA, SEED)


def ours(spec: PoolSpec, case: Case) -> Operator:
    """Return the operator with the bounds of a case."""
    return Operator(replace(spec, min_replicas=case.minimum, max_replicas=case.maximum))


def theirs(name: str, case: Case) -> Policy:
    """Return a peer by its name."""
    mean = typical(case.traffic)
    engine, startup = case.ground.engine, case.ground.startup.median
    return peer(name, case.minimum, case.maximum, Terms(engine, mean.prompt, mean.output, startup))


def lived(name: str, policy: Policy | Operator, case: Case) -> Row:
    """Return what a policy came to.

    The mean wait is, by Little's law, the mean queue over the requests a second.
    """
    run, step = Run(policy, case, jump=True), case.traffic.step
    queue = 0.0
    for place in range(len(case.traffic.arrivals)):
        run.step(place)
        queue += run.world.serving.waits.waiting
    played = run.played()
    return {
        "rule": name,
        "gpus": round(played.replica_hours / ((case.traffic.end - case.traffic.start) / HOUR), 3),
        "inside": round(played.in_sla, 5),
        "mean_wait_ms": round(1000 * queue * step.total_seconds() / played.requests, 1),
        "p50_ms": round(1000 * played.wait_p50, 1),
        "p95_ms": round(1000 * played.wait_p95, 1),
        "p99_ms": round(1000 * played.wait_p99, 1),
        "changes": played.changes,
    }


def setting() -> Mapping[str, object]:
    """Return what the traffic cases are played on, besides the trace."""
    return {
        "seed": SEED,
        "step_seconds": STEP,
        "peak_replicas": PEAK,
        "startup_seconds": STARTUP.total_seconds(),
        "sla_seconds": SLA.total_seconds(),
        "engine": asdict(Engine()),
    }
