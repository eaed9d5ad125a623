"""`poolkeeper cost forecast`: a week of constant load, whose cost anybody can tell, and how the answer is told."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from builders import BODY
from poolkeeper.cli import cost_forecast, cost_forecast_pool, cost_forecast_text, load_history
from poolkeeper.cli.connection import console
from poolkeeper.cli.main import app
from poolkeeper.core.prices import Book, Place, Row
from poolkeeper.core.rates import Rental
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.history import History
from poolkeeper.simulate.multiples import Month

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat, namespace: inference}
spec:
  targetRef: {name: chat}
  minReplicas: 2
  maxReplicas: 8
"""
COST = """
  cost: {currency: EUR, gpusPerReplica: 2, pricePerGPUHour: {on-demand: "3.00"}}
"""
BUDGET = COST.replace("EUR,", 'EUR, budget: {monthly: "20000", enforce: HoldScaleUp},')
TIERS = """
  capacity:
    tiers:
    - {name: spot, type: Spot}
    - {name: on-demand, type: OnDemand}
"""
BOOK = "provider,region,zone,instance_type,gpu,capacity_type,price,currency,effective_from,source"
G6 = "aws,us-east-1,*,g6.xlarge,,on-demand,2.00,USD,,"
LABELS = "node.kubernetes.io/instance-type=g6.xlarge,topology.kubernetes.io/region=us-east-1"
MONTH = Decimal("730.56")
CARRIES = ["--per-replica", "10"]


@pytest.fixture
def trace(tmp_path):
    """A week of 38 requests a second, by the half hour."""
    rows = "".join(f"{number * 1800},{38 * 1800}\n" for number in range(7 * 48))
    (tmp_path / "load.csv").write_text(f"second,requests\n{rows}")
    return ["--trace", str(tmp_path / "load.csv"), "--start", "2026-11-09T00:00:00Z"]


@pytest.fixture(autouse=True)
def november(monkeypatch):
    monkeypatch.setattr(Clock, "now", lambda _: NOW)


@pytest.fixture
def run(trace, tmp_path):
    def forecast(*options, pool=POOL + COST):
        (tmp_path / "pool.yaml").write_text(pool)
        arguments = ["cost", "forecast", "-f", str(tmp_path / "pool.yaml"), *trace, *options]
        return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})

    return forecast


@pytest.fixture
def as_json(run):
    def forecast(*options, pool=POOL + COST):
        answer = run("-o", "json", *options, pool=pool)
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.output)

    return forecast


def lines(answer):
    """Return what was printed, line by line, spaces counted once."""
    assert answer.exit_code == 0, answer.output
    return [" ".join(line.split()) for line in answer.output.splitlines()]


def test_each_multiple_is_a_row(run):
    assert lines(run(*CARRIES, "--load", "1,2"))[:3] == [
        "LOAD MAX PEAK MEAN GPU-HOURS COST EUR NOV 2026 /1M REQUESTS INSIDE 2s HELD",
        "1 8 4 4.0 5,844 17,533.44 17,280.00 175.44 100.00% -",
        "2 8 8 8.0 11,689 35,066.88 34,560.00 175.44 100.00% -",
    ]


def test_the_json_is_exact(as_json):
    (one,) = as_json(*CARRIES, "--load", "1")["loads"]
    assert (Decimal(one["cost"]), one["calendarMonthCost"], one["needed"]) == (4 * 2 * 3 * MONTH, "17280", None)


def test_the_json_says_of_what_it_is(as_json):
    told = as_json(*CARRIES, "--load", "1")
    assert {key: told[key] for key in ("name", "currency", "asOf", "monthDays", "calendarMonth", "perReplica")} == {
        "name": "chat",
        "currency": "EUR",
        "asOf": "2026-11-22T12:00:00Z",
        "monthDays": 30.44,
        "calendarMonth": "2026-11",
        "perReplica": 10.0,
    }


def test_a_pool_that_its_maximum_holds_gets_a_second_row(run):
    told = lines(run(*CARRIES, "--load", "3"))
    assert told[1].startswith("3 8 8 8.0 11,689 35,066.88 34,560.00 ")
    assert told[1].endswith(" 100%")
    assert told[2].startswith("- ")


HELD = "held at maxReplicas {} for 100% of the time, so its cost is not what the load needs: "


def test_what_is_mostly_enough_is_said_beside_what_always_is():
    none = Decimal(0)
    month = Month(30, 28, none, none, Decimal(20891), None, none, none, none, none)
    said = "nothing holds it with maxReplicas 30 (28 do for 99% of the time), 20,891.00 EUR a month"
    assert cost_forecast_text.needs(SimpleNamespace(currency="EUR"), month) == said


def test_what_is_needed_of_an_even_load_is_said_once(run):
    told = lines(run(*CARRIES, "--load", "1", pool=(POOL + COST).replace("maxReplicas: 8", "maxReplicas: 3")))
    assert told[3] == f"1x: {HELD.format(3)}nothing holds it with maxReplicas 4, 17,533.44 EUR a month"


