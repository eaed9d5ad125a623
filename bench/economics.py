"""What it costs to keep a promise: ours and every published algorithm, on measured traffic, beside the bound.

Each trace is scaled until its peak needs 8 replicas (servegen also 40); a pool may have from 1 to a quarter more than
that. A replica takes 60, 240 or 600 s to start; a request that waits for 2 s at most is inside. All run with their
defaults; who wants a figure of the engine is given the true one. Ours is there a second time, tuned on the first half
of the trace (economics_tuned.py). `over` is replica-hours over those of the smallest capacity that keeps up, minute by
minute, the future known; `over+` beside the one that pays for its starts, too. Figures are means over seeds, and the
spread between them (least to most). The file has every row.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from economics_pool import ALL, SCALES, STARTUPS, Scale, load, ours, pool, rivals, scene
from economics_table import Place, lines, record, verdicts
from economics_tuned import SEED, Tuned, question, tuned
from figures import save
from stage import leave_with, say

from fleet.trace import directory
from poolkeeper.simulate.study import Entrant, Row, lived, trials

TRIALS = 16
PROCESSES = 2


@dataclass(frozen=True)
class Field:
    """Everybody on one scale with one start-up time and one seed."""

    scale: Scale
    startup: timedelta
    entrants: tuple[Entrant, ...]
    seed: int


@dataclass(frozen=True)
class Asked:
    """What is to be played: who competes with ours, how many times each is drawn, how many specs are tried."""

    peers: tuple[Entrant, ...]
    seeds: int
    trials: int


def play(field: Field) -> tuple[Row, ...]:
    """Return what becomes of everybody."""
    trace, there = load(field.scale.name), pool(field.scale, field.startup, field.entrants)
    return tuple(lived(one, trace) for one in trials([there], scene(trace, field.scale), [1.0], [field.seed]))


def place(scale: Scale, startup: timedelta, asked: Asked, workers: Executor) -> Place:
    """Return what becomes of everybody on one scale with one start-up time, with every seed."""
    best = searched(scale, startup, asked.trials) if asked.trials else None
    entrants = (ours(scale), *([best.entrant] if best else []), *asked.peers)
    fields = [Field(scale, startup, entrants, SEED + 1 + number) for number in range(asked.seeds)]
    return Place(scale, startup, tuple(workers.map(play, fields)), best)


def searched(scale: Scale, startup: timedelta, many: int) -> Tuned:
    """Return ours tuned to a place."""
    trace = load(scale.name)
    say(f"tuning for {scale.name} x{scale.peak}, {startup.seconds} s to start")
    return tuned(question(scale, startup, trace, many), trace)


def played(scales: Sequence[Scale], startups: Sequence[timedelta], asked: Asked) -> Iterator[Place]:
    """Yield every place as soon as it was played."""
    with ProcessPoolExecutor(PROCESSES) as workers:
        for scale in scales:
            yield from (place(scale, startup, asked, workers) for startup in startups)


def there(only: str, peaks: Sequence[int]) -> list[Scale]:
    """Return the scales of traces that are here, by a part of their name and by their peaks, if any are given."""
    named = [one for one in SCALES if only in one.name and (not peaks or one.peak in peaks)]
    return [one for one in named if (directory() / f"{one.name}.csv.gz").exists()]


def options() -> argparse.ArgumentParser:
    """Return what may be asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=counted(1), default=2, help="how many times each is drawn (2)")
    parser.add_argument("--only", default="", help="traces whose name has this in it")
    parser.add_argument("--peak", type=int, action="append", help="replicas at the peak; may be given several times")
    parser.add_argument("--startup", type=int, action="append", help="seconds; may be given several times")
    parser.add_argument("--peers", type=named, default=ALL, metavar="NAMES", help="as in hpa-load,keda (all)")
    parser.add_argument(
        "--trials", type=counted(0), default=TRIALS, help=f"how many specs are tried; none with 0 ({TRIALS})"
    )
    return parser


def counted(least: int) -> Callable[[str], int]:
    """Return what reads a number that is no less than another."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} on")
        return int(text)

    return read


def named(text: str) -> tuple[Entrant, ...]:
    """Return the peers of these names."""
    try:
        return rivals(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def main() -> int:
    """Run the benchmark."""
    given = options().parse_args()
    scales = there(given.only, given.peak or ())
    startups = [timedelta(seconds=each) for each in given.startup or ()] or list(STARTUPS)
    if not scales:
        say("no trace is there to play (POOLKEEPER_TRACES)")
        return 1
    places: list[Place] = []
    for one in played(scales, startups, Asked(given.peers, given.seeds, given.trials)):
        places.append(one)
        print(*lines(one), sep="\n", flush=True)
        file = save("bench-economics", {"rows": [row for each in places for row in record(each)]})
    print("", *(words for one in places for words in verdicts(one)), f"-> {file}", sep="\n")
    return 0


if __name__ == "__main__":
    leave_with(main)
