"""Ours and KEDA side by side on a real API server: reaction, what it costs, and what a metrics outage does.

For each number of pools the systems take turns, each on a fresh cluster and with the machine to itself: ours with pods
that are asked, ours through Prometheus, KEDA with its defaults, KEDA hardened. Before the queues rise, every autoscaler
exists and has read its metric. Then all of them lose their metrics together, on one cluster.

Figures are printed and kept in out/bench-peers.json, each number of pools by itself: what is not measured now stays.
Nothing is judged.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import peers_page
from figures import OUT, figures, save
from peers_crowd import PeersCrowd
from peers_meter import Bill, Meter
from peers_outage import OUTAGE, outage
from peers_systems import MOST, SYSTEMS, prepare
from reaction import Outcome, Rise, gather, reacted, spike, wait_for_all
from stage import Stage, boot, leave_with, say, wait_until

from keda import autoscaler

Json = dict[str, Any]

NAME = "bench-peers"
SIZES = (20, 100, 500, 1000)
SAMPLE = 100
LIMIT = 120.0
SETTLE = 31.0
REST = 60.0
OUTAGE_POOLS = 20


def turn(name: str, pools: int, seed: int) -> Json:
    """Return what one system does with so many pools, on a cluster of its own."""
    say(f"== {pools} pools: {SYSTEMS[name].title}")
    before = machine()
    with boot(gpus=pools * 2 + min(pools, SAMPLE) * MOST, audit=True) as stage, autoscaler.apart(stage.cluster):
        crowd = PeersCrowd(stage, name, SYSTEMS[name], pools)
        crowd.deploy()
        crowd.rest()
        return {"at": datetime.now(UTC).isoformat(), "machine": before, "seed": seed, **lived(stage, crowd, seed)}


def lived(stage: Stage, crowd: PeersCrowd, seed: int) -> Json:
    """Return what is measured from the system's start to its last reaction."""
    with ExitStack() as stack:
        programs = stack.enter_context(crowd.system.run(stage))
        began = time.monotonic()
        crowd.create_pools()
        held = round(time.monotonic() - began, 1)
        say(f"{crowd.namespace}: every pool is held after {held:.0f} s; at rest for {SETTLE + REST:.0f} s")
        _wait(SETTLE)
        meter = Meter(stage, programs)
        rest = meter.over(lambda: _wait(REST))
        outcome, busy = risen(meter, crowd, seed)
    return {"held_seconds": held, **reactions(outcome), "rest": asdict(rest), "spike": asdict(busy)}


def risen(meter: Meter, crowd: PeersCrowd, seed: int) -> tuple[Outcome, Bill]:
    """Let the queues rise, and return who reacted when and what that took."""
    crowd.follow()
    few, outcome, rises = crowd.sample(SAMPLE, seed), Outcome(), dict[str, Rise]()

    def act() -> None:
        rises.update(spike(few, seed))
        wait_for_all(few, LIMIT)

    busy = meter.over(act)
    gather(few, rises, outcome)
    say(f"{crowd.namespace}: {reacted(few)} of {len(few.names)} reacted")
    return outcome, busy


def reactions(outcome: Outcome) -> Json:
    """Return the order statistics and how many never reacted."""
    found = asdict(figures(outcome.latencies)) if outcome.latencies else {"n": 0}
    return {"reaction": found, "silent": len(outcome.silent)}


def machine() -> Json:
    """Return what it is measured on, and how busy that was in the last minute."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cores": os.cpu_count(), "memory_gb": round(memory), "load": round(os.getloadavg()[0], 1)}


def _wait(seconds: float) -> None:
    until = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > until, f"{seconds:.0f} s are over", seconds + 60)


def known() -> Json:
    """Return what was measured before."""
    path = OUT / f"{NAME}.json"
    found: Json = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def merged(before: Json, pools: int, name: str, found: Json) -> Json:
    """Return figures with one more turn, in the place of an older one like it."""
    sizes = before.get("sizes", {})
    return {**before, "sizes": {**sizes, str(pools): {**sizes.get(str(pools), {}), name: found}}}


def measure(sizes: Sequence[int], names: Sequence[str], seed: int) -> None:
    """Measure each number of pools, and keep every turn as soon as it is over."""
    for pools in sizes:
        for name in names:
            found = turn(name, pools, seed)
            say(
                f"{name}: {json.dumps(found['reaction'])}, {found['silent']} never; at rest {json.dumps(found['rest'])}"
            )
            save(NAME, merged(known(), pools, name, found))


def measure_outage(names: Sequence[str], seconds: float) -> None:
    """Measure the outage, and keep it."""
    lost = outage(OUTAGE_POOLS, list(names), seconds)
    told = {"at": datetime.now(UTC).isoformat(), "machine": machine(), "seconds": seconds, "lost": lost}
    save(NAME, {**known(), "outage": told})


def arguments() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=_numbers, default=SIZES, help="how many pools: 20,100,500,1000; 0: none")
    parser.add_argument("--systems", type=_systems, default=list(SYSTEMS), help=f"whose turns: {','.join(SYSTEMS)}")
    parser.add_argument("--outage", type=float, default=OUTAGE, help=f"seconds without metrics ({OUTAGE:.0f}); 0: none")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which queues rise (1)")
    parser.add_argument("--write", action="store_true", help="write the section in docs/benchmarks.md")
    return parser.parse_args()


def _numbers(words: str) -> list[int]:
    return [int(word) for word in words.split(",") if int(word)]


def _systems(words: str) -> list[str]:
    if unknown := set(words.split(",")) - SYSTEMS.keys():
        raise argparse.ArgumentTypeError(f"no such system: {', '.join(sorted(unknown))}")
    return words.split(",")


def main() -> int:
    """Run the benchmark; figures are printed, not judged. `--pools 0 --outage 0` tells what was measured before."""
    given = arguments()
    if given.pools or given.outage:
        prepare(given.systems)
    measure(given.pools, given.systems, given.seed)
    if given.outage:
        measure_outage(given.systems, given.outage)
    print(f"\n{peers_page.told(known())}\n-> {OUT / NAME}.json")
    if given.write:
        page = peers_page.FILE.read_text(encoding="utf-8")
        peers_page.FILE.write_text(peers_page.placed(page, known()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    leave_with(main)
