"""Which row prices a place is told, with why the others do not."""

import json
from types import SimpleNamespace

import pytest
from tests.contract.fake_api import FakeApi
from typer.testing import CliRunner

from poolkeeper.api.price_book import COLUMNS
from poolkeeper.cli import prices_shown
from poolkeeper.cli.connection import complaints
from poolkeeper.cli.main import app
from poolkeeper.cli.prices_shown import Shelf, from_configmap
from poolkeeper.shell.kube import KubeClient

HEADER = ",".join(COLUMNS)
MACHINE = "aws,us-east-1,*,g6.xlarge,,on-demand,0.8048,USD,,list"
SPOT = "aws,us-east-1,*,g6.xlarge,,spot,0.281,USD,,list"
POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat}
spec:
  targetRef: {name: chat}
  minReplicas: 2
  maxReplicas: 8
  cost: {gpusPerReplica: 1}
"""
LABELS = {
    "node.kubernetes.io/instance-type": "g6.xlarge",
    "topology.kubernetes.io/region": "us-east-1",
    "karpenter.k8s.aws/instance-gpu-name": "l4",
    "karpenter.sh/capacity-type": "spot",
}
NOW = "2026-11-01T00:00:00Z"


@pytest.fixture
def show(tmp_path):
    def act(*lines, labels=LABELS, pool=POOL, options=(), width=120):
        book, file = tmp_path / "prices.csv", tmp_path / "chat.yaml"
        book.write_text("\n".join([HEADER, *lines]))
        file.write_text(pool)
        said = ",".join(f"{key}={value}" for key, value in labels.items())
        arguments = ["-f", str(file), "--book", str(book), "--node-labels", said, "--at", NOW, *options]
        return CliRunner().invoke(app, ["prices", "show", *arguments], env={"COLUMNS": str(width)})

    return act


def test_the_row_that_counts_is_told_with_those_that_do_not(show):
    assert [line.rstrip() for line in show(MACHINE, SPOT).output.splitlines()] == [
        "ipool/chat at 2026-11-01T00:00:00Z",
        "",
        "on-demand: 1 replica of 1 GPU on a spot node: g6.xlarge (1 L4) aws us-east-1",
        "0.2810 USD a GPU-hour: line 3 of prices.csv: 0.281 USD for g6.xlarge of 1 GPU",
        "line  price       of                   where      from    source  verdict",
        "3     0.281 USD   g6.xlarge spot       us-east-1  always  list    counts",
        "2     0.8048 USD  g6.xlarge on-demand  us-east-1  always  list    an on-demand price; there is one for spot",
    ]


def test_a_narrow_terminal_leaves_out_where_a_price_is_from(show):
    assert "source" not in show(SPOT, width=80).output


def test_an_unknown_price_leaves_with_1(show):
    answer = show(SPOT.replace("g6.xlarge", "p5.48xlarge"))
    assert (answer.exit_code, "price unknown: prices.csv has no spot price for g6.xlarge" in answer.output) == (1, True)


def test_rows_about_other_places_are_counted(show):
    elsewhere = SPOT.replace("us-east-1", "us-west-2")
    assert show(SPOT, elsewhere).output.endswith("1 more row is about other places\n")


def test_of_many_rows_the_first_are_shown(show):
    lines = [SPOT.replace("USD,,", f"USD,2026-09-{day:02},") for day in range(1, 24)]
    assert show(*lines).output.endswith("and 3 more rows: -o json has all\n")


def test_labels_that_tell_nothing_are_told(show):
    assert "on an on-demand node whose labels tell nothing" in show(SPOT, labels={}, options=["--gpus", "0"]).output


def test_a_time_can_be_asked_for(show):
    answer = show(SPOT, SPOT.replace("0.281,USD,", "0.3,USD,2026-12-01"), options=["--at", "2026-12-02T00:00:00Z"])
    assert "0.3000 USD" in answer.output


def test_the_pools_own_price_is_told(show):
    pool = POOL.replace("{gpusPerReplica: 1}", '{pricePerGPUHour: {on-demand: "2.5"}}')
    assert "2.5000 USD a GPU-hour: cost.pricePerGPUHour.on-demand of the pool" in show(SPOT, pool=pool).output


def test_all_is_told_as_json(show):
    item = json.loads(show(MACHINE, SPOT, options=["-o", "json"]).output)["items"][0]
    assert (item["pricePerGPUHour"], item["place"]["gpu"], [row["line"] for row in item["rows"]]) == (
        "0.281",
        "L4",
        [3, 2],
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--pool", "chat", "-f", "x.yaml"], "give either --pool NAME or -f FILE"),
        ([], "give either --pool NAME or -f FILE"),
    ],
)
def test_what_is_asked_must_be_clear(options, words):
    answer = CliRunner().invoke(app, ["prices", "show", *options])
    assert (answer.exit_code, words in answer.output) == (2, True)


@pytest.mark.parametrize("options", [["--gpus", "many"], ["--node-labels", "spot"]])
def test_labels_and_gpus_must_be_readable(show, options):
    answer = show(SPOT, options=options)
    assert (answer.exit_code, "write labels as KEY=VALUE" in answer.output) == (2, True)


def test_a_pool_that_is_wrong_is_refused(show):
    answer = show(SPOT, pool=POOL.replace("2", "-2"))
    assert (answer.exit_code, "minReplicas" in answer.stderr) == (2, True)


def test_a_book_that_is_wrong_is_refused(show):
    answer = show(SPOT.replace("0.281", "free"))
    assert (answer.exit_code, "line 2: price: must be a number" in answer.stderr) == (2, True)


def test_a_book_that_is_not_there_is_refused(show):
    answer = show(SPOT, options=["--book", "/nowhere.csv"])
    assert (answer.exit_code, "/nowhere.csv" in answer.stderr) == (2, True)


MAPS = "/api/v1/configmaps"


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


async def asked(api, namespace="system"):
    async with KubeClient(api.access) as kube:
        return await from_configmap(kube, Shelf(None, namespace, "prices"))


async def put(api, name, line):
    await api.put(MAPS, "system", name, data={"prices.csv": f"{HEADER}\n{line}"})


async def test_the_clusters_book_is_the_operators(api):
    await put(api, "prices", SPOT)
    assert [str(row.price) for row in (await asked(api)).rows] == ["0.281"]


async def test_a_wrong_book_gives_way_to_the_last_good_one(api):
    await put(api, "prices", SPOT.replace("0.281", "free"))
    await put(api, "prices-accepted", SPOT)
    with complaints.capture() as said:
        book = await asked(api)
    assert (len(book.rows), said.get()) == (
        1,
        "note: configmap/prices: line 2: price: must be a number, as in 3.25 (got 'free'); it does not count\n",
    )


async def test_where_there_is_no_book_it_is_said_where_it_was_sought(api):
    assert (await asked(api)).name == "configmap/prices in system"


async def test_the_operator_is_where_its_lease_is(api):
    await api.put("/apis/coordination.k8s.io/v1/leases", "system", "poolkeeper", spec={})
    await put(api, "prices", SPOT)
    assert len((await asked(api, namespace=None)).rows) == 1


async def test_without_a_lease_the_operator_is_where_the_manifests_have_it(api):
    assert (await asked(api, namespace=None)).name == "configmap/prices in poolkeeper"


def test_a_pool_that_nothing_is_paid_for_has_no_price(monkeypatch):
    found = SimpleNamespace(cost=SimpleNamespace(currency="USD", prices={}))
    monkeypatch.setattr(prices_shown, "ask", lambda *_: (found, (), None, prices_shown.instant_of(NOW)))
    answer = CliRunner().invoke(app, ["prices", "show", "--pool", "ipool/chat"])
    assert (answer.exit_code, "no replica is on a node" in answer.output) == (0, True)
