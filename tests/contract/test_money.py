"""What a real API server keeps of a pool's money while operators come and go: status, annotations, events, ledger.

The pods are pretended, and so is the time: half an hour passes in seconds.
"""

from contextlib import suppress
from decimal import Decimal

import pytest
from tests.shell import test_money
from tests.shell.test_loop import KEY, QUEUE
from typer.testing import CliRunner

from builders import BODY, at
from controlplane import KubectlError
from poolkeeper.api import ledger
from poolkeeper.api.names import (
    API_VERSION,
    BUDGET_LIFTED_BY,
    BUDGET_LIFTED_UNTIL,
    COST_MONTH_TO_DATE,
    KIND,
    PLURAL,
    RESOURCE,
)
from poolkeeper.api.units import format_instant
from poolkeeper.cli.main import app
from poolkeeper.core.account import month_to_date
from poolkeeper.shell.access import Access
from poolkeeper.shell.kube_errors import ConflictError

pytestmark = pytest.mark.cluster

POOL = f"/apis/{API_VERSION}/namespaces/{KEY[0]}/{PLURAL}/{KEY[1]}"
EACH, HALF_AN_HOUR, MIDNIGHT = 30, 1800, 12 * 3600
COST = {"gpusPerReplica": 1, "pricePerGPUHour": {"on-demand": "3.00"}}
HALF = Decimal(3)
"""What two replicas cost in half an hour."""


class Process(test_money.Rig):
    """An operator's money, from the moment at which it takes over the pool as the API server has it."""

    def __init__(self, plane, kube, second=0):
        self.plane, self.api, kube.second = plane, kube, second
        kube.clock = self
        super().__init__()
        self.pool.leading = False
        self.pool.lead(at(second), at(second))

    def server(self):
        return self.api

    def now(self):
        return at(self.api.second)

    def change(self, **_):
        self.pool = self.pools.take(self.plane.get("-n", KEY[0], RESOURCE, KEY[1]))

    async def last(self, begin, end, step=EACH):
        await super().last(begin, end, step)

    @property
    def cost(self):
        return month_to_date(self.pool.memory.account, self.now(), self.now().date()).cost


