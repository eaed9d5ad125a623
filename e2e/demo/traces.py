"""The workload's file: the trace as it is found on this machine, with the rush in it, where the fleet can read it."""

import csv
import gzip
from pathlib import Path

from demo.scenario import TRACE, rushed
from fleet.shapes import named
from fleet.trace import Trace


def prepare(directory: Path) -> tuple[str, str]:
    """Write the workload into `directory`; returns what it was made from, and the name that the fleet loads it by."""
    found = named(TRACE)
    write(rushed(found), directory / f"{found.name}.csv.gz")
    return found.name, str(directory / found.name)


def write(trace: Trace, path: Path) -> None:
    """Write a trace as `fleet.trace.load` reads it."""
    with gzip.open(path, "wt", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("second", "requests", "prompt_tokens", "output_tokens"))
        for number, each in enumerate(trace.bins):
            rows.writerow((number * trace.width, each.requests, each.prompt_tokens, each.output_tokens))
