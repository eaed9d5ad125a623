"""`poolkeeper cost meter`: the meter over a file of events, against sums that anybody can do."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from money_oracle import midnights
from poolkeeper.cli.cost_sums import cents, exact
from poolkeeper.cli.main import app

POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat}
spec:
  targetRef: {name: chat}
  minReplicas: 2
  maxReplicas: 8
"""
COST = """
  cost:
    currency: EUR
    timezone: America/New_York
    gpusPerReplica: 2
"""
COMMITTED = """
  cost:
    commitments: [{gpus: 4, pricePerGPUHour: "1.90", until: 2026-11-22}]
"""
TIERS = """
  capacity:
    tiers:
    - {name: cheap, type: Spot}
    - {name: on-demand, type: OnDemand}
"""
HEADER = "at,tier,replicas,pricePerGPUHour"
HOUR = "2026-11-22T12:00:00Z,on-demand,4,3.00\n2026-11-22T13:00:00Z,on-demand,0,3.00"


@pytest.fixture
def run(tmp_path):
    def meter(events, *options, pool=POOL, header=HEADER):
        file, rows = tmp_path / "pool.yaml", tmp_path / "events.csv"
        file.write_text(pool)
        rows.write_text(f"{header}\n{events}\n")
        arguments = ["cost", "meter", "-f", str(file), "--events", str(rows), *options]
        return CliRunner().invoke(app, arguments, env={"COLUMNS": "300"})

    return meter


@pytest.fixture
def as_json(run):
    def meter(events, *options, **changes):
        return json.loads(run(events, "-o", "json", *options, **changes).stdout)

    return meter


def test_json_tells_tiers_months_and_days(as_json):
    assert as_json(HOUR) == {
        "name": "chat",
        "currency": "USD",
        "timezone": "UTC",
        "from": "2026-11-22T12:00:00Z",
        "until": "2026-11-22T13:00:00Z",
        "notes": [],
        "total": "12.00",
        "tiers": {"on-demand": "12.00"},
        "months": {"2026-11": "12.00"},
        "exact": {"total": "12", "tiers": {"on-demand": "12"}, "months": {"2026-11": "12"}},
        "days": [
            {
                "on": "2026-11-22",
                "cost": "12.00",
                "tiers": {"on-demand": "12.00"},
                "exact": {"cost": "12", "tiers": {"on-demand": "12"}},
            }
        ],
    }


def test_the_pool_says_currency_zone_and_gpus(as_json):
    found = as_json("2026-10-31T12:00:00Z,on-demand,1,1\n2026-11-02T05:00:00Z,on-demand,0,1", pool=POOL + COST)
    assert (found["currency"], found["months"]) == ("EUR", {"2026-10": "32.00", "2026-11": "50.00"})
    assert [day["cost"] for day in found["days"]] == ["32.00", "50.00"]  # 16 and 25 hours


def test_commitments_are_used_first_and_charged_where_they_are_not(as_json):
    found = as_json("2026-11-22T22:00:00Z,on-demand,1,3\n2026-11-23T02:00:00Z,on-demand,0,3", pool=POOL + COMMITTED)
    assert found["tiers"] == {"commitments": "11.40", "on-demand": "9.80"}


def test_commitments_are_not_used_by_spot(as_json):
    events = "2026-11-22T22:00:00Z,cheap,4,1\n2026-11-22T23:00:00Z,cheap,0,1"
    assert as_json(events, pool=POOL + COMMITTED + TIERS)["tiers"] == {"cheap": "4.00", "commitments": "7.60"}


def test_a_tier_holds_what_was_set_until_it_is_set_again(as_json):
    events = "2026-11-22T12:00:00Z,on-demand,1,3\n2026-11-22T13:00:00Z,spot,2,1\n2026-11-22T15:00:00Z,on-demand,1,4"
    assert as_json(events, "--until", "2026-11-22T16:00:00Z")["tiers"] == {"on-demand": "13.00", "spot": "6.00"}


