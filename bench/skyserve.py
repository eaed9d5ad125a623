"""SkyServe's setting on the H100 zones: three replicas, on-demand three times as dear as spot, 120 s to start.

Availability is the share of the time in which three or more are ready; the cost is beside three on demand all the time.
The paper (arXiv 2411.01438) has 99 to 100 % for 45 to 58 % of the cost, on other traces. Figures are printed, not
judged.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

from published_page import DOCS, Json, Page, digests, file_of, paragraphs, percent, table
from skyserve_market import SPOT, START, Held, Keeper, Market, Operated, Peered, Ticks, held, spread
from spot_replay import TRACE, load
from stage import leave_with

from poolkeeper.core.engine import Engine
from poolkeeper.core.model import ON_DEMAND, CapacityType, Fallback, PoolSpec, Recovery, Tier
from poolkeeper.simulate.peers import Terms, peer

WANTED = 3
RATIO = 3
STARTUP = timedelta(seconds=120)
REGION = "us-central1"
PATIENCE = timedelta(minutes=30)
PUBLISHED = {"available": (0.99, 1.0), "cost": (0.45, 0.58)}
Maker = Callable[[Sequence[str]], Keeper]


def market(zones: dict[str, Ticks]) -> Market:
    """Return a market of zones at SkyServe's prices and start-up time."""
    return Market(zones, Decimal(RATIO), Decimal(1), STARTUP)


def by(name: str) -> Maker:
    """Return how a peer holds the three."""

    def made(zones: Sequence[str]) -> Keeper:
        tiers = (*(Tier(zone, CapacityType.SPOT) for zone in zones), ON_DEMAND)
        terms = Terms(Engine(), 1.0, 1.0, STARTUP, tiers, START)
        firm = name.startswith("static")
        first = dict.fromkeys(zones, 0) if firm else spread(WANTED, zones)
        return Peered(peer(name, WANTED, WANTED, terms), {ON_DEMAND.name: WANTED if firm else 0, **first})

    return made


def ours(spec: PoolSpec) -> Maker:
    """Return how the operator holds them."""
    return lambda zones: Operated(spec, zones)


POOL = PoolSpec(WANTED, WANTED, tiers=(SPOT, ON_DEMAND))
PATIENT = replace(SPOT, recovery=Recovery(PATIENCE, PATIENCE))
BARE = replace(SPOT, fallback=Fallback(max_replicas=0))
MAKERS: dict[str, Maker] = {
    "all on-demand": by(f"static={WANTED}"),
    "spot, no fallback": ours(replace(POOL, tiers=(BARE, ON_DEMAND))),
    "SkyServe, fallback": by("skyserve-spot"),
    "SkyServe, two more": by("skyserve-hedge"),
    "ours": ours(POOL),
    "ours, patient": ours(replace(POOL, tiers=(PATIENT, ON_DEMAND))),
    "ours, two more": ours(replace(POOL, min_replicas=WANTED + 2, max_replicas=WANTED + 2)),
}
WHOLE = "all zones"


def places(zones: dict[str, Ticks]) -> dict[str, dict[str, Ticks]]:
    """Return the sets of zones that a pool may use: each by itself, those of a region, all."""
    region = {zone: ticks for zone, ticks in zones.items() if zone.startswith(REGION)}
    alone: dict[str, dict[str, Ticks]] = {zone: {zone: ticks} for zone, ticks in sorted(zones.items())}
    return {**alone, f"{REGION}, {len(region)} zones": region, WHOLE: dict(sorted(zones.items()))}


def row(found: Held, firm: Held) -> dict[str, Any]:
    """Return the figures of a policy beside all on demand."""
    return {
        "available": round(found.available, 5),
        "ready": round(found.ready_share, 5),
        "cost": round(float(found.cost / firm.cost), 4),
        "on_demand_hours": round(found.on_demand_hours, 1),
        "spot_hours": round(found.spot_hours, 1),
        "changes": found.changes,
    }


