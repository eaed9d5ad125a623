"""Thousands of pools on one core: the operator's lateness, time, memory and requests, on a real API server.

    start       from the process' begin until every pool was decided once, and until every pool's status stands
    at rest     nothing changes
    changing    one pool in a hundred goes from a calm queue to a long one and back, every 15 s: they are resized

Each pool has the published thresholds, looks asked for every second, and a Deployment; see multitude.py for how many
of those have a pod. Lateness is how late a look begins on its pool's own grid; where one core is not enough for all
looks, all grids are stretched alike (decision 0057), so `apart`, the time between two looks at a pool, stands beside
it, and `beyond`, how much longer than the second that was asked for that is. The gate stands at `late` where intervals
were as asked, else at `beyond`: a small lateness on a stretched grid passes none. `delay` is how late the event loop's
heartbeat comes, ten a second. Values are the operator's own, each of them, written down by measured.py. Figures are
printed, not judged.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from figures import save
from multitude import CALM, LONG, Multitude
from spreads import Spread, spread
from stage import Stage, boot, leave_with, say, wait_until
from usage import Usage, usage

from rig import audit
from rig.operators import Operator

Json = dict[str, Any]

MEASURED = Path(__file__).with_name("measured.py")
GATE = "p95 < 75, p99 < 150, max < 200"
ASKED = 1.0
"""The interval that is asked for, in seconds."""
SWING = 15.0
SETTLE = 20.0
PATIENCE = 900.0
OTHERS = ("kube-apiserver", "etcd", "prometheus")


@dataclass(frozen=True)
class Window:
    """What was measured while so many seconds passed. CPU is a share of a core; requests are a minute's."""

    name: str
    seconds: float
    late: Spread
    decision: Spread
    delay: Spread
    apart: Spread
    stretch: float
    cpu: float
    resident: float
    others: dict[str, float]
    requests: dict[str, float]

    @property
    def is_as_asked(self) -> bool:
        """Whether intervals were as long as asked: the gate is meant for lateness on those."""
        return self.stretch == 1

    @property
    def beyond(self) -> Spread:
        """How much longer than asked for it took until a pool was looked at again."""
        told = self.apart.p50, self.apart.p95, self.apart.p99, self.apart.max
        return Spread(self.apart.n, *(round(max(0.0, one - ASKED), 5) for one in told))

    def lines(self) -> Iterator[str]:
        """Yield it for people."""
        yield f"{self.name}: {self.seconds:.0f} s, intervals {self.stretch:.2f} times as long as asked"
        yield self.late.line("late", GATE if self.is_as_asked else "")
        yield self.beyond.line("beyond", "" if self.is_as_asked else GATE)
        yield self.delay.line("delay")
        yield self.decision.line("decision")
        yield self.apart.line("apart")
        yield f"  operator  {100 * self.cpu:.0f} % of a core, {self.resident:.0f} MB resident"
        yield "  beside it " + ", ".join(f"{name} {100 * share:.0f} %" for name, share in self.others.items())
        yield "  requests  " + (", ".join(f"{one} {count:.0f}" for one, count in self.requests.items()) or "none")