class Stage:
    """A pool, and what the API server has of it."""

    def __init__(self, plane, kube):
        self.plane, self.kube = plane, kube

    def get(self, *words):
        return self.plane.get("-n", KEY[0], *words)

    @property
    def pool(self):
        return self.get(RESOURCE, KEY[1])

    @property
    def events(self):
        return [one["reason"] for one in self.get("events")["items"] if one["involvedObject"]["uid"] == self.uid]

    @property
    def months(self):
        found = self.plane.get("-n", "poolkeeper", "configmaps", "-l", ledger.SELECTOR)["items"]
        return [one for one in found if one["metadata"]["name"].endswith(self.uid)]

    def define(self, **cost):
        spec = {**BODY["spec"], "queue": QUEUE, "cost": COST | cost}
        metadata = {"namespace": KEY[0], "name": KEY[1], "labels": {"team": "search"}}
        self.plane.apply({"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec})
        self.uid = self.pool["metadata"]["uid"]

    def operate(self, second=0):
        return Process(self.plane, self.kube, second)


@pytest.fixture
def access(cluster):
    return Access.from_kubeconfig(cluster.kubeconfig)


@pytest.fixture
async def stage(cluster, crd, kube):
    with suppress(ConflictError):
        await kube.post("/api/v1/namespaces", {"metadata": {"name": KEY[0]}})
    with suppress(ConflictError):
        await kube.post("/api/v1/namespaces", {"metadata": {"name": "poolkeeper"}})
    made = Stage(cluster, kube)
    made.define()
    yield made
    cluster.kubectl("delete", "-n", KEY[0], RESOURCE, KEY[1], "--ignore-not-found")


async def test_the_amount_goes_on_over_a_crash_without_a_jump(stage):
    await stage.operate().last(0, 1000)
    other = stage.operate(1000)
    await other.last(1010, HALF_AN_HOUR)
    await other.look(HALF_AN_HOUR)
    assert round(other.cost, 6) == HALF


async def test_status_and_annotation_say_the_same(stage):
    await stage.operate().last(0, HALF_AN_HOUR)
    found = stage.pool
    assert found["status"]["cost"]["monthToDate"] == found["metadata"]["annotations"][COST_MONTH_TO_DATE]


async def test_a_crash_between_event_and_status_tells_nothing_twice(stage):
    stage.define(budget={"monthly": "1", "alertAtPercent": [50]})
    process = stage.operate()
    process.pool.status_rest.until = at(HALF_AN_HOUR)
    await process.last(0, 1000)
    before = stage.events
    await stage.operate().last(0, 1000)
    assert (before, stage.events) == (["BudgetAlert"], ["BudgetAlert"])


async def test_a_day_is_in_the_ledger_once_whoever_wrote_it(stage):
    await stage.operate().last(0, 1000)
    for _ in range(2):  # the second one takes over before the first one's account was stored
        process = stage.operate(1000)
        process.pool.status_rest.until = at(MIDNIGHT + 200)
        await process.last(MIDNIGHT, MIDNIGHT + 200)
    found = [(entry.day.on.day, entry.day.amount.cost) for month in stage.months for entry in ledger.entries(month)]
    assert [cost for day, cost in found if day == 2] == [24 * HALF]


async def test_a_day_in_two_currencies_is_kept_in_both(stage):
    process = stage.operate()
    await process.last(0, 1000)
    stage.define(currency="EUR")
    process.change()
    await process.last(1000, HALF_AN_HOUR)
    await process.money.close()
    found = [(entry.currency, entry.day.amount.cost > 0) for entry in ledger.entries(stage.months[0])]
    assert found == [("EUR", True), ("USD", True)]


async def test_a_lifting_is_told_once_whoever_leads(stage):
    stage.plane.kubectl(
        "annotate", "-n", KEY[0], RESOURCE, KEY[1], f"{BUDGET_LIFTED_UNTIL}={format_instant(at(MIDNIGHT))}"
    )
    await stage.operate().last(0, 1000)
    stage.plane.kubectl("delete", "events", "-n", KEY[0], "--all")  # as they are forgotten after an hour
    await stage.operate(1000).last(1000, HALF_AN_HOUR)
    assert stage.events == []


async def test_the_ledger_outlives_the_pool(stage):
    process = stage.operate()
    await process.last(0, 1000)
    stage.plane.kubectl("delete", "-n", KEY[0], RESOURCE, KEY[1])
    process.api.second = HALF_AN_HOUR
    process.money.end(process.pool)
    await process.rest()
    (entry,) = ledger.entries(stage.months[0])
    assert (entry.day.amount.cost, entry.labels) == (HALF, {"team": "search"})


def override(stage, *words):
    found = ["override", KEY[1], "-n", KEY[0], "--kubeconfig", str(stage.plane.kubeconfig), *words]
    return CliRunner().invoke(app, found)


@pytest.fixture
def pool(cluster, crd):
    with suppress(KubectlError):
        cluster.kubectl("create", "namespace", KEY[0])
    made = Stage(cluster, None)
    made.define(budget={"monthly": "1", "enforce": "HoldScaleUp"})
    yield made
    cluster.kubectl("delete", "-n", KEY[0], RESOURCE, KEY[1])


def test_an_override_says_who_and_why(pool):
    answer = override(pool, "--budget", "--for", "2h", "--because", "launch day")
    found = pool.pool["metadata"]["annotations"]
    assert (answer.exit_code, found[BUDGET_LIFTED_BY].endswith(": launch day")) == (0, True)
    assert answer.output.strip().endswith(found[BUDGET_LIFTED_UNTIL])


def test_an_override_ends_when_it_is_cleared(pool):
    override(pool, "--budget", "--for", "2h")
    override(pool, "--budget", "--clear")
    assert BUDGET_LIFTED_UNTIL not in pool.pool["metadata"].get("annotations", {})


def test_an_override_of_no_pool_is_said(pool):
    answer = CliRunner().invoke(
        app, ["override", "none", "--budget", "--clear", "--kubeconfig", str(pool.plane.kubeconfig)]
    )
    assert (answer.exit_code, '"none" not found' in answer.output) == (2, True)