def play() -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Yield the rows of each place, by policy."""
    for place, zones in places({**load(file_of(TRACE))}).items():
        there = market(zones)
        found = {name: held(maker(list(zones)), there, WANTED) for name, maker in MAKERS.items()}
        yield place, {name: row(one, found["all on-demand"]) for name, one in found.items()}


def inputs() -> Json:
    """Return what it is played on."""
    return {
        "traces": digests(TRACE),
        "wanted": WANTED,
        "prices": f"{RATIO}:1",
        "startup_seconds": STARTUP.total_seconds(),
        "rules": list(MAKERS),
    }


def tell(figures: Json) -> str:
    """Return the page."""
    found = {place: rows for place, rows in figures.items() if place != "inputs"}
    return paragraphs(
        "# Three replicas on spot, beside SkyServe",
        "<!-- not run: minutes of one core -->\n```sh\nmake bench-skyserve\n```",
        f"SkyServe's own setting: {WANTED} replicas are wanted all the time, on-demand costs {RATIO} times as much as "
        f"spot, and a replica takes {STARTUP.total_seconds():.0f} s from its machine to ready. The paper (arXiv "
        "2411.01438) has 99 to 100 % of the time available for 45 to 58 % of the cost of on-demand, on traces of "
        f"other clouds and years. Here the stock is that of `{TRACE}`: how many of 16 H100 instances could be had in "
        "each zone, every ten minutes for two weeks. This page is written by `bench/skyserve.py`.",
        "Each cell: the share of the time with three or more ready, in percent / the cost in percent of three on "
        "demand.",
        table(
            ["zones", *MAKERS], [[place, *map(cell, rows.values())] for place, rows in {**found, **mean(found)}.items()]
        ),
        verdict(found),
        NOTES,
    )


def mean(found: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """Return the mean of the zones that are by themselves, as one more place."""
    alone = [rows for place, rows in found.items() if place != WHOLE and " " not in place]
    return {
        f"mean of the {len(alone)} zones by themselves": {
            name: {key: fmean(rows[name][key] for rows in alone) for key in ("available", "cost")} for name in MAKERS
        }
    }


def cell(one: dict[str, float]) -> str:
    """Return a cell of the table."""
    return f"{percent(one['available'])} / {100 * one['cost']:.1f}"


def verdict(found: dict[str, dict[str, dict[str, float]]]) -> str:
    """Say where the published figures are reached, and by whom."""
    low, high = PUBLISHED["available"][0], PUBLISHED["cost"][1]
    lines = []
    for name in list(MAKERS)[1:]:
        good = [place for place, rows in found.items() if rows[name]["available"] >= low and rows[name]["cost"] <= high]
        reached = ", ".join(good) if good else "nowhere"
        lines.append(f"- {name}: {reached}")
    return paragraphs(
        f"At least {100 * low:.0f} % for at most {100 * high:.0f} % of the cost is reached by", "\n".join(lines)
    )


NOTES = """What is counted, and what differs from `bench/spot_replay.py`:

- A pool may hold as many instances of a zone as could be had at the last tick. What it holds beyond that is taken back
  with 30 s of notice, the youngest first. Under notice a replica serves no more, and is paid to its end. The trace
  counts launches that succeeded, so more is taken away here than the cloud may have done.
- Waiting for stock is free, loading is paid, on-demand can always be had. A pod that finds no stock is told so at once,
  where the other replay lets each launch take a minute until it is refused.
- A pool of ours has one spot tier. In which zone its pods land is for the node provisioner to say: here it asks again
  in the zone that has room and holds the fewest. SkyServe's peer has its placer, which learns zones by its losses.
- "Two more": five are asked for where three are needed. SkyServe lets on-demand stand in for no more than three of
  them, ours for each that is missing, as for any size that is wanted.
- The world is core's, the one that `poolkeeper simulate` plays in. There is no traffic in it, so a share of requests is
  not told: three that are ready are all that is asked."""

PAGE = Page("bench-skyserve", DOCS / "benchmarks" / "skyserve.md", inputs, play, tell)


if __name__ == "__main__":
    leave_with(lambda: PAGE.main(__doc__))
