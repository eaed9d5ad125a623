"""A night of work, compressed: jobs in a real Redis, done in time on spot with reclaims, or elsewhere at the last."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane import brokers
from rig.ground import Ground
from rig.jobs import Jobs, Workers, redis
from rig.space import Space
from rig.spot import SpotPool, capacity, owner

pytestmark = pytest.mark.xdist_group("jobs")

JOB, JOBS, START, DEADLINE, MOST = 2, 150, 15, 150, 8
EARLY = 60
"""When nodes are lost, by the deadline's clock."""


@pytest.fixture(scope="module")
def server(ground: Ground) -> Iterator[brokers.Redis]:
    with redis(ground) as running:
        yield running


class Night:
    """Jobs that came at once, the pool that is to do them by the deadline, and its workers."""

    def __init__(self, space: Space, server: brokers.Redis, folder: Path) -> None:
        self.space, self.jobs = space, Jobs(server, space.name)
        self.half = SpotPool(space)
        self.workers = Workers(self.jobs, JOB)
        self.half.add_nodes("on-demand", MOST)
        self.half.add_nodes("spot", MOST + 4)
        self.half.deploy(0)
        space.operate("--brokers-file", str(self.jobs.brokers_file(folder))).wait_until_leading()
        self.jobs.put(JOBS)
        queue = {"sources": [self.jobs.source], "scaleDown": {"gracePeriod": "5s"}}
        batch = {"deadline": f"{DEADLINE}s", "jobTime": f"{JOB}s"}
        tiers = capacity("eks", {"base": 0, "percentAboveBase": 0})
        startup = {"timeout": f"{START}s"}
        self.half.create(0, tiers, maxReplicas=MOST, queue=queue, batch=batch, startup=startup)
        self.came = time.monotonic()

    @property
    def pods(self) -> dict[str, str]:
        """The pods that work, each with the name of its Deployment; one whose node is lost may end long after."""
        ready = [pod for pod in self.half.pods() if is_ready(pod) and "deletionTimestamp" not in pod["metadata"]]
        return {pod["metadata"]["name"]: owner(pod) for pod in ready}

    def work(self, until: float) -> float:
        """Let them work until then, in seconds since the work came, or until nothing is left; return when that was."""
        while (spent := time.monotonic() - self.came) < until and self.jobs.left:
            self.workers.turn(self.pods, time.monotonic())
            time.sleep(0.2)
        return spent

    @property
    def worked(self) -> dict[str, int]:
        """How many jobs each half has done."""
        return self.workers.worked


def is_ready(pod: dict[str, object]) -> bool:
    """Return whether a pod is ready."""
    status = pod.get("status")
    conditions = status.get("conditions", ()) if isinstance(status, dict) else ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


@pytest.mark.lasts(200)
def test_it_is_done_in_time_on_spot_with_reclaims(space: Space, server: brokers.Redis, tmp_path: Path) -> None:
    night = Night(space, server, tmp_path)
    night.work(EARLY)
    night.half.reclaim(night.half.notice(2))
    done = night.work(DEADLINE + 60)
    print(f"done {done:.0f} s after it came, due after {DEADLINE} s: {night.worked}; spot {night.half.spot}")
    assert done <= DEADLINE
    assert night.worked.get("chat-spot", 0) > JOBS / 2
    space.wait_until(lambda: space.size("chat") + space.size("chat-spot") == 0, "nobody stays without work")


@pytest.mark.lasts(200)
def test_without_spot_it_is_done_in_time_on_on_demand(space: Space, server: brokers.Redis, tmp_path: Path) -> None:
    night = Night(space, server, tmp_path)
    night.work(EARLY)
    assert space.sizes("chat") == [0]
    spot = space.api.get(f"/api/v1/nodes?labelSelector=rig%3D{night.half.nodes['rig']}")["items"]
    going = [node["metadata"]["name"] for node in spot if "SPOT" in node["metadata"]["labels"].values()]
    night.half.reclaim(going)
    done = night.work(DEADLINE + 60)
    print(f"done {done:.0f} s after it came, due after {DEADLINE} s: {night.worked}; on-demand {night.half.on_demand}")
    assert done <= DEADLINE
    assert night.worked.get("chat", 0) > 0
    assert space.status("chat")["batch"]["late"] == 0
