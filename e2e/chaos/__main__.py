"""`make chaos`: half an hour of faults on a real control plane, and what an independent checker makes of it.

Exit code 0: every invariant held; 1: some did not, each is printed; the figures are in out/chaos.json either way.
"""

import argparse
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path

from chaos.faults import FAULTS
from chaos.ground import today
from chaos.play import Plan, run
from chaos.verdict import lines

OUT = Path(__file__).parents[2] / "out"
BEGAN = time.monotonic()
KILLS_A_MINUTE = 200 / 30


def say(words: str) -> None:
    """Print a line of progress."""
    print(f"{time.monotonic() - BEGAN:7.1f} s  {words}", flush=True)


def asked() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long faults come (30)")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same faults and queues (1)")
    parser.add_argument("--kills", type=int, help="how many operators to kill (200 in half an hour)")
    parser.add_argument("--faults", default=",".join(FAULTS), help="which faults, parted by commas (all)")
    parser.add_argument("--keep", type=Path, help="a directory for the operators' logs and the audit log")
    found = parser.parse_args()
    found.faults = found.faults.split(",")
    if unknown := set(found.faults) - set(FAULTS):
        parser.error(f"no such faults: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}")
    return found


def main() -> int:
    """Run it, print the figures, write them down."""
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what is in its background deaf to the first
        signal.signal(number, signal.default_int_handler)
    given = asked()
    kills = round(given.minutes * KILLS_A_MINUTE) if given.kills is None else given.kills
    verdict = run(Plan(60 * given.minutes, kills, given.seed, given.faults, keep=given.keep), say)
    terms = {
        "minutes": given.minutes,
        "seed": given.seed,
        "date": today(),
        "machine": f"{os.cpu_count()} cores, {platform.platform()}",
    }
    content = terms | verdict.content()
    print("", *lines(content, verdict.wrongs), sep="\n")
    OUT.mkdir(exist_ok=True)
    (OUT / "chaos.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print("-> out/chaos.json")
    return 1 if verdict.wrongs else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
