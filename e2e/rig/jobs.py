"""Work in a real Redis stream: jobs that come, workers that take them, end them, and lose them with their pods."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis as client
import yaml

from controlplane import brokers
from controlplane.brokers import PASSWORD, READER, READERS
from rig.ground import Ground

Json = dict[str, Any]

GROUP = "workers"


class Jobs:
    """A stream of jobs and the group that works on it."""

    def __init__(self, server: brokers.Redis, name: str) -> None:
        self._server, self.name = server, name
        self._redis = client.Redis(server.address, server.port, username="admin", password=PASSWORD)
        self._redis.xgroup_create(name, GROUP, "0", mkstream=True)

    @property
    def source(self) -> Json:
        """How a pool names it."""
        return {"name": "jobs", "redis": {"server": "redis", "stream": self.name, "group": GROUP}}

    @property
    def left(self) -> int:
        """How many jobs are not done."""
        return int(self._redis.xlen(self.name))

    def put(self, count: int) -> None:
        """Let so many jobs come."""
        with self._redis.pipeline() as together:
            for number in range(count):
                together.xadd(self.name, {"job": number})
            together.execute()

    def take(self) -> bytes | None:
        """Take a job and work on it from now on, None where none waits."""
        found: Any = self._redis.xreadgroup(GROUP, "worker", {self.name: ">"}, 1)
        if not found:
            return None
        ((_, ((job, _),)),) = found
        return bytes(job)

    def finish(self, job: bytes) -> None:
        """End a job."""
        self._redis.xack(self.name, GROUP, job)
        self._redis.xdel(self.name, job)

    def brokers_file(self, folder: Path) -> Path:
        """Write the administrator's file that names the server."""
        (folder / "password").write_text(READERS)
        known = {"kind": "redis", "url": self._server.url, "username": READER, "passwordFile": str(folder / "password")}
        (folder / "brokers.yaml").write_text(yaml.safe_dump({"redis": known}))
        return folder / "brokers.yaml"


@contextmanager
def redis(ground: Ground) -> Iterator[brokers.Redis]:
    """Run a Redis of one's own."""
    with brokers.redis(ground.cluster.programs, ground.cluster.site.network.address) as running:
        yield running


class Workers:
    """One worker in each pod: takes a job, ends it so many seconds later; what a lost pod had goes to another one."""

    def __init__(self, jobs: Jobs, seconds: float) -> None:
        self._jobs, self._seconds = jobs, seconds
        self._busy: dict[str, tuple[bytes, float]] = {}
        self._lost: list[bytes] = []
        self.worked: dict[str, int] = {}

    def turn(self, pods: Mapping[str, str], now: float) -> None:
        """Let them work until now in these pods, each with the name of its Deployment."""
        for pod in [pod for pod in self._busy if pod not in pods]:
            self._lost.append(self._busy.pop(pod)[0])
        for pod, owner in pods.items():
            job, end = self._busy.get(pod, (None, 0.0))
            if job is not None and end <= now:
                self._jobs.finish(job)
                self.worked[owner] = self.worked.get(owner, 0) + 1
                del self._busy[pod]
            if pod not in self._busy and (found := self._lost.pop() if self._lost else self._jobs.take()) is not None:
                self._busy[pod] = (found, now + self._seconds)
