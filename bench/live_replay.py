"""The model held against the real control plane: ten minutes of a trace, lived by the operator and replayed.

The pool has all defaults but a short grace, and no drain; its pods load for 30 s. Both lives have the very same
requests. Printed are the sizes, the share of the time at which both had the same one, replica-hours and waits. The
fleet's requests wait at the replica that they were sent to, the model's in one queue: the tails of their waits differ.
Along what was ready live the model lives once more without deciding: its waits are compared by themselves.
Figures are printed, not judged.
"""

import argparse
from dataclasses import asdict
from itertools import pairwise

from figures import save
from stage import leave_with, say

from rig.ground import boot
from rig.manifests import pool
from rig.replayed import Life, Pair, Window, both
from rig.space import Space

TRACE, START, RATE = "azure2023_conv", 1200.0, 4.0
LENGTH, LOAD, SILENCE = 600.0, 30.0, 300.0
LEAST = 2
QUEUE = {"scaleDown": {"gracePeriod": "60s"}}
HOUR = 3600.0


def size_at(life: Life, second: float) -> int:
    """Return the size at a second."""
    return next((step.size for step in reversed(life.steps) if step.at <= second), LEAST)


def alike(pair: Pair, until: float) -> float:
    """Return the share of the seconds until then at which both had the same size."""
    seconds = range(round(until))
    return sum(size_at(pair.live, second) == size_at(pair.model, second) for second in seconds) / len(seconds)


def hours(life: Life, until: float) -> float:
    """Return the replica-hours until then."""
    inside = [(step.at, step.size) for step in life.steps if step.at < until]
    marks = [(0.0, LEAST), *inside, (until, 0)]
    return sum(size * (end - begin) for (begin, size), (end, _) in pairwise(marks)) / HOUR


def main() -> int:
    """Live, replay, print, save."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=float, default=LENGTH, help="seconds of the trace (default: 600)")
    parser.add_argument("--rate", type=float, default=RATE, help="times the trace's requests (default: 4)")
    given = parser.parse_args()
    window = Window(TRACE, START, given.length, given.rate)
    say("booting etcd, API server, controllers, KWOK, fleet")
    with boot() as ground:
        space = Space(ground, "replay")
        say(f"{given.length:.0f} s of {TRACE} at {given.rate:g} times its rate, and the silence after them")
        made = pool("chat", QUEUE, drain={"deadline": "0s"}, maxReplicas=12)
        pair = both(space, made, window, LOAD, SILENCE)
        space.close()
    same, spent = alike(pair, given.length), [hours(life, given.length) for life in (pair.live, pair.model)]
    print(pair)
    print(f"the same size {100 * same:.0f} % of the time; replica-hours live {spent[0]:.2f}, model {spent[1]:.2f}")
    lives = {"live": asdict(pair.live), "model": asdict(pair.model), "along": asdict(pair.along)}
    print(f"-> {save('bench-live', {**lives, 'same_size': same, 'replica_hours': spent})}")
    return 0


if __name__ == "__main__":
    leave_with(main)
