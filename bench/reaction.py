"""How long it takes from a spike of the queue to more `spec.replicas`, on a real API server.

Every pool has a Deployment of 2 replicas, min 2, max 8, grows above 1,000 and shrinks below 100 waiting in the whole
pool; all else is default (a look a second, settle 30 s). The queue stands at 150, and rises to 2,000 at a random moment
within a minute (see `moments`). The latency is from there (the control call has returned: whoever reads now, reads
2,000) to the watch event with more `spec.replicas`, in this process. Twice: with pods that are scraped, and with one
exporter for all pools behind a real Prometheus that scrapes it every 5 s, as KEDA was measured.

Figures are printed, not judged. It fails only if a pool does not react at all.
"""

import argparse
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crowd import REPLICAS, Crowd
from figures import Figures, figures, save, shaped
from stage import SCRAPE, Stage, boot, leave_with, say, wait_until
from usage import usage

REST, SPIKE = 150, 2000
WINDOW = 60.0
LIMIT = 60.0
SETTLE = 30.0
REPORT = 10.0
REMARKS = {
    "direct": "aim: median < 1, p95 < 1.5",
    "prometheus": "aim: median < 3.5, p95 < 6",
}
KEDA = Figures(20, 4.0, 9.6, 15.8, 19.3)
KEDA_REMARK = "not of this run: measured elsewhere, once, through Prometheus at 5 s"


@dataclass
class Outcome:
    """What one way of reading gave: latencies in seconds, the pools that never reacted, what the operator used."""

    latencies: list[float] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    used: list[str] = field(default_factory=list)


class Rise(NamedTuple):
    """A queue's spike, by the monotonic clock: when it was asked for, and from when on every reader saw it."""

    asked: float
    seen: float


def moments(names: Sequence[str], seed: int) -> list[tuple[float, str]]:
    """Return when each pool's queue rises, in seconds from the start, in order.

    Each moment is random in the whole window, but together they are spread evenly over the scrape's cycle: then so few
    say what many would, and no run is lucky with where its spikes fall between two scrapes.
    """
    chance = random.Random(seed)  # noqa: S311  a benchmark that can be repeated
    cycle = SCRAPE.total_seconds()
    places = chance.sample(range(len(names)), len(names))
    phases = [cycle * (place + chance.random()) / len(names) for place in places]
    starts = [cycle * chance.randrange(round(WINDOW / cycle)) for _ in names]
    return sorted((start + phase, name) for start, phase, name in zip(starts, phases, names, strict=True))


def measure(stage: Stage, crowd: Crowd, seed: int, outcome: Outcome) -> None:
    """Measure one crowd, from a fresh operator to the last reaction."""
    for name in crowd.names:
        crowd.show(name, REST)
    with stage.operator() as operator:
        crowd.create_pools()
        settled = crowd.ready_at + SETTLE + 1
        say(f"{crowd.namespace}: at rest for {max(0, settled - time.monotonic()):.0f} s, until the pods have settled")
        wait_until(lambda: time.monotonic() > settled, "the pods have settled", SETTLE + 2)
        before, began = usage(operator.pid), time.monotonic()
        rises = spike(crowd, seed)
        wait_for_all(crowd, LIMIT)
        outcome.used.append(usage(operator.pid).line(before, time.monotonic() - began))
        gather(crowd, rises, outcome)
        crowd.delete_pools()


def spike(crowd: Crowd, seed: int) -> dict[str, Rise]:
    """Let every queue rise at its moment; return when each had."""
    began, told, rises = time.monotonic(), 0.0, dict[str, Rise]()
    for moment, name in moments(crowd.names, seed):
        time.sleep(max(0.0, began + moment - time.monotonic()))
        asked = time.monotonic()
        crowd.show(name, SPIKE)
        rises[name] = Rise(asked, time.monotonic())
        if asked - told > REPORT:
            told = asked
            say(f"{crowd.namespace}: {len(rises)} of {len(crowd.names)} queues rose, {reacted(crowd)} pools reacted")
    return rises


def wait_for_all(crowd: Crowd, limit: float) -> None:
    """Wait until every pool has reacted, or for so many seconds."""
    deadline = time.monotonic() + limit
    while reacted(crowd) < len(crowd.names) and time.monotonic() < deadline:
        time.sleep(0.2)


def reacted(crowd: Crowd) -> int:
    """Return how many pools have changed their target's size."""
    return sum(crowd.change(name) is not None for name in crowd.names)


def gather(crowd: Crowd, rises: Mapping[str, Rise], outcome: Outcome) -> None:
    """Add a crowd's latencies to the outcome; only growth after the spike is a reaction to it."""
    for name, rise in rises.items():
        change = crowd.change(name)
        if change is not None and change.replicas > REPLICAS and change.at > rise.asked:
            outcome.latencies.append(max(0.0, change.at - rise.seen))
        else:
            outcome.silent.append(f"{crowd.namespace}/{name}")


def run(pools: int, rounds: int, seed: int) -> dict[str, Outcome]:
    """Measure both ways of reading, so many rounds each."""
    outcomes = {name: Outcome() for name in REMARKS}
    with boot(gpus=pools * 4 * len(outcomes)) as stage:
        for index in range(rounds):
            crowds = [Crowd(stage, f"{name}-{index}", pools, by_prometheus=name == "prometheus") for name in outcomes]
            for crowd in crowds:
                crowd.deploy()
            for crowd, outcome in zip(crowds, outcomes.values(), strict=True):
                measure(stage, crowd, seed + index, outcome)
            if index + 1 < rounds:
                for crowd in crowds:
                    crowd.delete()
    return outcomes


def tell(outcomes: dict[str, Outcome]) -> None:
    """Print the figures and write them down."""
    measured = {name: figures(one.latencies) for name, one in outcomes.items() if one.latencies}
    print()
    for name, one in measured.items():
        print(one.line(name, REMARKS[name]))
    print(KEDA.line("KEDA + HPA", KEDA_REMARK))
    for name, outcome in outcomes.items():
        for used in outcome.used:
            print(f"operator    {name}: {used}")
    for name, outcome in outcomes.items():
        if outcome.silent:
            print(f"{name}: no reaction within {LIMIT:.0f} s of the last spike: {', '.join(outcome.silent)}")
    print(f"-> {save('bench-reaction', shaped(measured))}")


def main() -> int:
    """Run the benchmark; 0 when every pool reacted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, default=20, help="how many pools (20)")
    parser.add_argument("--rounds", type=int, default=1, help="how many times each way of reading is measured (1)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments of the spikes (1)")
    given = parser.parse_args()
    outcomes = run(given.pools, given.rounds, given.seed)
    tell(outcomes)
    return 1 if any(outcome.silent for outcome in outcomes.values()) else 0


if __name__ == "__main__":
    leave_with(main)
