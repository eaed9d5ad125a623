"""The start-up cliff: what a longer start does to the share inside and to the number of changes, ours beside peers.

Published for another planner: a cliff at 100 to 120 s. The first day of two traces, scaled to a peak of eight
replicas, one seed. Figures are printed, not judged.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from cliff_plot import curves
from published_page import DOCS, SEED, STEP, Json, Page, digests, paragraphs, percent, table, trace_of
from stage import leave_with

from poolkeeper.core.arrivals import Traffic
from poolkeeper.core.model import ON_DEMAND, PoolSpec
from poolkeeper.simulate.bound import Bound, bound
from poolkeeper.simulate.replay import replay
from poolkeeper.simulate.study import OURS, Entrant, Pool, Scene, case, drawn, over, policy
from poolkeeper.simulate.study import Trial as Life
from poolkeeper.simulate.trace import Trace

TRACES = ("azure2024_conv_digitised", "servegen_m_small")
DAYS = timedelta(days=1)
PEAK, MOST = 8, 16
SLA = timedelta(seconds=2)
STARTUPS = (0, 30, 60, 120, 240, 420, 600)
PEERS = ("hpa-load", "keda", "keda-load", "kpa", "apa", "ray")
POLICIES = (OURS, *PEERS)
SPEC = PoolSpec(2, MOST)
SCENE = Scene(step=timedelta(seconds=STEP), peak_replicas=PEAK)
ALMOST = 0.99
Found = dict[str, Any]


def first_days(trace: Trace) -> Trace:
    """Return the first days of a trace."""
    many = round(DAYS / trace.width)
    return replace(trace, bins=trace.bins[:many], dispersion=trace.dispersion[:many])


def pool(startup: int) -> Pool:
    """Return the pool with a start-up time in seconds."""
    entrants = (Entrant(OURS, SPEC), *map(Entrant, PEERS))
    return Pool(OURS, SPEC, entrants, timedelta(seconds=startup), SLA, {ON_DEMAND.name: Decimal(1)})


def play() -> Iterator[tuple[str, list[Found]]]:
    """Yield the rows of each trace and start-up time."""
    for name in TRACES:
        traffic = drawn(first_days(trace_of(name)), SCENE, 1.0, SEED)
        least = bound(traffic, SCENE.engine, SLA, SPEC.min_replicas)
        for startup in STARTUPS:
            there = pool(startup)
            lives = [Life(there, entrant, SCENE, 1.0, SEED) for entrant in there.entrants]
            yield f"{name}/{startup}", [row(life, traffic, least) for life in lives]


def row(life: Life, traffic: Traffic, least: Bound) -> Found:
    """Return the figures of one policy; the bound starts its replicas in no time."""
    played = replay(policy(life, traffic, least), case(life, traffic), jump=True)
    return {
        "policy": life.entrant.policy,
        "in_sla": round(played.in_sla, 5),
        "changes": played.changes,
        "cost_over_bound": round(over(played.replica_hours, least.replica_hours), 3),
        "wait_p99": round(played.wait_p99, 2),
    }


def inputs() -> Json:
    """Return what it is played on."""
    return {
        "traces": digests(*TRACES),
        "days": DAYS.days,
        "step_seconds": STEP,
        "seed": SEED,
        "peak_replicas": PEAK,
        "bounds": [SPEC.min_replicas, MOST],
        "startups": list(STARTUPS),
        "policies": list(POLICIES),
    }


def tell(figures: Json) -> str:
    """Return the page."""
    return paragraphs(
        "# The start-up cliff",
        "<!-- not run: minutes of one core -->\n```sh\nmake bench-cliff\n```",
        f"What happens to a pool when its replicas take longer to start, from nothing to ten minutes: the first "
        f"{DAYS.days * 24} hours of each trace in steps of {STEP} s, scaled to a peak of {PEAK} replicas "
        f"([how](../how-to/simulate-a-pool.md#make-it-yours)), 2 to {MOST} allowed, "
        f"a wait of at most {SLA.total_seconds():.0f} s inside. Ours as it comes, the others with their defaults. For "
        "another planner a cliff at 100 to 120 s was published. This page is written by `bench/cliff.py`.",
        *(section(name, figures) for name in TRACES),
    )


def section(name: str, figures: Json) -> str:
    """Return the part of one trace."""
    found = {startup: {one["policy"]: one for one in figures[f"{name}/{startup}"]} for startup in STARTUPS}
    shares = {policy: [100 * rows[policy]["in_sla"] for rows in found.values()] for policy in POLICIES}
    return paragraphs(
        f"## `{name}`",
        curves(STARTUPS, shares, f"Share inside the SLA by start-up time, {name}"),
        "Share inside, in percent:",
        table(
            header(), [[policy, *(percent(rows[policy]["in_sla"]) for rows in found.values())] for policy in POLICIES]
        ),
        "Replica-hours over the bound, under 1 by who serves less than the SLA asks / changes of size:",
        table(header(), [[policy, *(dear(rows[policy]) for rows in found.values())] for policy in POLICIES]),
        verdict(found),
    )


def header() -> list[str]:
    """Return the head of a table by start-up time."""
    return ["policy", *(f"{startup} s" for startup in STARTUPS)]


def dear(one: Found) -> str:
    """Return a cell of costs and changes."""
    return f"{one['cost_over_bound']:.2f} / {one['changes']}"


def verdict(found: dict[int, dict[str, Found]]) -> str:
    """Say up to which start-up time each stays inside, and where it falls most between two."""
    lines = []
    for name in POLICIES:
        shares = [rows[name]["in_sla"] for rows in found.values()]
        held = [startup for startup, share in zip(STARTUPS, shares, strict=True) if share >= ALMOST]
        falls = [before - after for before, after in pairwise(shares)]
        place = max(range(len(falls)), key=falls.__getitem__)
        reach = (
            f"{100 * ALMOST:.0f} % inside at {', '.join(f'{one} s' for one in held)}" if held else "never 99 % inside"
        )
        lines.append(f"- {name}: {reach}; {fall(place, falls[place])}.")
    return "\n".join(lines)


def fall(place: int, share: float) -> str:
    """Return between which start-up times a share falls, and by how much; what shows as 0.00 points is no fall."""
    points = f"{100 * share:.2f}"
    if float(points) <= 0:
        return "does not fall"
    return f"falls most from {STARTUPS[place]} to {STARTUPS[place + 1]} s, by {points} points"


PAGE = Page("bench-cliff", DOCS / "benchmarks" / "start-up.md", inputs, play, tell)


if __name__ == "__main__":
    leave_with(lambda: PAGE.main(__doc__))
