"""To zero after an idle time and from zero for one job, by what a real Redis tells of jobs that wait and run.

job taken ---- job ended ---------- clock stored ---- kill -9 ---- the last replica leaves
               0                    10                             IDLE
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane import brokers
from rig.ground import Ground
from rig.jobs import Jobs, redis
from rig.manifests import pool
from rig.space import Space
from rig.strain import Strain
from rig.waiting import eventually, let_pass

pytestmark = pytest.mark.xdist_group("jobs")

IDLE, INTERVAL, SLACK = 20, 1, 0.5
GAP, RENEWAL = 30, 10
"""Time without a look does not count if it is longer; the lease tells since when, as of its last renewal."""


@pytest.fixture(scope="module")
def server(ground: Ground) -> Iterator[brokers.Redis]:
    with redis(ground) as running:
        yield running


@pytest.fixture
def jobs(server: brokers.Redis, space: Space, tmp_path: Path) -> Jobs:
    """Jobs for a pool at zero, which an operator looks at."""
    made = Jobs(server, space.name)
    space.create_deployment("chat", 0)
    operate(space, made, tmp_path)
    shrink = {"gracePeriod": "2s", "idleAfter": f"{IDLE}s"}
    space.create(pool("chat", {"scaleDown": shrink, "sources": [made.source]}, minReplicas=0))
    space.wait_for_condition("chat", "MetricsAvailable", "AsExpected")
    return made


def operate(space: Space, jobs: Jobs, folder: Path) -> float:
    """Run an operator that knows the broker; return when it led."""
    space.operate("--brokers-file", str(jobs.brokers_file(folder))).wait_until_leading()
    return time.monotonic()


def work(space: Space, jobs: Jobs) -> float:
    """Let a job come, wake the pool up, and be worked on; return when it ended."""
    jobs.put(1)
    space.wait_until_ready("chat", 1)
    job = jobs.take()
    assert job is not None
    space.wait_until(lambda: space.explain("chat").get("queue") == 0, "nothing waits any more")
    jobs.finish(job)
    return time.monotonic()


@pytest.mark.lasts(30)
def test_one_job_wakes_the_pool_and_its_end_is_when_the_idle_time_begins(
    space: Space, jobs: Jobs, strain: Strain
) -> None:
    ended = work(space, jobs)
    fell = space.wait_for_fall("chat", IDLE + 20)
    print(f"left {fell.at - ended:.2f} s after the last job ended")
    assert fell.at >= ended + IDLE - INTERVAL - SLACK
    assert strain.worth(ended + IDLE, fell.at) <= 2 * INTERVAL + SLACK
    assert space.sizes("chat") == [0, 1, 0]


@pytest.mark.lasts(30)
def test_what_runs_keeps_the_last_replica(space: Space, jobs: Jobs) -> None:
    jobs.put(1)
    space.wait_until_ready("chat", 1)
    job = jobs.take()
    let_pass(IDLE + 5)
    assert (job is not None, space.sizes("chat")) == (True, [0, 1])
    assert space.explain("chat")["reason"] == "Idling"


@pytest.mark.lasts(40)
def test_a_crash_makes_the_idle_time_neither_shorter_nor_longer(
    space: Space, jobs: Jobs, strain: Strain, tmp_path: Path
) -> None:
    ended = work(space, jobs)
    eventually(lambda: "idleSince" in space.status("chat").get("memory", {}), "the clock is stored", IDLE)
    killed = time.monotonic()
    space.operators[-1].kill()
    led = operate(space, jobs, tmp_path)
    due = max(ended + IDLE, led + (IDLE if led - killed > GAP - RENEWAL else 0))
    fell = space.wait_for_fall("chat", 2 * IDLE + GAP)
    print(f"led after {led - killed:.1f} s, fell {fell.at - due:.1f} s late")
    assert fell.at >= ended + IDLE - INTERVAL - SLACK
    assert strain.worth(due, fell.at) <= 2 * INTERVAL + SLACK
