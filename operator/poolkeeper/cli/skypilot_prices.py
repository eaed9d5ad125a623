"""SkyPilot's catalogs, `vms.csv`: a line for each machine, region and zone, on demand and on spot.

Format: github.com/skypilot-org/skypilot-catalog. Its catalog of GCP prices a machine without its GPUs; these are on
lines of their own, which name no machine (SkyPilot's gcp_catalog.py adds both; so does this).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from poolkeeper.cli.price_imports import NO_PRICE, Cells, Notes, Terms, amount, table
from poolkeeper.core.prices import ANY, Row

COLUMNS = ("InstanceType", "AcceleratorName", "AcceleratorCount", "Price", "SpotPrice", "Region")
GCP_FAMILIES = {
    "a2-highgpu": "A100",
    "a2-megagpu": "A100",
    "a2-ultragpu": "A100-80GB",
    "a3-highgpu": "H100",
    "a3-megagpu": "H100-MEGA",
    "a3-ultragpu": "H200",
    "a4-highgpu": "B200",
}
"""The GPUs of machines whose name ends in how many they have, as a2-highgpu-8g."""
GCP_SIZES = {
    "g2-standard": ("L4", {4: 1, 8: 1, 12: 1, 16: 1, 32: 1, 24: 2, 48: 4, 96: 8}),
    "g4-standard": ("RTXPRO6000", {48: 1, 96: 2, 192: 4, 384: 8}),
}
"""The GPUs of machines whose name ends in their CPUs."""

NO_GPU = "left out, no GPU (--all takes them)"
TPU = "left out, a TPU slice is priced as a whole"
APART = "left out, a GPU for machines of any type, whose own price is another line's"
NO_PARTNER = "left out, a machine whose GPUs have no price in its zone"

_MACHINE = re.compile(r"(.+)-(\d+)g?")


class Costs(NamedTuple):
    """What an hour costs, None where that is not known."""

    on_demand: Decimal | None = None
    spot: Decimal | None = None


Accelerators = dict[tuple[str, str, str], Costs]
"""What one GPU costs, by its name, region and zone."""


def read(text: str, terms: Terms, notes: Notes) -> Iterator[Row]:
    """Yield the prices of a catalog, zone by zone.

    Raises:
        typer.BadParameter: it is no such catalog.
    """
    lines = [line for line in table(text, COLUMNS) if terms.wants(line["Region"])]
    apart = accelerators(lines)
    for line in lines:
        kind = line["InstanceType"]
        if not kind or kind == "TPU-VM":
            note_apart(line["AcceleratorName"], notes)
            continue
        costs = whole(line, apart, terms, notes)
        for cost, spot in ((costs.on_demand, False), (costs.spot, True)):
            if cost is not None:
                row = terms.row(cost, line["Region"])
                yield replace(row, zone=line.get("AvailabilityZone") or ANY, instance=kind, spot=spot)


def whole(line: Cells, apart: Accelerators, terms: Terms, notes: Notes) -> Costs:
    """Return what a machine costs with its GPUs, on demand and on spot; None where that is not known or not asked."""
    own = costs_of(line)
    if own == Costs():
        notes[NO_PRICE] += 1
        return own
    attached = None if line["AcceleratorName"] else gpus(line["InstanceType"])
    if attached:
        name, count = attached
        each = apart.get((name, line["Region"], line.get("AvailabilityZone", "")), Costs())
        notes[NO_PARTNER] += each == Costs()
        return Costs(both(own.on_demand, each.on_demand, count), both(own.spot, each.spot, count))
    if not line["AcceleratorName"] and not terms.everything:
        notes[NO_GPU] += 1
        return Costs()
    return own


def both(machine: Decimal | None, gpu: Decimal | None, count: int) -> Decimal | None:
    """Return what a machine and its GPUs cost, None where either is not known."""
    return None if machine is None or gpu is None else amount(str(machine + count * gpu))


def accelerators(lines: Sequence[Cells]) -> Accelerators:
    """Return the GPUs that are priced without a machine."""
    found: Accelerators = {}
    for line in lines:
        count = amount(line["AcceleratorCount"])
        if not line["InstanceType"] and count:
            key = (line["AcceleratorName"], line["Region"], line.get("AvailabilityZone", ""))
            found[key] = Costs(*(None if cost is None else cost / count for cost in costs_of(line)))
    return found


def costs_of(line: Cells) -> Costs:
    """Return what a line says of on-demand and of spot."""
    return Costs(amount(line["Price"]), amount(line["SpotPrice"]))


def gpus(machine: str) -> tuple[str, int] | None:
    """Return the GPUs of a machine of GCP that always has some, as SkyPilot names them, and how many."""
    parts = _MACHINE.fullmatch(machine)
    if parts is None:
        return None
    family, number = parts[1], int(parts[2])
    if family in GCP_FAMILIES:
        return GCP_FAMILIES[family], number
    name, sizes = GCP_SIZES.get(family, ("", {}))
    return (name, sizes[number]) if number in sizes else None


def note_apart(name: str, notes: Notes) -> None:
    """Note an accelerator whose price is no machine's; those of GCP's own machines are added to them."""
    if name.lower().startswith("tpu"):
        notes[TPU] += 1
    elif name not in {*GCP_FAMILIES.values(), *(kind for kind, _ in GCP_SIZES.values())}:
        notes[APART] += 1