def test_what_is_needed_is_in_the_json(as_json):
    (one,) = as_json(*CARRIES, "--load", "3")["loads"]
    assert (one["maxReplicas"], one["needed"]["mostly"], one["needed"]["heldPercent"]) == (8, 12, "0")


def test_another_maximum_can_be_tried(as_json):
    (one,) = as_json(*CARRIES, "--load", "3", "--max", "40")["loads"]
    assert (one["maxReplicas"], one["heldPercent"], one["needed"]) == (40, "0", None)


def test_a_maximum_under_the_minimum_is_refused(run):
    answer = run(*CARRIES, "--max", "1")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "error: --max 1: spec: minReplicas must not be over maxReplicas (2 is over 1)\n",
    )


def test_where_nobody_says_what_a_replica_carries_it_is_said(as_json):
    told = as_json("--load", "1")
    assert told["perReplica"] == pytest.approx(38 / 8)
    assert "a replica was taken to carry 4.75 of the load: nobody says what, so today's maxReplicas 8" in words(told)


def words(told):
    """Return the notes as one text."""
    return "\n".join(told["notes"])


def test_what_was_lived_is_said(as_json):
    said = "lived were 7.0 days, from 2026-11-09 00:00 UTC to 2026-11-16 00:00 UTC"
    assert said in as_json(*CARRIES, "--load", "1")["notes"]


def test_a_history_without_a_weekend_is_noted(as_json, trace, tmp_path):
    days = (tmp_path / "load.csv").read_text().splitlines()[: 5 * 48 + 1]
    (tmp_path / "load.csv").write_text("\n".join(days))
    assert "the history has no whole week" in words(as_json(*CARRIES, "--load", "1"))


def test_the_budget_is_a_column(run):
    told = lines(run(*CARRIES, "--load", "1,2", pool=POOL + BUDGET))
    assert ("BUDGET" in told[0], told[1].split()[7], told[2].split()[7]) == (True, "86%", "173%")


def test_a_budget_that_would_hold_growth_is_noted(as_json):
    told = as_json(*CARRIES, "--load", "1,2", pool=POOL + BUDGET)
    assert "2x uses the budget up, which would hold growth (HoldScaleUp): that was not lived" in told["notes"]


def test_without_a_price_no_cost_is_shown_and_it_is_said_why(run):
    told = lines(run(*CARRIES, "--load", "1", pool=POOL))
    assert told[1] == "1 8 4 4.0 2,922 ? ? ? 100.00% -"
    assert any(line.startswith("note: on-demand has no price, so no cost is known: ") for line in told)


def test_a_budget_without_a_price_is_used_by_nobody_knows_how_much(run):
    pool = POOL + BUDGET.replace("on-demand", "other").replace('{other: "3.00"}', "{}")
    assert lines(run(*CARRIES, "--load", "1", pool=pool))[1].split()[7] == "?"


def test_the_gpus_of_a_replica_are_a_guess_where_nobody_says(as_json):
    assert "that a replica has 1 GPU is a guess" in words(as_json(*CARRIES, "--load", "1", pool=POOL))


def test_the_gpus_of_a_replica_can_be_given(as_json):
    told = as_json(*CARRIES, "--load", "1", "--gpus", "8", pool=POOL)
    assert (told["loads"][0]["gpuHours"], "is a guess: cost.gpus" in words(told)) == ("23377.92", False)


@pytest.mark.parametrize(("gpus", "price"), [("1", 2), ("4", Decimal("0.5"))])
def test_a_price_book_prices_the_nodes_that_are_told(as_json, tmp_path, gpus, price):
    (tmp_path / "prices.csv").write_text(f"{BOOK}\n{G6}\n".replace("aws", "*"))
    options = ["--book", str(tmp_path / "prices.csv"), "--node-labels", LABELS, "--node-gpus", gpus]
    (one,) = as_json(*CARRIES, "--load", "1", *options, pool=POOL)["loads"]
    assert Decimal(one["cost"]) == 4 * price * MONTH


def test_spot_is_taken_to_stay_and_that_is_said(as_json):
    told = as_json(*CARRIES, "--load", "1", pool=POOL + TIERS + COST.replace("{on-d", '{spot: "0.90", on-d'))
    assert Decimal(told["loads"][0]["cost"]) == 4 * 2 * Decimal("0.90") * MONTH
    assert "spot is taken to be never reclaimed" in words(told)


def test_a_price_of_spot_that_is_assumed_is_said(as_json, tmp_path):
    (tmp_path / "prices.csv").write_text(f"{BOOK}\n{G6}\n".replace("aws", "*"))
    options = ["--book", str(tmp_path / "prices.csv"), "--node-labels", LABELS]
    told = as_json(*CARRIES, "--load", "1", *options, pool=POOL + TIERS)
    assert "spot: no spot price; on-demand's: line 2 of prices.csv" in words(told)


def test_a_cap_of_the_schedule_that_holds_is_said(run):
    capped = POOL + COST + "  schedule: {timezone: UTC, outside: {minReplicas: 2, maxReplicas: 3}}\n"
    told = lines(run(*CARRIES, "--load", "1", pool=capped))
    assert "1x: held by a cap of the schedule for 100% of the time" in told


