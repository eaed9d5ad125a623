"""The whole demo: boot, play, clear up, sum up."""

import json
import sys
import time
from pathlib import Path

from rich.console import Console

from controlplane import BootError, KubectlError
from controlplane.build import BuildError
from controlplane.readiness import NotInTimeError
from demo import traces
from demo.ground import REPOSITORY, stage
from demo.leaving import Ears
from demo.objects import WORKLOAD
from demo.record import Record
from demo.result import result
from demo.scenario import LENGTH, SPEED, pool_words, scaled_words, workload_words
from demo.summary import summary, where
from demo.view import step, view
from demo.watch import OperatorGoneError, Watch
from fleet import FleetError

PAUSE = 0.25
OUT = REPOSITORY / "out" / "demo.json"


def run(ears: Ears) -> int:
    """Play it on standard output; returns the exit code."""
    try:
        play(Console(highlight=False), ears)
    except (
        BootError,
        BuildError,
        FleetError,
        KubectlError,
        NotInTimeError,
        OperatorGoneError,
        ConnectionError,
    ) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def play(console: Console, ears: Ears) -> None:
    """Show it all; leaves `out/demo.json`, and nothing else."""
    began = time.monotonic()
    console.print("[bold]A pool follows its queue[/bold]. Booting a real Kubernetes on this machine:")
    with stage(step) as watch:
        record = replay(watch, console)
        ears.cover()
    ears.uncover()
    told = result(record)
    keep(told)
    console.print(summary(record, told))
    console.print(where(str(OUT.relative_to(REPOSITORY)), time.monotonic() - began))


def replay(watch: Watch, console: Console) -> Record:
    """Send the requests of the trace, and look on until it ends."""
    trace, name = traces.prepare(watch.cluster.directory)
    console.print(f"\nReplaying {workload_words(trace)}.\n{pool_words()}\n{scaled_words()}")
    console.print(f"It ends in {LENGTH.total_seconds() / SPEED:.0f} s; Ctrl-C ends it at any moment.")
    record = Record(trace)
    with view(console) as show:
        watch.fleet.load(WORKLOAD, name)
        watch.begin()
        while watch.now < LENGTH.total_seconds():
            watch.look(record)
            show(record)
            time.sleep(PAUSE)
        watch.report(record)
    return record


def keep(told: dict[str, object], path: Path = OUT) -> None:
    """Write the document."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