def test_rows_may_come_in_any_order(as_json):
    assert as_json("\n".join(reversed(HOUR.splitlines())))["total"] == "12.00"


def test_columns_may_come_in_any_order(as_json):
    found = as_json(
        "4,3,on-demand,2026-11-22T12:00:00Z",
        "--until",
        "2026-11-22T13:00:00Z",
        header="replicas,pricePerGPUHour,tier,at",
    )
    assert found["total"] == "12.00"


def test_a_tier_that_the_pool_has_not_is_counted_and_told(as_json):
    found = as_json("2026-11-22T12:00:00Z,spto,1,3", "--until", "2026-11-22T13:00:00Z")
    assert (found["tiers"], found["notes"]) == ({"spto": "3.00"}, ["the pool has no tier 'spto': counted on its own"])


def test_one_event_alone_costs_nothing(as_json):
    assert as_json("2026-11-22T12:00:00Z,on-demand,1,3")["total"] == "0.00"


def test_a_table_has_days_months_and_all(run):
    rows = [line.split() for line in run(HOUR).stdout.splitlines()]
    assert rows[:4] == [
        ["day", "on-demand", "cost"],
        ["2026-11-22", "12.00", "12.00"],
        ["2026-11", "12.00", "12.00"],
        ["all", "12.00", "12.00"],
    ]


def test_a_table_tells_of_tiers_that_the_pool_has_not(run):
    assert "note: the pool has no tier 'spto'" in run("2026-11-22T12:00:00Z,spto,1,3").stdout


def test_all_bad_rows_are_told_at_once_each_with_what_would_be_right(run):
    answer = run(
        "2026-11-22,on-demand,4,3\n2026-11-22T12:00:00Z,,x,-3\n\n2026-11-22T12:00:00Z,spot,1\nsoon,spot,2.5,NaN"
    )
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.splitlines() == [
        "error: line 2: at: must be an instant with its zone, as in 2026-03-08T07:30:00Z (got '2026-11-22')",
        "error: line 3: tier: must be a tier's name, as in on-demand (got '')",
        "error: line 3: replicas: must be a whole number from 0 to 99999 (got 'x')",
        "error: line 3: pricePerGPUHour: must be an amount of 0 or more, as in 2.50 (got '-3')",
        "error: line 5: must have 4 values, as the first line has (got 3)",
        "error: line 6: at: must be an instant with its zone, as in 2026-03-08T07:30:00Z (got 'soon')",
        "error: line 6: replicas: must be a whole number from 0 to 99999 (got '2.5')",
        "error: line 6: pricePerGPUHour: must be an amount of 0 or more, as in 2.50 (got 'NaN')",
    ]


@pytest.mark.parametrize("at", ["2026-11-22T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"])
def test_an_instant_that_no_calendar_can_place_is_refused(run, at):
    assert "line 2: at: must be an instant" in run(f"{at},on-demand,4,3").stderr


def test_two_rows_for_the_same_instant_and_tier_are_refused(run):
    answer = run("2026-11-22T12:00:00Z,spot,1,3\n2026-11-22T13:00:00+01:00,spot,2,3")
    assert answer.stderr == "error: line 3: at: line 2 has the same instant for spot; keep one of them\n"


@pytest.mark.parametrize("name", ["commitments", "overhead"])
def test_a_line_of_the_cost_beside_tiers_is_none(run, name):
    assert "line 2: tier: must be a tier's name" in run(f"2026-11-22T12:00:00Z,{name},1,3").stderr


@pytest.mark.parametrize(
    "header", ["at,tier,replicas", "at,tier,replicas,price", "", "at,at,tier,replicas,pricePerGPUHour"]
)
def test_other_columns_are_refused_by_name(run, header):
    answer = run(HOUR, header=header)
    assert answer.stderr == f"error: line 1: must be {HEADER} (got {header or 'nothing'})\n"


