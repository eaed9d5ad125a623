"""A night's work of 10,000 jobs, due at seven in the morning: on spot with reclaims, beside running it all at once.

    at once     all replicas on on-demand from the moment the work is there, until it is done
    ours        as few as are done in time, on spot, and where nothing is reclaimed what spot cannot be trusted with
    window      the same, with cheap hours from 22:00 to 06:00

The work comes at 20:00; a job takes a minute, a start-up four; spot is reclaimed at random, at so many reclaims an hour
of each replica, 30 s after it is told, and in one case is not to be had from midnight on.
"""

import argparse
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from statistics import mean

from figures import save

from poolkeeper.core.machines import ENDLESS, Startup, Stock
from poolkeeper.core.model import ON_DEMAND, Batch, CapacityType, Fallback, PoolSpec, Tier, Window
from poolkeeper.core.world import Ground, World
from poolkeeper.simulate.batch import Lived, coming, constant, live, wanted, worker

START = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
DEADLINE = START.replace(day=3, hour=7)
JOB, STEP, LASTING = timedelta(minutes=1), timedelta(seconds=5), timedelta(hours=13)
JOBS, MOST = 10_000, 40
PRICES = {"on-demand": Decimal("3.00"), "spot": Decimal("0.90")}
SPOT = Tier("spot", CapacityType.SPOT, fallback=Fallback(max_replicas=0))
NIGHT = Window("batch", "0 22 * * *", "0 6 * * *")
GONE_AT_MIDNIGHT = ((0.0, 1000), (4 * 3600.0, 0))
CASES = {
    "no reclaims": ENDLESS,
    "0.5 an hour": Stock(reclaims=0.5, notice=timedelta(seconds=30)),
    "2 an hour": Stock(reclaims=2.0, notice=timedelta(seconds=30)),
    "gone at midnight": Stock(ticks=GONE_AT_MIDNIGHT, reclaims=0.5, notice=timedelta(seconds=30)),
}


def pool(window: Window | None = None) -> PoolSpec:
    """Return the pool."""
    batch = Batch(daily=time(7), window=window, job_time=JOB)
    return PoolSpec(0, MOST, batch=batch, tiers=(SPOT, ON_DEMAND))


def lived(spec: PoolSpec, stock: Stock, seed: int, *, at_once: bool = False) -> Lived:
    """Return what a night comes to."""
    ground = Ground(
        engine=worker(JOB),
        startup=Startup(timedelta(minutes=4), 0.2),
        node_wait=timedelta(minutes=1),
        prices=PRICES,
        stock={"spot": stock},
        redelivers=True,
    )
    world = World(ground, spec, START, {}, seed)
    traffic = coming(START, LASTING, {timedelta(0): JOBS}, STEP)
    return live(constant(MOST) if at_once else wanted(spec), world, traffic)


def rows(seeds: int) -> Iterator[dict[str, object]]:
    """Yield what each case comes to, and print it."""
    dear = mean(lived(pool(), ENDLESS, seed, at_once=True).cost for seed in range(seeds))
    print(f"{JOBS} jobs of {JOB.seconds} s, {MOST} replicas at most; all at once on on-demand: ${dear:.2f}\n")
    print(f"{'pool':<8}{'spot':<18}{'done at (worst)':<17}{'cost':>9}{'share':>8}{'on-demand h':>13}{'given back':>12}")
    for name, window in {"ours": None, "window": NIGHT}.items():
        for case, stock in CASES.items():
            nights = [lived(pool(window), stock, seed) for seed in range(seeds)]
            ends = [night.done_at for night in nights]
            worst = max((end for end in ends if end), default=None)
            done = f"{worst:%H:%M}" if worst and all(ends) else "not done"
            cost = mean(night.cost for night in nights)
            kept = mean(night.replica_hours["on-demand"] for night in nights)
            back = mean(night.given_back for night in nights)
            print(f"{name:<8}{case:<18}{done:<17}{cost:>9.2f}{cost / dear:>8.0%}{kept:>13.1f}{back:>12.0f}", flush=True)
            in_time = all(end is not None and end <= DEADLINE for end in ends)
            yield {"pool": name, "spot": case, "in_time": in_time, "cost": float(cost), "share": float(cost / dear)}


def main() -> int:
    """Run the benchmark; 0 when every night was done in time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="how many nights of each kind (3)")
    found = list(rows(parser.parse_args().seeds))
    print(f"-> {save('bench-batch', {'rows': found})}")
    return 0 if all(row["in_time"] for row in found) else 1


if __name__ == "__main__":
    raise SystemExit(main())
