"""What spot costs and saves: the reaction to reclaims on a real API server, and two weeks of a market replayed.

The latency is from just before a notice is written (the taint of EKS' node termination handler, Karpenter's events) to
the watch event with more `spec.replicas` of the on-demand half. `min_ready_minus_wanted` is the fewest ready replicas
less those wanted, by a watch of the pods, from the first notice to the last return. The replay is of
`spot_gcp_h100x16_2025-10`; prices are examples. Figures are printed, not judged.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict

from figures import figures, save
from spot_account import HEADER, ON_DEMAND_PRICE, SPOT_PRICE, Row
from spot_reclaims import Outcome, on_eks, on_karpenter
from spot_replay import TRACE, ZONES, compare, load
from stage import leave_with, say

from fleet import trace

PRICES = f"$ {ON_DEMAND_PRICE} on-demand and $ {SPOT_PRICE} spot"


def replayed() -> list[Row]:
    """Return the rows of the replay, none where the trace is not on this machine."""
    path = trace.directory() / f"{TRACE}.csv.gz"
    if not path.exists():
        say(f"no replay: {path} is not there (POOLKEEPER_TRACES)")
        return []
    say(f"replaying {TRACE} in {', '.join(ZONES)}")
    zones = load(path)
    return list(compare({zone: zones[zone] for zone in ZONES}))


def show(rows: Sequence[Row]) -> None:
    """Print the replay's table, if there is one."""
    if rows:
        print(f"\n{TRACE}: ten replicas of one GPU; an hour at {PRICES} (examples)")
        print(HEADER, *(row.line() for row in rows), sep="\n")


def tell(eks: Outcome, karpenter: Outcome, rows: Sequence[Row]) -> None:
    """Print the figures and write them down."""
    show(rows)
    print("\nfrom a notice to more spec.replicas")
    for name, outcome in {"eks": eks, "karpenter": karpenter}.items():
        print(figures(outcome.latencies).line(name, "aim: median < 2"))
        print(f"{name:<11} fewest ready less wanted: {outcome.worst}   (aim: 0 or more)")
    print(f"-> {save('bench-spot', content(eks, karpenter, rows))}")


def content(eks: Outcome, karpenter: Outcome, rows: Sequence[Row]) -> dict[str, object]:
    """Return what the file holds."""
    return {
        "taint_to_patch_seconds": asdict(figures(eks.latencies)),
        "karpenter_notice_to_patch_seconds": asdict(figures(karpenter.latencies)),
        "min_ready_minus_wanted": min(eks.worst, karpenter.worst),
        "replay": {"trace": TRACE, "rows": [asdict(row) for row in rows]},
    }


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, default=4, help="how many pools on EKS' nodes (4)")
    parser.add_argument("--rounds", type=int, default=6, help="how many nodes of each are reclaimed (6)")
    parser.add_argument("--notices", type=int, default=5, help="how many of Karpenter's nodes are interrupted (5)")
    parser.add_argument("--seed", type=int, default=1, help="of the notices' moments (1)")
    parser.add_argument("--replay-only", action="store_true", help="print the replay's table, and nothing else")
    given = parser.parse_args()
    if given.replay_only:
        show(replayed())
        return 0
    eks = on_eks(given.pools, given.rounds, given.seed)
    karpenter = on_karpenter(given.notices, given.seed)
    tell(eks, karpenter, replayed())
    return 0


if __name__ == "__main__":
    leave_with(main)
