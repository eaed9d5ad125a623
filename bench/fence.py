"""What the write fence costs: the same write with it and without, by the pod that leads and by somebody else.

The write is an annotation of a pool, as the operator makes them, over a connection that stays. Rounds with the fence
and without take turns, so that whatever else the machine does hits both alike. What is compared is what the quickest
tenth took at most: on a machine that others use, only that is the API server's own time.
"""

import argparse
import http.client
import json
import ssl
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from statistics import quantiles
from urllib.parse import urlsplit

from figures import figures, save, shaped
from stage import Stage, boot, leave_with, say, wait_until

from rig.api import ApiError, collection
from rig.fence import Bearer, fenced, pods, token
from rig.manifests import pool
from rig.space import make_namespace

NAMESPACE = "fence"
WARM_UP = 20
Latencies = dict[tuple[str, str], list[float]]


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


def measure(stage: Stage, writers: dict[str, Writer], rounds: int, writes: int) -> Latencies:
    """Return how long writes took, by who wrote and whether there was a fence."""
    found: Latencies = defaultdict(list)
    nobody = Bearer(stage.cluster, token(stage.cluster, stage.account))
    for number in range(rounds):
        for kind in ("without", "with"):
            with ExitStack() as around:
                if kind == "with":
                    around.enter_context(fenced(stage.cluster, stage.account))
                for who, writer in writers.items():
                    taken = [writer.write(one) for one in range(writes + WARM_UP)]
                    found[who, kind] += taken[WARM_UP:]
            wait_until(lambda: not _refused(stage, nobody), "the fence is gone", 60)
        say(f"round {number + 1} of {rounds}")
    return found


def _refused(stage: Stage, nobody: Bearer) -> bool:
    with suppress(ApiError):
        path = f"{collection('ConfigMap', stage.account.namespace)}?dryRun=All"
        nobody.post(path, {"metadata": {"name": "probe"}})
        return False
    return True


def quick(taken: Sequence[float]) -> float:
    """Return what the quickest tenth took at most."""
    return quantiles(taken, n=10, method="inclusive")[0]


def ratio(found: Latencies, who: str) -> float:
    """Return how much longer a write takes with the fence than without, as a share of the latter."""
    return quick(found[who, "with"]) / quick(found[who, "without"]) - 1


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--writes", type=int, default=300)
    given = parser.parse_args()
    with boot(8, audit=False) as stage:
        found = measure(stage, _prepared(stage), given.rounds, given.writes)
    told = {f"{who}_{kind}": figures([1000 * one for one in taken]) for (who, kind), taken in found.items()}
    tenths = {f"{who}_{kind}": round(1000 * quick(taken), 3) for (who, kind), taken in found.items()}
    for name, one in told.items():
        print(f"{name:<16} n {one.n:<6} p10 {tenths[name]:.2f} ms  median {one.median:.2f} ms  p95 {one.p95:.2f} ms")
    ratios = {who: round(ratio(found, who), 4) for who in ("leader", "others")}
    for who, share in ratios.items():
        print(f"{who}: with the fence the quickest tenth takes {share:+.1%}")
    save("bench-fence", {"at": datetime.now(UTC).isoformat(), "ratios": ratios, "p10_ms": tenths, "ms": shaped(told)})
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
