"""How long a pool at zero takes to wake up, on a real API server: a queue appears -> `spec.replicas` is patched.

Every pool has a Deployment of 0 replicas, min 0, max 4, and reads its queue from a server of this process that speaks
Prometheus' API over real HTTP: when it is told a length, whoever asks next is told it. All else is default. Each queue
appears at a random moment; the latency is from there to the watch event with more `spec.replicas`, in this process.

Figures are printed, not judged. It fails only if a pool does not wake up at all.
"""

import argparse
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from figures import figures, save, shaped
from stage import Stage, boot, leave_with, say, wait_until

from rig.api import collection
from rig.manifests import deployment, pool
from rig.record import Record

SPACE = "from-zero"
LIMIT = 30.0
SETTLE = 5.0


@dataclass
class Queues:
    """Lengths by the query that asks for them, served as Prometheus does."""

    lengths: dict[str, int] = field(default_factory=dict)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve them, and yield where."""
        lengths = self.lengths

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                (query,) = parse_qs(body)["query"]
                row = {"metric": {}, "value": [time.time(), str(lengths.get(query, 0))]}
                answer = {"status": "success", "data": {"resultType": "vector", "result": [row]}}
                told = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(told)))
                self.end_headers()
                self.wfile.write(told)

            def log_message(self, *_: Any) -> None:  # noqa: ANN401  http.server's own arguments
                """Say nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_address[1]}"
            server.shutdown()


def asleep(name: str) -> dict[str, Any]:
    """Return a pool at zero whose queue is asked for by its name."""
    source = {"name": "queue", "prometheus": {"server": "queues", "query": f"queue_{name.replace('-', '_')}"}}
    return pool(name, {"sources": [source]}, minReplicas=0, maxReplicas=4)


def furnish(stage: Stage, names: list[str]) -> Record:
    """Make the namespace with a Deployment at zero for each pool; return what is recorded of it."""
    stage.api.post("/api/v1/namespaces", {"metadata": {"name": SPACE}})
    record = Record(stage.api, SPACE)
    for name in names:
        put(stage, deployment(name, 0))
    return record


def put(stage: Stage, thing: dict[str, Any]) -> None:
    """Create a thing in the namespace."""
    stage.api.create({**thing, "metadata": {**thing["metadata"], "namespace": SPACE}})


def is_read(stage: Stage, count: int) -> bool:
    """Return whether the operator reads every pool's queue."""
    found = stage.api.get(collection("InferencePool", SPACE))["items"]
    conditions = [one for each in found for one in each.get("status", {}).get("conditions", ())]
    return count == sum(one["type"] == "MetricsAvailable" and one["status"] == "True" for one in conditions)


def wake(queues: Queues, names: list[str], seed: int) -> dict[str, float]:
    """Let every queue appear at a moment of its own; return when each did, by the monotonic clock."""
    chance, appeared = random.Random(seed), {}  # noqa: S311  a benchmark that can be repeated
    for name in names:
        time.sleep(chance.uniform(0.2, 1.2))
        appeared[name] = time.monotonic()
        queues.lengths[f"queue_{name.replace('-', '_')}"] = 1
    return appeared


def run(pools: int, seed: int) -> tuple[list[float], list[str]]:
    """Return the latencies, and the pools that never woke up."""
    names, queues = [f"pool-{number}" for number in range(pools)], Queues()
    with queues.served() as url, boot(gpus=pools * 4) as stage:
        record = furnish(stage, names)
        with stage.operator("--prometheus", f"queues={url}"):
            for name in names:
                put(stage, asleep(name))
            wait_until(lambda: is_read(stage, pools), "the operator reads every queue", 60 + 2 * pools)
            say(f"{pools} pools at zero; their queues appear one by one")
            time.sleep(SETTLE)
            appeared = wake(queues, names, seed)
            deadline = time.monotonic() + LIMIT
            while time.monotonic() < deadline and not all(record.changes(name)[1:] for name in names):
                time.sleep(0.2)
        woken = {name: record.changes(name)[1].at for name in names if record.changes(name)[1:]}
        record.end()
    return [woken[name] - appeared[name] for name in names if name in woken], [n for n in names if n not in woken]


def main() -> int:
    """Run the benchmark; 0 when every pool woke up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, default=40, help="how many pools (40)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which queues appear (1)")
    given = parser.parse_args()
    latencies, silent = run(given.pools, given.seed)
    measured = {"from zero": figures(latencies)}
    print(measured["from zero"].line("from zero", "aim: p95 < 1.5"))
    for name in silent:
        print(f"{name} did not wake up within {LIMIT:.0f} s")
    print(f"-> {save('bench-from-zero', shaped(measured))}")
    return 1 if silent else 0


if __name__ == "__main__":
    leave_with(main)
