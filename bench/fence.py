"""What the write fence costs: the same write with it and without, by the pod that leads and by somebody else.

The write is an annotation of a pool, as the operator makes them, over a connection that stays. Rounds with the fence
and without take turns. What is compared is the processor time that the API server took for a write: how long it took on
the wall tells, on a machine that others use, mostly of them.
"""

import argparse
import http.client
import json
import ssl
import time
from collections import defaultdict
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from urllib.parse import urlsplit

from figures import figures, save, shaped
from stage import Stage, boot, leave_with, say, wait_until
from usage import usage

from rig.api import ApiError, collection
from rig.fence import Bearer, fenced, pods, token
from rig.manifests import pool
from rig.space import make_namespace

NAMESPACE = "fence"
WARM_UP = 20


@dataclass
class Cost:
    """What writes cost: each one's seconds on the wall, and each round's seconds of the API server's for a write."""

    taken: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


Costs = dict[tuple[str, str], Cost]
"""By who wrote, and `with` or `without` a fence."""


class Writer:
    """Annotates the pool over and over, on one connection, as whoever a token says."""

    def __init__(self, stage: Stage, bearer: str) -> None:
        tls = ssl.create_default_context(cafile=str(stage.cluster.ca))
        self._connection = http.client.HTTPSConnection(urlsplit(stage.cluster.server).netloc, context=tls, timeout=30)
        self._headers = {"Authorization": f"Bearer {bearer}", "Content-Type": "application/merge-patch+json"}

    def write(self, number: int) -> float:
        """Return how long a write took."""
        body = json.dumps({"metadata": {"annotations": {"poolkeeper.io/number": str(number)}}})
        path = f"{collection('InferencePool', NAMESPACE)}/chat"
        began = time.perf_counter()
        self._connection.request("PATCH", path, body, self._headers)
        answer = self._connection.getresponse()
        answer.read()
        took = time.perf_counter() - began
        if answer.status != http.HTTPStatus.OK:
            raise RuntimeError(f"the write was refused: {answer.status}")
        return took


def measure(stage: Stage, writers: dict[str, Writer], rounds: int, writes: int) -> Costs:
    """Return what writes cost, in so many rounds of so many."""
    found: Costs = defaultdict(Cost)
    server = stage.cluster.programs.pids()["kube-apiserver"]
    nobody = Bearer(stage.cluster, token(stage.cluster, stage.account))
    for number in range(rounds):
        for kind in ("without", "with"):
            with fenced(stage.cluster, stage.account) if kind == "with" else nullcontext():
                for who, writer in writers.items():
                    _round(found[who, kind], writer, writes, server)
            wait_until(lambda: not _refused(stage, nobody), "the fence is gone", 60)
        say(f"round {number + 1} of {rounds}")
    return found


def _round(cost: Cost, writer: Writer, writes: int, server: int) -> None:
    for number in range(WARM_UP):
        writer.write(number)
    before = usage(server).cpu
    cost.taken += [writer.write(number) for number in range(writes)]
    cost.processor.append((usage(server).cpu - before) / writes)


def _refused(stage: Stage, nobody: Bearer) -> bool:
    with suppress(ApiError):
        path = f"{collection('ConfigMap', stage.account.namespace)}?dryRun=All"
        nobody.post(path, {"metadata": {"name": "probe"}})
        return False
    return True


def ratio(found: Costs, who: str) -> float:
    """Return how much more of the API server a write takes with the fence, in the median round, as a share."""
    return median(found[who, "with"].processor) / median(found[who, "without"].processor) - 1


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--writes", type=int, default=300)
    given = parser.parse_args()
    with boot(8, audit=False) as stage:
        found = measure(stage, _prepared(stage), given.rounds, given.writes)
    told = {f"{who}_{kind}": cost for (who, kind), cost in found.items()}
    processor = {name: figures([1000 * one for one in cost.processor]) for name, cost in told.items()}
    wall = {name: figures([1000 * one for one in cost.taken]) for name, cost in told.items()}
    for name, one in processor.items():
        spread = f"{one.min:.2f} to {one.max:.2f} in {one.n} rounds"
        print(f"{name:<16} processor {one.median:.2f} ms a write ({spread}), on the wall {wall[name].median:.2f} ms")
    ratios = {who: round(ratio(found, who), 4) for who in ("leader", "others")}
    for who, share in ratios.items():
        print(f"{who}: with the fence {share:+.1%} of the API server's processor time for a write")
    content = {"ratios": ratios, "processor_ms": shaped(processor), "wall_ms": shaped(wall)}
    save("bench-fence", {"at": datetime.now(UTC).isoformat(), **content})
    return 0


def _prepared(stage: Stage) -> dict[str, Writer]:
    """Make a pool, and a lease that a pod of the operator's holds; return who is to write."""
    make_namespace(stage.api, NAMESPACE)
    stage.api.create({**pool("chat"), "metadata": {"name": "chat", "namespace": NAMESPACE}})
    (leader, *_) = pods(stage.api, stage.account, 2)
    lease = {"metadata": {"name": "poolkeeper"}, "spec": {"holderIdentity": f"{leader}_0123456789ab"}}
    stage.api.post(collection("Lease", stage.account.namespace), lease)
    stage.cluster.kubectl("create", "serviceaccount", "somebody", "-n", NAMESPACE)
    stage.cluster.kubectl(
        *("create", "clusterrolebinding", "somebody", "--clusterrole=cluster-admin"),
        f"--serviceaccount={NAMESPACE}:somebody",
    )
    others = stage.cluster.kubectl("create", "token", "somebody", "-n", NAMESPACE).strip()
    return {"leader": Writer(stage, token(stage.cluster, stage.account, leader)), "others": Writer(stage, others)}


if __name__ == "__main__":
    leave_with(main)