class Bench:
    """The operator over a multitude, and what it wrote down."""

    def __init__(self, stage: Stage, multitude: Multitude, path: Path) -> None:
        self._stage, self._multitude, self._path = stage, multitude, path

    @contextmanager
    def operator(self) -> Iterator[Operator]:
        """Run the operator, measured, under its own account."""
        cluster, account = self._stage.cluster, self._stage.account
        command = [sys.executable, str(MEASURED), str(self._path), "run", "--kubeconfig", str(account.kubeconfig)]
        more = ["--listen", "127.0.0.1:0", "--prometheus", f"default={self._stage.prometheus}", *account.arguments]
        more += ["--lease-duration", "60s"]  # others may have the machine: whoever is not heard of for so long, leaves
        cluster.run("measured", [*command, *more])
        operator = Operator(cluster, "measured")
        self._stage.operators.append(operator)
        try:
            yield operator
        finally:
            operator.stop()

    def start(self, operator: Operator) -> dict[str, float]:
        """Return the seconds until every pool was decided, and until the statuses stand, and the memory then."""
        began, count = time.monotonic(), len(self._multitude.names)
        wait_until(lambda: self._decided() >= count, "every pool was decided", PATIENCE)
        told = {"decided": round(time.monotonic() - began, 1), "peak": round(usage(operator.pid).peak)}
        say(f"every pool decided {told['decided']:.1f} s after the start")
        wait_until(lambda: self._is_quiet(count), "every status stands", PATIENCE, pause=3.0)
        told["stands"] = round(time.monotonic() - began, 1)
        say(f"every status stands {told['stands']:.1f} s after the start")
        time.sleep(SETTLE)
        return told

    def window(self, operator: Operator, name: str, seconds: float, changing: int = 0) -> Window:
        """Measure while so much time passes."""
        since, began, before = datetime.now(UTC), time.monotonic(), self._used(operator)
        self._pass(began + seconds, self._multitude.peopled[:changing])
        passed, after = time.monotonic() - began, self._used(operator)
        cpu = {one: round((after[one].cpu - before[one].cpu) / passed, 3) for one in before}
        told = list(self._lines(began))
        values = {one: spread([value for line in told for value in line[one]]) for one in ("late", "decision", "delay")}
        return Window(
            name=name,
            seconds=round(passed, 1),
            **values,
            apart=spread([value for line in told for value in line["apart"]]),
            stretch=round(sum(line["stretch"] for line in told) / len(told), 2),
            cpu=cpu.pop("operator"),
            resident=round(after["operator"].resident),
            others=cpu,
            requests=requests(self._stage, since, passed),
        )

    def _pass(self, until: float, swinging: Sequence[str]) -> None:
        long, due = False, time.monotonic()
        while (now := time.monotonic()) < until:
            if swinging and now >= due:
                long, due = not long, due + SWING
                for name in swinging:
                    self._multitude.show(name, LONG if long else CALM)
            time.sleep(0.2)

    def _used(self, operator: Operator) -> dict[str, Usage]:
        others = beside(self._stage.cluster.programs.pids())
        return {name: usage(pid) for name, pid in {"operator": operator.pid, **others}.items()}

    def _lines(self, since: float) -> Iterator[Json]:
        text = self._path.read_text(encoding="utf-8") if self._path.exists() else ""
        for line in text.splitlines(keepends=True):
            if line.endswith("\n") and (told := json.loads(line))["at"] >= since:
                yield told

    def _decided(self) -> int:
        return max((line["pools"] for line in self._lines(0)), default=0)

    def _is_quiet(self, count: int) -> bool:
        """Tell whether every pool has a status; the API server is asked for pages of them, as anybody would."""
        path, found, more = "/apis/poolkeeper.io/v1alpha1/inferencepools?limit=500", 0, ""
        while True:
            page = self._stage.api.get(f"{path}{more}")
            found += sum("status" in one for one in page["items"])
            token = page["metadata"].get("continue")
            if not token:
                return found >= count
            more = f"&continue={token}"


def beside(pids: Mapping[str, int]) -> dict[str, int]:
    """Return the processes whose share is told beside the operator's; Prometheus' name has its port in it."""
    known = {name.rpartition("-")[0] if name.startswith("prometheus-") else name: pid for name, pid in pids.items()}
    return {name: known[name] for name in OTHERS if name in known}


def requests(stage: Stage, since: datetime, seconds: float) -> dict[str, float]:
    """Return the operator's requests by kind, a minute, the most frequent first."""
    made = (one for one in audit.requests(stage.cluster, stage.account.user) if one.at >= since)
    counts = Counter(f"{one.verb} {one.resource}" for one in made)
    return {kind: round(60 * count / seconds, 1) for kind, count in counts.most_common()}


def run(given: argparse.Namespace, pools: int) -> Json:
    """Measure so many pools."""
    peopled = min(pools, given.pods)
    with boot(gpus=3 * peopled + 200, audit=True) as stage:
        multitude = Multitude(stage, pools, peopled, by_prometheus=given.source == "prometheus")
        multitude.create()
        bench = Bench(stage, multitude, stage.cluster.directory / "measured.jsonl")
        with bench.operator() as operator:
            started = bench.start(operator)
            windows = [bench.window(operator, "at rest", given.seconds)]
            print("\n".join(windows[-1].lines()), flush=True)
            windows.append(bench.window(operator, "changing", given.seconds, max(1, pools // 100)))
            print("\n".join(windows[-1].lines()), flush=True)
    return {"pools": pools, "pods": peopled, "source": given.source, "start": started, **shaped(windows)}


def shaped(windows: Sequence[Window]) -> Mapping[str, Json]:
    """Return windows as the file holds them, by name."""
    return {one.name: asdict(one) for one in windows}


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pools", type=int, action="append", help="how many; repeatable (1,000 and 10,000)")
    parser.add_argument("--pods", type=int, default=1000, help="how many Deployments have a replica, at most (1000)")
    parser.add_argument("--seconds", type=float, default=120, help="how long each window is (120)")
    parser.add_argument("--source", choices=("prometheus", "pods"), default="prometheus")
    given = parser.parse_args()
    runs = []
    for pools in given.pools or (1000, 10_000):
        runs.append(run(given, pools))
        print(f"-> {save('bench-scale', {'runs': runs})}", flush=True)
    return 0


if __name__ == "__main__":
    leave_with(main)
