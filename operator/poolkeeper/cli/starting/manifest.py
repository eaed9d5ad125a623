"""Facts -> the lines of a first pool, each with its reason."""

from collections.abc import Iterator

from poolkeeper.api.capacity import Capacity
from poolkeeper.api.names import API_VERSION, KIND
from poolkeeper.api.pinning import is_pinned
from poolkeeper.api.providers import Provider, provider
from poolkeeper.api.target import DEPLOYMENT
from poolkeeper.cli.recommended_pool import plain
from poolkeeper.cli.starting.bounds import Bounds
from poolkeeper.cli.starting.facts import Asked, Facts
from poolkeeper.cli.starting.lines import Line, scalar

ABOVE, BELOW = 5.0, 1.0
"""What counts where a pool says nothing."""


def pool(facts: Facts, bounds: Bounds, asked: Asked) -> Iterator[Line]:
    """Yield the lines of a pool."""
    there = facts.pool or facts.namesake is not None
    then = "compare it with the pool that is there" if there else "read it, then apply it"
    yield Line("", f"A first pool for {facts.shown} in {facts.namespace}, by what was found there: {then}.")
    yield Line(f"apiVersion: {API_VERSION}")
    yield Line(f"kind: {KIND}")
    yield Line("metadata:")
    yield Line(f"  name: {scalar(facts.name)}", "as the workload; kubectl get ipool finds it")
    yield Line(f"  namespace: {scalar(facts.namespace)}", "the workload's own")
    yield Line("spec:")
    yield from target(facts)
    yield from mode(facts)
    yield Line(f"  minReplicas: {bounds.least}", bounds.why_least)
    yield Line(f"  maxReplicas: {bounds.most}", bounds.why_most)
    yield from queue(facts, bounds)
    yield Line("  slo:")
    yield Line(
        f"    queueTime: {asked.queue_time}", "how long a request may wait; nothing shrinks while too many wait longer"
    )
    yield Line("    objectivePercent: 99", "the share of requests that must not wait longer")
    yield from schedule(bounds)
    yield from capacity(facts, bounds)
    yield from cost(facts, asked)


def target(facts: Facts) -> Iterator[Line]:
    """Yield what the pool scales."""
    yield Line("  targetRef:")
    if facts.kind != DEPLOYMENT.name:
        yield Line(f"    kind: {facts.kind}", "without it, a Deployment")
    gpus = f"{facts.gpus.normalize():f} GPU{'' if facts.gpus == 1 else 's'} each" if facts.gpus else "GPUs unknown"
    yield Line(
        f"    name: {scalar(facts.name)}", f"{facts.replicas} replica{'' if facts.replicas == 1 else 's'} now, {gpus}"
    )


def mode(facts: Facts) -> Iterator[Line]:
    """Yield who writes the size."""
    if facts.beside:
        names = " and ".join(one.name for one in facts.beside)
        yield Line(
            "  mode: Observe", f"decides and writes nothing while {names} scales it: poolkeeper migrate hands over"
        )
    else:
        yield Line("  mode: Active", "writes the size; Observe would only decide and explain")


def queue(facts: Facts, bounds: Bounds) -> Iterator[Line]:
    """Yield where demand is read, and thresholds where history has better ones than the defaults."""
    yield Line("  queue:")
    yield Line("    sources:")
    yield Line("    - name: pods", "each pod's own metrics page, asked every second")
    page = facts.page
    if page.engine:
        yield Line("      pods:")
        yield Line(f"        engine: {page.engine}", page.because)
        yield Line(f"        port: {scalar(page.port)}", "where its page is")
    else:
        yield Line("      pods: {}", "neither page nor image told which engine it is: the operator finds out")
    if bounds.above is not None and bounds.above != ABOVE:
        yield Line("    scaleUp:")
        yield Line(
            f"      above: {plain(bounds.above)}", "waiting requests for each replica above which it grows, by history"
        )
    if bounds.below is not None and bounds.below != BELOW:
        yield Line("    scaleDown:")
        yield Line(f"      below: {plain(bounds.below)}", "waiting requests for each that stays under which it shrinks")


def schedule(bounds: Bounds) -> Iterator[Line]:
    """Yield the windows that history shows; without any, nothing."""
    if not bounds.windows:
        return
    yield Line("  schedule:")
    yield Line(f"    timezone: {bounds.timezone}", "the walls that the hours are read on")
    yield Line("    windows:")
    for one in bounds.windows:
        found = one.found
        most = f", maxReplicas: {found.max_replicas}" if found.max_replicas is not None else ""
        times = f'days: {found.days}, from: "{found.begin}", to: "{found.end}"'
        yield Line(f"    - {{name: {found.name}, {times}, minReplicas: {found.min_replicas}{most}}}", one.why)


def spot_of(facts: Facts) -> Provider | None:
    """Return whose spot nodes a part of the pool may run on, None where there are none or it is no Deployment."""
    seen = [name for name, count in facts.spot.items() if count]
    return provider("auto", seen) if seen and facts.kind == DEPLOYMENT.name else None


def capacity(facts: Facts, bounds: Bounds) -> Iterator[Line]:
    """Yield the tiers where spot nodes were seen and the target is held on the others."""
    found = spot_of(facts)
    if found is None:
        return
    count = facts.spot[found.name]
    if not is_pinned(facts.pod, found):
        words = (
            f"spot nodes of {found.name} are there ({count}), but nothing keeps the target itself off them. "
            "Pin it first (the command stands beside this file), then add capacity: {}, as in "
            "docs/how-to/run-on-spot.md"
        )
        yield Line("  ", words)
        return
    first, second = Capacity().tiers
    yield Line("  capacity:")
    yield Line("    guaranteed:")
    yield Line(f"      base: {bounds.least}", "the floor stays where nothing is reclaimed")
    yield Line("    tiers:")
    yield Line(
        f"    - {{name: {first.name}, type: Spot, provider: {found.name}}}", f"such nodes are there now: {count}"
    )
    yield Line(
        f"    - {{name: {second.name}, type: OnDemand}}",
        "the target itself, pinned already; takes over what spot lacks",
    )


def cost(facts: Facts, asked: Asked) -> Iterator[Line]:
    """Yield what is to be said of money: GPUs that nobody tells of, and a budget that is asked for."""
    if facts.gpus and not asked.budget and not asked.price:
        return
    yield Line("  cost:")
    if not facts.gpus:
        yield Line(
            "    gpusPerReplica: 1", "a guess: its pods ask for no GPU by name (devices of resource claims do not tell)"
        )
    if asked.budget or asked.price:
        yield Line(f"    currency: {asked.currency}", "that of all prices")
    if asked.price:
        yield Line(f'    pricePerGPUHour: {{on-demand: "{asked.price}"}}', "as given; it goes before the price book's")
    if asked.budget:
        yield Line("    budget:")
        yield Line(f'      monthly: "{asked.budget}"', "as asked; alerts at 50, 80 and 100 %, and holds nothing back")
