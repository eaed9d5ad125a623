"""How fast lives are replayed: a month of one pool, stepped and jumping, and a week of a thousand pools.

    month    30 days of azure2024_conv_digitised (its week over and over) in steps of 5 s, peak 8 replicas, all defaults
    fleet    7 days in steps of 60 s, looked at as often, 20 pools in 2 processes, each with other bursts; a thousand by
             extrapolation

The seconds are those of the processor, for the machine may have other things to do; those of the wall stand beside
them. Of the month a day is lived stepped and ten are lived jumping, and thirty counted, unless --whole is given.
Figures are printed, not judged.
"""

import argparse
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import chain, islice, repeat
from multiprocessing import get_context
from pathlib import Path

from figures import save
from stage import leave_with, say

from fleet import trace as traces
from poolkeeper.core.arrivals import Traffic
from poolkeeper.core.machines import Startup
from poolkeeper.core.model import PoolSpec, Queue
from poolkeeper.core.world import Ground
from poolkeeper.simulate.replay import Case, Operator, Played, replay, start_size
from poolkeeper.simulate.trace import UNTOLD, read_tokens, unpacked
from poolkeeper.simulate.traffic import draw

NAME = "azure2024_conv_digitised"
GROUND = Ground(startup=Startup(timedelta(seconds=240)))
DAY = timedelta(days=1)
FINE, COARSE = timedelta(seconds=5), timedelta(seconds=60)
SPEC = PoolSpec(2, 12)
SLOW = PoolSpec(2, 12, queue=Queue(interval=COARSE))
"""A pool that is to be looked at every second forgives no minute without a look, and would never shrink."""
MONTH, WEEK = 30 * DAY, 7 * DAY
POOLS, LIVED, PROCESSES = 1000, 20, 2


@dataclass(frozen=True)
class Row:
    """What a life took, in seconds, and what the whole takes of the processors by it; `aim` is the most it should."""

    name: str
    lived: str
    wall: float
    processor: float
    whole: float
    aim: float

    def __str__(self) -> str:
        """Return it for people."""
        return (
            f"{self.name:<30} {self.whole:8.1f} s   (aim: under {self.aim:.0f} s; {self.lived}: "
            f"{self.processor:.1f} s of the processor, {self.wall:.1f} s on the wall)"
        )


def drawn(path: Path, step: timedelta, seed: int) -> Traffic:
    """Return the trace as traffic whose peak needs 8 replicas."""
    return draw(read_tokens(unpacked(path.read_bytes()), UNTOLD), step, seed, peak_replicas=8)


def lasting(traffic: Traffic, span: timedelta) -> Traffic:
    """Return so much of a traffic, over and over."""
    endless = chain.from_iterable(repeat(traffic.arrivals))
    return replace(traffic, arrivals=tuple(islice(endless, round(span / traffic.step))))


def life(spec: PoolSpec, traffic: Traffic, *, jump: bool) -> Played:
    """Live a pool."""
    size = start_size(traffic, GROUND, spec.min_replicas, spec.max_replicas)
    case = Case(traffic, GROUND, spec.min_replicas, spec.max_replicas, size, timedelta(seconds=2))
    return replay(Operator(spec), case, jump=jump)


def member(path: Path, seed: int) -> float:
    """Live one pool of the fleet; returns its seconds of the processor."""
    began = time.process_time()
    life(SLOW, lasting(drawn(path, COARSE, seed), WEEK), jump=False)
    return time.process_time() - began


def timed(act: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of the wall and of the processor that something takes."""
    wall, processor = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - wall, time.process_time() - processor


def month(traffic: Traffic, span: timedelta, aim: float, *, jump: bool) -> Row:
    """Return what a month takes, of which so much is lived."""
    wall, processor = timed(lambda: life(SPEC, lasting(traffic, span), jump=jump))
    name = f"30 days at 5 s, {'jumping' if jump else 'stepped'}"
    return Row(name, f"{span.days} days", wall, processor, processor * (MONTH / span), aim)


def fleet(path: Path) -> Row:
    """Return what a week of a thousand pools takes."""
    began = time.perf_counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as workers:
        processor = sum(workers.map(member, repeat(path), range(LIVED)))
    wall = time.perf_counter() - began
    return Row(
        "1,000 pools x 7 days at 60 s", f"{LIVED} pools", wall, processor, processor * POOLS / LIVED / PROCESSES, 600
    )


def main() -> int:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whole", action="store_true", help="live all thirty days")
    whole = parser.parse_args().whole
    path = traces.directory() / f"{NAME}.csv.gz"
    if not path.exists():
        say(f"no {NAME}: {path} is not there (POOLKEEPER_TRACES)")
        return 1
    traffic, told = drawn(path, FINE, 7), list[Row]()
    for one in (
        lambda: month(traffic, MONTH if whole else DAY, 40, jump=False),
        lambda: month(traffic, MONTH if whole else 10 * DAY, 5, jump=True),
        lambda: fleet(path),
    ):
        told.append(one())
        print(told[-1], flush=True)
    print(f"-> {save('bench-speed', {'rows': [asdict(row) for row in told]})}")
    return 0


if __name__ == "__main__":
    leave_with(main)