def test_a_load_that_needs_more_than_can_be_lived_is_said(run, monkeypatch):
    monkeypatch.setattr(cost_forecast.multiples, "MOST", 9)
    told = lines(run(*CARRIES, "--load", "3"))
    assert "it would take more than 9 replicas, " in told[3]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--load", "1,two"], "--load: 'two' is no number over 0"),
        (["--load", ",".join("1" * 21)], "--load: 21 multiples are too many; 20 are the most"),
        (["--gpus", "none"], "--gpus: 'none' is no number over 0"),
        (["--prometheus", "http://prometheus:9090"], "give --prometheus or --trace, not both"),
        (["chat"], "give either a pool's name or -f FILE"),
    ],
)
def test_what_is_asked_must_be_clear(run, options, said):
    answer = run(*options)
    assert (answer.exit_code, said in " ".join(answer.output.split())) == (2, True)


def test_a_history_that_is_too_short_is_refused(run, tmp_path):
    (tmp_path / "load.csv").write_text("second,requests\n0,60\n60,60\n")
    answer = run()
    assert (answer.exit_code, "four days are the least" in answer.stderr) == (2, True)


ON_SPOT = Rental("spot", Place(region="us-east-1", instance="g6.xlarge", spot=True, node_gpus=Decimal(1)), Decimal(1))
PRICES = Book(
    (Row(Decimal(2), "USD", NOW, instance="g6.xlarge"), Row(Decimal(1), "USD", NOW, instance="g6.xlarge", spot=True))
)
EXPECTED = {"currency": "USD", "forecastMonthEnd": "3000.00", "forecastRange": "2900.00\N{EN DASH}3100.00"}


class Kube:
    """A cluster with one pool."""

    access = SimpleNamespace(namespace="inference")
    clock = SimpleNamespace(now=lambda: NOW)

    def __init__(self, body):
        self.body = body

    async def get(self, _path, **_):
        return self.body


@pytest.fixture
def cluster(monkeypatch):
    """A cluster: `body` is the pool's object, `rented` what it rents."""
    spec = BODY["spec"] | {
        "capacity": {"tiers": [{"name": "spot", "type": "Spot"}, {"name": "kept", "type": "OnDemand"}]}
    }
    playing = SimpleNamespace(body=BODY | {"spec": spec, "status": {"cost": EXPECTED}}, rented=((ON_SPOT, 4),))

    async def from_cluster(*_):
        return None, playing.rented, PRICES, NOW

    monkeypatch.setattr(cost_forecast_pool, "from_cluster", from_cluster)
    monkeypatch.setattr(cost_forecast, "ask", lambda _, gather: asyncio.run(gather(Kube(playing.body))))
    return playing


def forecast(trace, *options):
    arguments = ["cost", "forecast", "ipool/chat", *trace, *CARRIES, *options]
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"})


def test_a_pool_that_runs_is_priced_where_its_replicas_are(cluster, trace):
    assert lines(forecast(trace, "--load", "1"))[1].split()[5] == f"{4 * 1 * MONTH:,.2f}"


def test_a_tier_without_replicas_is_priced_where_the_others_are(cluster, trace):
    cluster.body["spec"]["capacity"]["guaranteed"] = {"base": 2}
    assert lines(forecast(trace, "--load", "1"))[1].split()[5] == f"{(2 * 1 + 2 * 2) * MONTH:,.2f}"


def test_the_pools_own_forecast_is_told_beside_todays_load(cluster, trace):
    said = "the pool's own forecast for November 2026: 3000.00 USD (2900.00\N{EN DASH}3100.00); "
    said += "1x comes to 2,880.00 here, -4.0 %"
    assert said in lines(forecast(trace, "--load", "1"))


def test_without_todays_load_the_pools_own_forecast_is_told_alone(cluster, trace):
    cluster.body["status"]["cost"] = {"currency": "USD", "forecastMonthEnd": "3000.00"}
    assert "the pool's own forecast for November 2026: 3000.00 USD" in lines(forecast(trace, "--load", "2"))


def test_the_pools_own_forecast_is_in_the_json(cluster, trace):
    assert json.loads(forecast(trace, "--load", "1", "-o", "json").output)["forecastMonthEnd"] == "3000.00"


def test_a_query_counts_what_it_counts(run, trace, monkeypatch):
    found = History(NOW, timedelta(hours=1), (38.0, 38.0) * 84)
    monkeypatch.setattr(load_history.history, "read", lambda *_: found)
    trace[:] = ["--prometheus", "http://prometheus:9090", "--query", "sum(rate(x[5m]))"]
    told = lines(run(*CARRIES, "--load", "1"))
    assert ("/1M OF LOAD" in told[0], told[1].split()[7]) == (True, "175.44")


def test_a_narrow_terminal_keeps_amounts_whole(run, monkeypatch):
    monkeypatch.setattr(console, "_width", 80)
    heading, *rows = lines(run("--load", "1,2"))[:3]
    assert ("COST EUR" in heading, "/1M REQUESTS" in heading, max(map(len, rows)) <= 80) == (True, False, True)
    assert "…" not in "".join(rows)
