"""What a pool costs, on a real cluster (R8): all that tells of it agrees, also with the API server's own log.

    pool --- pods bound ... gone ... bound --- beat --- kill -9 --- beat --- deleted
             each second of each GPU costs 1       status, columns, annotations, `poolkeeper cost`, ledger

The bounds of a pod's time are known to the second (`PodScheduled`), its end when it is seen.
"""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from rig.manifests import pool, published
from rig.money import A_SECOND, noon, paid, stays
from rig.operators import POOLKEEPER
from rig.space import Space
from rig.waiting import eventually

Json = dict[str, Any]

GRACE = "2s"
SHORT, HOLDING, LONG = 0, 500, 1500
UNSEEN = 2
"""Seconds of a pod that may go unseen at either end: one for the whole second, one for a look."""


def costing(**terms: object) -> Json:
    """Return a cost at which each second of a GPU costs 1, on a day that does not end."""
    return {"timezone": noon(), "pricePerGPUHour": {"on-demand": str(A_SECOND)}} | terms


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def cost_of(space: Space, name: str) -> Json:
    """Return a pool's cost as its status tells it."""
    found: Json = space.status(name).get("cost") or {}
    return found


def told_after(space: Space, name: str, moment: datetime) -> Json:
    """Wait until the status tells of a pool's cost as of later than a moment."""

    def look() -> Json:
        found = cost_of(space, name)
        return found if found and instant(found["asOf"]) > moment else {}

    return eventually(look, f"the cost of {name} after {moment}")


def summed(space: Space, name: str) -> Json:
    """Return what `poolkeeper cost` says of a pool."""
    access = ["--kubeconfig", str(space.ground.cluster.kubeconfig)]
    where = ["--pool", name, "--namespace", space.name, "--operator-namespace", space.name]
    done = subprocess.run(
        [POOLKEEPER, "cost", "--since", "2d", *where, *access, "-o", "json"], capture_output=True, text=True, check=True
    )
    found: Json = json.loads(done.stdout)
    return found


def by_the_log(space: Space, name: str, until: datetime) -> tuple[Decimal, Decimal]:
    """Return what the audit log says that a pool's pods cost by then, and by how much that may be off."""
    found = stays(space.ground.cluster, space.name, f"{name}-")
    return paid(found, A_SECOND, datetime.min.replace(tzinfo=UTC), until), Decimal(2 * UNSEEN * len(found))


def events(space: Space, name: str, reason: str) -> list[str]:
    """Return what the events of a reason say."""
    path = f"/api/v1/namespaces/{space.name}/events?fieldSelector=involvedObject.name={name},reason={reason}"
    return [found["message"] for found in space.api.get(path)["items"]]


def grow_and_shrink(space: Space, name: str) -> datetime:
    """Have a pool that is paid for from its first pod on change its size up and down; return when that was over."""
    space.create(pool(name, published(grace=GRACE), maxReplicas=4, cost=costing(baseline={"replicas": 4})))
    space.wait_for_reason(name, "TargetNotFound")
    space.deploy(name, 3)
    space.fleet.queue(space.workload(name), SHORT)
    space.wait_for_size(name, 2)
    space.fleet.queue(space.workload(name), LONG)
    space.wait_for_size(name, 4)
    space.fleet.queue(space.workload(name), HOLDING)
    return datetime.now(UTC)


@pytest.mark.lasts(230)
def test_all_that_tells_of_cost_agrees_with_the_api_server_s_log_over_a_crash_and_the_pool_s_end(space: Space) -> None:
    space.operate().wait_until_leading()
    changed = grow_and_shrink(space, "paid")
    first = told_after(space, "paid", changed)
    agree(space, "paid", first)
    space.operators[-1].kill()
    space.operate().wait_until_leading()
    after = told_after(space, "paid", instant(first["asOf"]) + timedelta(seconds=30))
    agree(space, "paid", after)
    space.api.delete(space.path("InferencePool", "paid"))
    ended = datetime.now(UTC)
    last = eventually(lambda: total_of(space, "paid"), "the ledger has the pool that is gone")
    expected, off = by_the_log(space, "paid", ended)
    assert abs(last - expected) <= 2 * off  # all replicas at once end when the watch tells of it


def agree(space: Space, name: str, told: Json) -> None:
    """Hold a cost that the status tells to the log, the annotations, the columns and `poolkeeper cost`."""
    expected, off = by_the_log(space, name, instant(told["asOf"]))
    assert abs(Decimal(told["monthToDate"]) - expected) <= off
    annotations = eventually(
        lambda: annotated(space, name, told["monthToDate"]), f"the annotations of {name} tell {told['monthToDate']}"
    )
    assert annotations["poolkeeper.io/cost-per-hour"] == told["perHour"]
    assert annotations["poolkeeper.io/savings-month-to-date"] == told["savingsMonthToDate"]
    assert {told["perHour"], told["monthToDate"]} <= set(columns(space, name))
    now = summed(space, name)
    expected, off = by_the_log(space, name, instant(now["asOf"]))
    assert abs(Decimal(now["currencies"][0]["total"]["cost"]) - expected) <= off


def annotated(space: Space, name: str, month: str) -> dict[str, str]:
    """Return the pool's annotations once they tell of this month to date."""
    found: dict[str, str] = space.record.newest("InferencePool", name)["metadata"].get("annotations") or {}
    return found if found.get("poolkeeper.io/cost-month-to-date") == month else {}


def columns(space: Space, name: str) -> list[str]:
    """Return what kubectl shows of a pool."""
    return space.ground.cluster.kubectl("get", "ipool", name, "-n", space.name, "--no-headers").split()


def total_of(space: Space, name: str) -> Decimal | None:
    """Return what the ledger has of a pool that is gone, None while nobody has written that."""
    found = summed(space, name)["currencies"]
    return Decimal(found[0]["total"]["cost"]) if found else None


@pytest.mark.lasts(190)
def test_a_budget_that_is_used_up_holds_growth_and_is_told_once_until_somebody_lifts_it(space: Space) -> None:
    space.deploy("spent", 2)
    space.fleet.queue(space.workload("spent"), HOLDING)
    space.operate().wait_until_leading()
    budget = {"monthly": "20", "alertAtPercent": [100], "enforce": "HoldScaleUp"}
    space.create(pool("spent", published(), minReplicas=1, maxReplicas=3, cost=costing(budget=budget)))
    space.wait_for_condition("spent", "WithinBudget", "BudgetExceeded")
    space.fleet.queue(space.workload("spent"), LONG)
    space.wait_for_reason("spent", "BudgetHeld")
    eventually(lambda: events(space, "spent", "BudgetExceeded"), "an event tells of the budget")
    space.operators[-1].kill()
    space.operate().wait_until_leading()
    told_after(space, "spent", datetime.now(UTC))
    assert (len(events(space, "spent", "BudgetExceeded")), space.sizes("spent")) == (1, [2])
    override(space, "spent")
    space.wait_for_size("spent", 3)
    lifted = eventually(lambda: events(space, "spent", "BudgetLifted"), "an event tells who lifted it")
    assert "launch day" in lifted[0]


def override(space: Space, name: str) -> None:
    """Lift what the budget holds back, as people do."""
    access = ["--kubeconfig", str(space.ground.cluster.kubeconfig), "--namespace", space.name]
    command = [POOLKEEPER, "override", name, "--budget", "--for", "1h", "--because", "launch day", *access]
    subprocess.run(command, check=True, capture_output=True)
