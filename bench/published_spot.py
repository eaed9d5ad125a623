"""The third published case: ten GPUs at $ 30,000 become one on demand and nine on spot at $ 11,000."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from published_page import Json, dollars, file_of, numbered, paragraphs, percent, price_of, table
from published_queue import said
from skyserve_market import SPOT, Market, Operated, held
from spot_replay import TRACE, load

from poolkeeper.core.model import ON_DEMAND, Fallback, Guaranteed, PoolSpec

WANTED, FIRM = 10, 1
DOLLARS = Decimal(30_000), Decimal(11_000)
HOURS = Decimal(730)
LAUNCH, LOAD = timedelta(seconds=60), timedelta(seconds=180)
ZONES = ("asia-south2-b", "us-central1-a", "us-central1-c", "us-east4-a", "us-east5-a")
"""The calmest, and those that bench/spot_replay.py has."""
REGION = "us-central1"
ENOUGH = 0.98
Row = dict[str, Any]
POOL = PoolSpec(WANTED, WANTED, tiers=(SPOT, ON_DEMAND), guaranteed=Guaranteed(FIRM))
BARE = replace(POOL, tiers=(replace(SPOT, fallback=Fallback(max_replicas=0)), ON_DEMAND))
RULES = {"as published: 1 + 9, no fallback": BARE, "ours by default": POOL}


def prices() -> tuple[Decimal, Decimal]:
    """Return what a GPU and an hour cost on demand and on spot where both figures hold."""
    firm = price_of(DOLLARS[0], WANTED)
    return firm, (DOLLARS[1] / HOURS - FIRM * firm) / (WANTED - FIRM)


def places(zones: dict[str, list[int]]) -> dict[str, dict[str, list[int]]]:
    """Return the sets of zones to play in."""
    region = {zone: ticks for zone, ticks in zones.items() if zone.startswith(REGION)}
    return {**{zone: {zone: zones[zone]} for zone in ZONES}, f"{REGION}, {len(region)} zones": region}


def play() -> Iterator[Row]:
    """Yield what each rule comes to in each place."""
    firm, spot = prices()
    for place, zones in places(load(file_of(TRACE))).items():
        market = Market(zones, firm, spot, LOAD, LAUNCH)
        for name, spec in RULES.items():
            found = held(Operated(spec, list(zones)), market, WANTED)
            month = found.cost * HOURS * 3600 / Decimal(market.seconds)
            yield {
                "place": place,
                "rule": name,
                "month": round(float(month)),
                "full": round(found.available, 5),
                "ready": round(found.ready_share, 5),
                "changes": found.changes,
            }


def settings() -> Json:
    """Return what the rows are of."""
    return {"zones": ZONES, "launch": LAUNCH.total_seconds(), "load": LOAD.total_seconds(), "rules": list(RULES)}


def tell(rows: list[Row]) -> str:
    """Return the section."""
    header = ("zones", "rule", "a month", "all ten ready, %", "ready of ten, %", "changes")
    cells = [
        (row["place"], row["rule"], dollars(row["month"]), percent(row["full"]), percent(row["ready"]), row["changes"])
        for row in rows
    ]
    return paragraphs(
        "## $ 30,000 to $ 11,000 on spot",
        "Published: 10 GPUs at $ 30,000 a month become 1 on demand and 9 on spot at $ 11,000.",
        arithmetic(),
        f"The replay: ten replicas wanted all the time, on the stock of `{TRACE}`, at those two prices. A launch takes "
        f"{LAUNCH.total_seconds():.0f} s and is free, a load takes {LOAD.total_seconds():.0f} s and is paid; what is "
        "taken back has 30 s of notice. [Three replicas on spot](benchmarks/skyserve.md) says what is counted.",
        table(header, cells),
        "Changes are those of the sizes that are asked for. Without fallback nine stay asked for in a zone, however "
        "few of them there are; in several zones they move from one to another.",
        verdict(rows),
    )


def arithmetic() -> str:
    """Return the reckoning."""
    firm, spot = prices()
    return numbered(
        [
            f"$ 30,000 / (730 h x 10 GPUs) = $ {firm:.3f} for a GPU and an hour on demand.",
            (
                f"$ 11,000 / 730 h = $ {DOLLARS[1] / HOURS:.3f} an hour for all ten, less $ {firm:.3f} for the one "
                "on demand: "
                f"$ {DOLLARS[1] / HOURS - firm:.3f} for nine, $ {spot:.3f} for each on spot."
            ),
            (
                f"So spot costs {100 * spot / firm:.1f} % of on-demand, a discount of {100 - 100 * spot / firm:.1f} "
                "%, which "
                "clouds do offer. The figure adds up where spot can always be had."
            ),
        ]
    )


def verdict(rows: list[Row]) -> str:
    """Say where the figure is reached."""
    lines = []
    for name in RULES:
        mine = [row for row in rows if row["rule"] == name]
        cheap = {row["place"] for row in mine if row["month"] <= DOLLARS[1] * Decimal("1.01")}
        good = [row["place"] for row in mine if row["place"] in cheap and row["ready"] >= ENOUGH]
        lines.append(
            f"- {name.capitalize()}: $ 11,000 to a hundredth, with 98 % of the ten ready, {said(bool(good))} in "
            f"{', '.join(good) or 'any place'}.{missing([row for row in mine if row['place'] in cheap])}"
        )
    ours = [row for row in rows if row["rule"] == list(RULES)[-1]]
    low, high = min(row["month"] for row in ours), max(row["month"] for row in ours)
    lines += [
        f"- Held by fallback, the ten cost {dollars(low)} to {dollars(high)}, by how often the zone has none.",
        "- What makes it add up: a zone that always has spot, or spot that is cheaper by what the fallback costs.",
    ]
    return "\n".join(lines)


def missing(cheap: list[Row]) -> str:
    """Say which of the cheap are so because replicas are missing; nothing where none is."""
    short = [row for row in cheap if row["ready"] < ENOUGH]
    if not short:
        return ""
    places = "; ".join(f"{row['place']} ({percent(row['ready'])} % ready)" for row in short)
    return f" Elsewhere the bill is as low because replicas are missing: {places}."
