"""What a system uses over a while: processor, memory, requests to the API server, queries to Prometheus."""

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from stage import Stage
from usage import Usage, usage

from keda import autoscaler, running

QUERIES = "prometheus_http_requests"
GROUND = ("kube-apiserver", "etcd")


@dataclass(frozen=True)
class Bill:
    """What was used: CPU seconds a minute and MB in the end by program, requests a minute by who asked."""

    seconds: float
    cpu: dict[str, float]
    memory: dict[str, float]
    requests: dict[str, float]
    queries: float


@dataclass(frozen=True)
class Reading:
    """What stood on every counter at one moment."""

    at: float
    used: dict[str, Usage]
    audited: int
    queries: float


@dataclass(frozen=True)
class Meter:
    """Reads what the programs of a turn use; `programs` are the system's own, by their process ids."""

    stage: Stage
    programs: Mapping[str, int]

    def over(self, act: Callable[[], None]) -> Bill:
        """Return what is used while something is done."""
        before = self._read()
        act()
        return self._bill(before, self._read())

    def _read(self) -> Reading:
        used = {name: usage(pid) for name, pid in self._followed().items()}
        return Reading(time.monotonic(), used, self._log.stat().st_size, queries(_page(self.stage.prometheus)))

    def _bill(self, before: Reading, after: Reading) -> Bill:
        minutes = (after.at - before.at) / 60
        with self._log.open(encoding="utf-8") as log:
            log.seek(before.audited)
            asked = askers(log, self._users())
        return Bill(
            round(after.at - before.at, 1),
            {name: round((one.cpu - before.used[name].cpu) / minutes, 2) for name, one in after.used.items()},
            {name: round(one.resident) for name, one in after.used.items()},
            {name: round(asked[name] / minutes, 1) for name in self._users().values()},
            round((after.queries - before.queries) / minutes, 1),
        )

    def _followed(self) -> dict[str, int]:
        running_now = self.stage.cluster.programs.pids()
        prometheus = next(pid for name, pid in running_now.items() if name.startswith("prometheus-"))
        ground = {name: running_now[name] for name in (*GROUND, autoscaler.NAME)}
        return {**self.programs, **ground, "prometheus": prometheus}

    def _users(self) -> dict[str, str]:
        return {self.stage.account.user: "poolkeeper", running.USER: "keda", autoscaler.USER: autoscaler.NAME}

    @property
    def _log(self) -> Path:
        log = self.stage.cluster.audit_log
        assert log is not None, "the stage keeps an audit log"  # noqa: S101  its maker asks for it
        return log


def askers(lines: Iterable[str], users: Mapping[str, str]) -> Counter[str]:
    """Return how many requests of the API server's audit log were answered, by the names of those users who asked.

    A watch counts when it ends; a line that is not all there yet does not.
    """
    counted: Counter[str] = Counter()
    for line in lines:
        if not line.endswith("}\n") or not any(user in line for user in users):
            continue
        told = json.loads(line)
        if told["stage"] == "ResponseComplete" and told["user"]["username"] in users:
            counted[users[told["user"]["username"]]] += 1
    return counted


def queries(page: str) -> float:
    """Return how many queries a Prometheus has answered, by its own page."""
    families = [one for one in text_string_to_metric_families(page) if one.name == QUERIES]
    samples = [sample for one in families for sample in one.samples]
    return sum(sample.value for sample in samples if sample.labels["handler"].startswith("/api/v1/query"))


def _page(prometheus: str) -> str:
    with urllib.request.urlopen(f"{prometheus}/metrics", timeout=60) as answer:  # noqa: S310  an http address
        return str(answer.read().decode())
