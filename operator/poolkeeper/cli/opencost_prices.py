"""OpenCost's custom prices: a CSV file with a line for each node, type of node, GPU or volume.

Format: OpenCost's pkg/cloud/provider/csvprovider.go. A node is told by its InstanceID, which is what InstanceIDField
holds of it (its name, its provider's id, a label), or by its InstanceType; a price of a GPU comes on top of the node's.
OpenCost ignores EndTimestamp and Version, and knows no spot.
"""

from collections.abc import Iterator
from dataclasses import replace

from poolkeeper.api.places import GPU, INSTANCE
from poolkeeper.cli.price_imports import NO_PRICE, Cells, Notes, Terms, amount, table
from poolkeeper.core.prices import Row

COLUMNS = (
    "EndTimestamp",
    "InstanceID",
    "Region",
    "AssetClass",
    "InstanceIDField",
    "InstanceType",
    "MarketPriceHourly",
    "Version",
)
LABELS = "metadata.labels."

BESIDE = "left out, a node without its GPUs, which the file prices apart"
SINGLE = "left out, a single node: the book prices types of machines"
OTHER = "left out, neither a node nor a GPU"
OTHER_LABEL = "left out, a GPU by a label that the operator does not read"


def read(text: str, terms: Terms, notes: Notes) -> Iterator[Row]:
    """Yield the prices of a file.

    Raises:
        typer.BadParameter: it is no such file.
    """
    lines = [line for line in table(text, COLUMNS) if terms.wants(line["Region"])]
    apart = any(line["AssetClass"] == "gpu" for line in lines)
    for line in lines:
        reason, cost = left_out(line, apart=apart), amount(line["MarketPriceHourly"])
        if reason or cost is None:
            notes[reason or NO_PRICE] += 1
            continue
        row = terms.row(cost, line["Region"])
        yield replace(row, gpu=line["InstanceID"]) if is_gpu(line) else replace(row, instance=machine(line))


def left_out(line: Cells, *, apart: bool) -> str:
    """Return why the book has no place for a line, empty where it has; `apart`: the file prices GPUs by themselves."""
    if is_gpu(line):
        return "" if label(line) in GPU else OTHER_LABEL
    if line["AssetClass"] != "node":
        return OTHER
    if not machine(line):
        return SINGLE
    return BESIDE if apart else ""


def is_gpu(line: Cells) -> bool:
    """Return whether a line prices a GPU."""
    return line["AssetClass"] == "gpu"


def machine(line: Cells) -> str:
    """Return the type of machine that a line prices, empty where it prices one node."""
    return line["InstanceID"] if label(line) in INSTANCE else line["InstanceType"]


def label(line: Cells) -> str:
    """Return the label that tells a line's nodes, or whatever else does."""
    return line["InstanceIDField"].removeprefix(LABELS)
