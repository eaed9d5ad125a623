"""Reclaims on a real API server: from a notice to more on-demand, and the fewest ready replicas there and back.

Every pool is of ten, one on on-demand and nine on spot; all of it under the operator's own account. A notice stands
until what covers for it is ready, as two minutes allow where a model loads in less; then the node goes, with its pod.
Engines here load in a third of a second, and timers are scaled down: the way back takes 2 to 5 s, not 5 to 10 minutes.
"""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from stage import Stage, boot, say, wait_until

from rig.ground import Ground
from rig.install import installed
from rig.karpenter import KarpenterPool, market
from rig.space import Space
from rig.spot import NOTICES, SpotPool, capacity

SIZE, SPOT = 10, 9
WINDOW, PAUSE = 8.0, 2.0
LIMIT, PATIENCE = 30.0, 120.0
STOCK_OUT = 3


@dataclass
class Outcome:
    """What reclaims came to: seconds from each notice to the patch; the fewest ready, less those wanted."""

    latencies: list[float] = field(default_factory=list)
    worst: int = 0


@dataclass(frozen=True)
class Notice:
    """A node that is going, whose pool it serves, and when that was said (seconds of the monotonic clock)."""

    pool: SpotPool
    node: str
    at: float


def on_eks(pools: int, rounds: int, seed: int) -> Outcome:
    """Reclaim a node of each pool in every round, on nodes as EKS has them, by the taint of its termination handler."""
    chance, outcome = random.Random(seed), Outcome()  # noqa: S311  a benchmark that can be repeated
    with boot(gpus=1) as stage, space_on(stage) as space, stage.operator():
        say(f"EKS: {pools} pools, each with {SPOT + rounds} spot nodes of its own")
        crowd = [eks_pool(space, f"chat-{index}", rounds) for index in range(pools)]
        for pool in crowd:
            pool.wait_until_split(1, SPOT, PATIENCE)
        began = time.monotonic()
        for index in range(rounds):
            outcome.latencies += eks_round(crowd, chance)
            say(f"EKS: round {index + 1} of {rounds}, {len(outcome.latencies)} notices, all returned")
        outcome.worst = worst(crowd, began)
    return outcome


def eks_pool(space: Space, name: str, spare: int) -> SpotPool:
    """Create a pool with its nodes, some of them for what is replaced."""
    pool = SpotPool(space, name, "eks")
    pool.add_nodes("on-demand", 1, gpus=2 * SIZE)
    pool.add_nodes("spot", SPOT + spare)
    pool.deploy().create(SIZE, capacity("eks"))
    return pool


def eks_round(crowd: list[SpotPool], chance: random.Random) -> list[float]:
    """Give a node of each pool its notice at a random moment, let it go, and wait until all are as before."""
    began = time.monotonic()
    moments = sorted(began + chance.uniform(0, WINDOW) for _ in crowd)
    notices = [give_notice(pool, moment) for pool, moment in zip(crowd, moments, strict=True)]
    latencies = [reaction(one.pool, one.at) for one in notices]
    for one in notices:
        let_go(one)
    for pool in crowd:
        pool.wait_until_split(1, SPOT, PATIENCE)
    return latencies


def give_notice(pool: SpotPool, moment: float) -> Notice:
    """Taint the node of a spot pod at a moment of the monotonic clock."""
    node = pool.pods(pool.sibling)[0]["spec"]["nodeName"]
    taint = {"key": NOTICES[pool.provider], "value": "bench", "effect": "NoSchedule"}
    time.sleep(max(0.0, moment - time.monotonic()))
    at = time.monotonic()
    pool.space.api.patch(f"/api/v1/nodes/{node}", {"spec": {"taints": [taint]}})
    return Notice(pool, node, at)


def let_go(notice: Notice) -> None:
    """Reclaim a node once what covers for it is ready."""
    wait_until(lambda: notice.pool.ready.count > SIZE, f"{notice.pool.name}: what covers is ready", LIMIT)
    notice.pool.reclaim([notice.node])


def reaction(pool: SpotPool, at: float) -> float:
    """Return the seconds from a moment until the watch showed more on-demand; the pool was at rest before."""

    def later() -> list[float]:
        return [change.at for change in pool.space.record.changes(pool.name) if change.at > at]

    wait_until(lambda: bool(later()), f"{pool.name}: more on on-demand", LIMIT, pause=0.05)
    return later()[0] - at


def on_karpenter(notices: int, seed: int) -> Outcome:
    """Interrupt nodes that a real Karpenter made, one by one, then three for which spot has no others for a while."""
    chance, outcome = random.Random(seed), Outcome()  # noqa: S311  a benchmark that can be repeated
    say("booting another control plane, with Karpenter")
    with karpenter_stage() as (stage, pool), stage.operator():
        pool.open(SIZE).wait_until_split(1, SPOT, PATIENCE)
        began = time.monotonic()
        for index in range(notices):
            time.sleep(chance.uniform(0, PAUSE))
            outcome.latencies.append(interrupt(pool, 1))
            pool.wait_until_split(1, SPOT, PATIENCE)
            say(f"Karpenter: {index + 1} of {notices} nodes interrupted, replaced and returned")
        pool.karpenter.stock_out("spot")
        outcome.latencies.append(interrupt(pool, STOCK_OUT))
        pool.space.wait_for_condition(pool.name, "SplitReady", "SpotShort", PATIENCE)
        say(f"Karpenter: {STOCK_OUT} interrupted with spot out of stock; on-demand covers")
        pool.karpenter.restock("spot")
        pool.wait_until_split(1, SPOT, PATIENCE)
        say("Karpenter: spot is back, and all has returned")
        outcome.worst = worst([pool], began)
    return outcome


def interrupt(pool: KarpenterPool, count: int) -> float:
    """Take nodes back, with a notice that lasts until what covers is ready; return how long the reaction took."""
    notice = pool.announce(count)
    latency = reaction(pool, notice.at)
    pool.wait_until_ready(SIZE + count)
    pool.terminate(notice)
    return latency


def worst(crowd: Sequence[SpotPool], began: float) -> int:
    """Return the fewest that any pool had ready since a moment, less those wanted; tell the story if some lacked."""
    found = min(pool.ready.least_since(began) for pool in crowd) - SIZE
    if found < 0:
        print(crowd[0].space.story())
    return found


@contextmanager
def karpenter_stage() -> Iterator[tuple[Stage, KarpenterPool]]:
    """Boot a control plane whose nodes Karpenter makes, and never packs: what a budget lets it evict is no reclaim."""
    with market(consolidate_after=None) as opened, installed(opened.ground.cluster, "bench") as account:
        ground = opened.ground
        stage = Stage(ground.cluster, ground.fleet, ground.prometheus, account)
        with space_on(stage) as space:
            yield stage, KarpenterPool(space, opened.karpenter)


@contextmanager
def space_on(stage: Stage) -> Iterator[Space]:
    """Have a namespace with its record."""
    space = Space(Ground(stage.cluster, stage.fleet, stage.prometheus), "spot")
    try:
        yield space
    finally:
        space.close()
