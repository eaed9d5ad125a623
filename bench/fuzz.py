"""Ten thousand pools that nobody means, through a real API server, with a real operator and a good pool beside them.

Each is refused with a field's path, or taken and served: its Deployment is there, and it was decided on; or taken, and
told that there is none of its odd target's name; or taken and called invalid with a field's path. The good pool beside
them gets what it asks for after each batch. What the API server takes and the parser refuses is counted by why.
"""

import argparse
import itertools
import random
import time

from figures import save
from stage import Stage, boot, leave_with, say
from usage import usage

from poolkeeper.api import nesting
from rig.odd_specs import cases
from rig.space import make_namespace
from rig.trial import Trial

NAMESPACE = "odd"
BATCH = 200
SHOWN = 20


def run(stage: Stage, objects: int, seed: int) -> dict[str, object]:
    """Offer so many objects; return the figures."""
    chance = random.Random(seed)  # noqa: S311  a run that can be repeated
    drawn = cases(chance)
    make_namespace(stage.api, NAMESPACE)
    with stage.operator() as operator:
        trial = Trial(stage.api, NAMESPACE, operator)
        trial.prepare()
        began, before, memory = time.monotonic(), usage(operator.pid), []
        while trial.tally.offered < objects:
            trial.offer(itertools.islice(drawn, min(BATCH, objects - trial.tally.offered)))
            memory.append(round(usage(operator.pid).resident, 1))
            say(f"{trial.tally.offered} offered, {len(trial.tally.wrongs)} wrong, operator {memory[-1]:.0f} MB")
        seconds = time.monotonic() - began
        troubles = trial.troubles()
        print(f"\noperator  {usage(operator.pid).line(before, seconds)}")
    return figures(trial, memory, troubles) | {"seed": seed, "seconds": round(seconds, 1)}


def figures(trial: Trial, memory: list[float], troubles: list[str]) -> dict[str, object]:
    """Return what is printed and kept."""
    tally = trial.tally
    return {
        "offered": tally.offered,
        "refused": tally.refused,
        "served": tally.served,
        "without target": tally.without_target,
        "invalid": tally.invalid,
        "kinds": dict(sorted(tally.kinds.items())),
        "what the served were told": dict(tally.told.most_common()),
        "only the parser": dict(tally.only_the_parser.most_common()),
        "wrong": tally.wrongs[:SHOWN],
        "wrongs": len(tally.wrongs),
        "exceptions": len(troubles),
        "exceptions shown": [line[:2000] for line in troubles[:3]],
        "canary slowest, s": round(max(tally.canary), 2),
        "memory first, middle, last, MB": [memory[0], memory[len(memory) // 2], memory[-1]],
    }


def main() -> int:
    """Run it; 1 where anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=10_000, help="how many pools to offer (10000)")
    parser.add_argument("--seed", type=int, default=1, help="of what is drawn (1)")
    given = parser.parse_args()
    nesting.allow()
    with boot(gpus=200) as stage:
        content = run(stage, given.objects, given.seed)
    for name, value in content.items():
        print(f"{name:<32} {value}")
    print(f"-> {save('fuzz', content)}")
    return 1 if content["wrongs"] or content["exceptions"] else 0


if __name__ == "__main__":
    leave_with(main)
