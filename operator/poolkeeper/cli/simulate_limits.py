"""What a study is held to before a minute of it is lived: traffic that pools of this size have to do with."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from poolkeeper.cli.schedule import refuse
from poolkeeper.simulate.study import Pool, Scene
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.traffic import peak

MOST_TIMES = 50
"""So many times maxReplicas may the busiest minutes need: beyond it a queue only grows, and takes long to live."""
MOST_REPLICAS = 5_000
"""So many may the busiest minutes need of a pool that has fewer itself."""
WHOLE = 100
"""So many replicas need no fraction."""
UNCOUNTED = 1_000_000_000


def refuse_impossible(pools: Sequence[Pool], scene: Scene, trace: Trace, loads: Sequence[float]) -> None:
    """Leave with 2 where nothing came, or far more than any of the pools could ever serve."""
    if not any(one.requests for one in trace.bins):
        refuse(["a trace without a request has nothing to live: no requests, no waits, no peak to scale"])
    needed = busiest(scene, trace) * max(loads)
    for pool in pools:
        most = pool.spec.max_replicas
        if needed > min(MOST_TIMES * most, max(MOST_REPLICAS, most)):
            why = f"the busiest minutes need {counted(needed)} replicas and maxReplicas is {most}: too much to live"
            refuse([f"{pool.name}: {why}; lower {cause(scene, loads)}, or raise maxReplicas"])


def cause(scene: Scene, loads: Sequence[float]) -> str:
    """Return what makes the traffic as large as it is."""
    found = ["--load"] if max(loads) > 1 else []
    return " or ".join([*found, "--peak-replicas" if scene.peak_replicas else "the requests and tokens of the trace"])


def too_small(pools: Sequence[Pool], scene: Scene, trace: Trace, loads: Sequence[float]) -> Iterator[str]:
    """Yield which pools cannot hold the traffic, however they are scaled."""
    load = max(loads)
    needed, with_load = busiest(scene, trace) * load, f" with --load {load:g}" if load != 1 else ""
    for pool in pools:
        if needed > pool.spec.max_replicas:
            yield (
                f"{pool.name}: the busiest minutes need {counted(needed)} replicas{with_load} and maxReplicas is "
                f"{pool.spec.max_replicas}: --peak-replicas scales the trace, --gpu and --engine what a replica can do"
            )


def undrawn(trace: Trace, step: timedelta, loads: Sequence[float], seeds: int) -> Iterator[str]:
    """Yield that seeds tell nothing where the bins are counted as finely as time passes."""
    if seeds > 1 and round(trace.width / step) <= 1 and min(loads) >= 1:
        yield "the bins of the trace are no wider than --step: no bursts are drawn in them, and --seeds changes nothing"


def counted(replicas: float) -> str:
    """Return a number of replicas in words that stay short."""
    if replicas > UNCOUNTED:
        return f"more than {UNCOUNTED:,}"
    return f"{replicas:.3g}" if replicas < WHOLE else f"{replicas:,.0f}"


def busiest(scene: Scene, trace: Trace) -> float:
    """Return how many replicas the busiest minutes need."""
    return scene.peak_replicas or peak(trace, scene.engine)