def test_a_file_without_events_is_refused(run):
    assert run("").stderr.startswith("error: there are no events")


def test_a_file_that_is_not_there_is_said(run, tmp_path):
    assert run(HOUR, "--events", str(tmp_path / "none.csv")).stderr.endswith("none.csv: No such file or directory\n")


def test_a_file_that_is_no_text_is_said(run, tmp_path):
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    assert run(HOUR, "--events", str(tmp_path / "bytes.csv")).stderr.endswith("bytes.csv: this is no text in UTF-8\n")


def test_a_file_as_spreadsheets_write_it_is_read(run, tmp_path):
    (tmp_path / "bom.csv").write_bytes(f"\ufeff{HEADER}\r\n{HOUR}\r\n".replace("\n2026", "\r\n2026").encode())
    assert run(HOUR, "--events", str(tmp_path / "bom.csv")).exit_code == 0


def test_an_end_before_the_last_event_is_refused(run):
    answer = run(HOUR, "--until", "2026-11-22T12:30:00Z")
    assert (answer.exit_code, "is before the last event, 2026-11-22T13:00:00Z" in answer.stderr) == (2, True)


def test_a_pool_that_is_wrong_is_refused(run):
    answer = run(HOUR, pool=POOL.replace("maxReplicas: 8", "maxReplicas: 1"))
    assert (answer.exit_code, answer.stderr.startswith("error: ipool/chat: ")) == (2, True)


def test_two_pools_are_refused(run):
    assert "holds 2 pools; events are of one" in run(HOUR, pool=f"{POOL}\n---\n{POOL}").stderr


def month(seed):
    """Return rows of a month at random, and when it ends."""
    chance, at = Random(seed), datetime(2026, 10, 20, 3, 4, 5, 678901, tzinfo=UTC)  # noqa: S311  no secret
    rows = []
    for _ in range(200):
        rows.append(
            (at, chance.choice(["on-demand", "spot"]), chance.randint(0, 9), f"{chance.randint(0, 999) / 100:.2f}")
        )
        at += timedelta(seconds=chance.uniform(1, 30_000))
    return rows, at


@pytest.mark.parametrize("seed", range(5))
def test_the_sums_are_those_of_fractions(as_json, seed):
    rows, end = month(seed)
    cuts = sorted({end, *(at for at, *_ in rows), *midnights(ZoneInfo("America/New_York"), rows[0][0], end)})
    days, known = {}, {}
    for begin, until in pairwise(cuts):
        known |= {tier: 2 * replicas * Fraction(price) for at, tier, replicas, price in rows if at == begin}
        on, lasted = (
            begin.astimezone(ZoneInfo("America/New_York")).date(),
            Fraction((until - begin) / timedelta(hours=1)),
        )
        days[str(on)] = days.get(str(on), 0) + sum(known.values()) * lasted
    events = "\n".join(f"{at.isoformat()},{tier},{replicas},{price}" for at, tier, replicas, price in rows)
    found = as_json(events, "--until", end.isoformat(), pool=POOL + COST)
    assert {day["on"]: float(day["exact"]["cost"]) for day in found["days"]} == pytest.approx(
        {on: float(cost) for on, cost in days.items()}, abs=1e-6
    )
    assert abs(Fraction(found["total"]) - sum(days.values())) < Fraction(1, 100)


@pytest.mark.parametrize(("money", "shown"), [("2.345", "2.35"), ("2.335", "2.34"), ("0", "0.00"), ("1E+3", "1000.00")])
def test_half_a_cent_goes_up(money, shown):
    assert cents(Decimal(money)) == shown


@pytest.mark.parametrize(("money", "shown"), [("2.500", "2.5"), ("0E-20", "0"), ("100", "100")])
def test_exact_sums_have_no_zeros_at_the_end(money, shown):
    assert exact(Decimal(money)) == shown
