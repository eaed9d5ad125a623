"""`poolkeeper cost` over a saved ledger, and over one in a cluster with a day that is not over."""

import csv
import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
import yaml
from typer.testing import CliRunner

from builders import BODY
from ledger import MONDAY, entry, line
from poolkeeper.api import account, ledger
from poolkeeper.api.names import PRICES_KEY
from poolkeeper.cli import cost_ledger
from poolkeeper.cli.connection import console
from poolkeeper.cli.cost_summary import Question, chosen
from poolkeeper.cli.main import app
from poolkeeper.core.account import Account
from poolkeeper.core.days import Amount, Day, Machine, Part, Use
from poolkeeper.core.meter import Meter
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental

NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
HERE = Place(provider="aws", region="us-east-1", instance="p5")


def configmaps(*entries):
    """Return the entries as the ledger's ConfigMaps have them."""
    found = {}
    for one in entries:
        name = ledger.configmap_name(one.day.on.replace(day=1), one.uid)
        empty = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {}}
        found.setdefault(name, empty)["data"].update(ledger.data(one))
    return list(found.values())


@pytest.fixture(autouse=True)
def noon(monkeypatch):
    monkeypatch.setattr(cost_ledger, "now_here", lambda: NOON)


@pytest.fixture
def saved(tmp_path):
    """Return where entries are saved as kubectl would."""

    def save(*entries):
        file = tmp_path / "ledger.yaml"
        file.write_text(yaml.safe_dump({"kind": "List", "items": configmaps(*entries)}))
        return file

    return save


@pytest.fixture
def cost(saved):
    def run(entries, *options):
        return CliRunner().invoke(app, ["cost", *options, "--from-file", str(saved(*entries))])

    return run


SEARCH = entry(labels={"team": "search"})
ADS = entry(Amount({"on-demand": line("2", "4.005")}), labels={"team": "ads"}, name="rank", uid="uid-2")
NOBODY = entry(Amount({"spot": line("1", "0.005")}), name="lab", uid="uid-3")


def test_a_table_has_a_row_for_each_group_and_one_for_what_bears_no_label(cost):
    lines = cost([SEARCH, ADS, NOBODY], "--by", "team").output.splitlines()
    assert [one.split()[:2] for one in lines] == [
        ["TEAM", "COST"],
        ["ads", "4.01"],
        ["search", "3.00"],
        ["(unallocated)", "0.00"],
        ["total", "7.01"],
    ]


def test_rows_that_are_shown_add_up(cost):
    rows = [one.split() for one in cost([SEARCH, ADS, NOBODY], "--by", "pool").output.splitlines()[1:]]
    assert sum(Decimal(row[1]) for row in rows[:-1]) == Decimal(rows[-1][1])


def test_json_has_exact_sums_and_null_for_what_is_not_known(cost):
    (found,) = json.loads(cost([ADS], "--by", "team", "-o", "json").output)["currencies"]
    assert found["rows"][0] == {
        "name": "ads",
        "cost": "4.005",
        "listCost": "4.005",
        "savings": None,
        "gpuHours": "2",
        "idlePercent": None,
        "perRequest": None,
        "perMillionTokens": None,
        "perMillionPromptTokens": None,
        "perMillionGenerationTokens": None,
        "unpricedGPUHours": None,
        "gap": None,
    }


def test_csv_has_a_line_for_each_currency_and_group(cost):
    rows = list(
        csv.reader(cost([SEARCH, entry(currency="EUR", uid="uid-2")], "--by", "team", "-o", "csv").output.splitlines())
    )
    assert [row[:3] for row in rows] == [["currency", "team", "cost"], ["EUR", "", "3"], ["USD", "search", "3"]]


def test_focus_has_a_row_for_each_pool_and_day(cost):
    rows = list(csv.DictReader(cost([SEARCH, ADS], "-o", "focus").output.splitlines()))
    assert [row["x_PoolkeeperPool"] for row in rows] == ["inference/chat", "inference/rank"]


def test_what_was_done_has_a_price(cost):
    busy = entry(Amount({"spot": line()}, use=Use(6, 2_000_000, 1_000_000, 4, 1)))
    cells = cost([busy]).output.splitlines()[1].split()
    assert (cells[4:7], cells[-1]) == (["25%", "0.5000", "1.00"], "1.67")


def test_what_has_no_price_is_a_question_and_a_note(cost):
    output = cost([entry(Amount({"spot": line("9", "0", unpriced=Decimal(9))}))]).output
    assert output.splitlines()[1].split()[1:3] == ["?", "?"]
    assert "note: 9.0 GPU-hours have no price and are in no amount of money" in output


def test_replicas_of_unknown_gpus_are_a_question_and_a_note(cost):
    output = cost([entry(Amount({"spot": line("0", "0", uncounted=Decimal(9))}))]).output
    assert output.splitlines()[1].split()[1] == "?"
    assert "note: 9.0 replica-hours of an unknown number of GPUs are in no amount of money" in output


def test_a_time_when_nobody_looked_is_told(cost):
    amount = Amount({"spot": line()}, gap=Decimal(2))
    assert "note: 2.00 USD are of times when no operator looked" in cost([entry(amount)]).output


@pytest.mark.parametrize(("width", "spare"), [(80, False), (200, True)])
def test_a_narrow_terminal_keeps_what_matters(cost, monkeypatch, width, spare):
    monkeypatch.setattr(console, "_width", width)
    use, unpriced = Use(6, 2_000_000, 1_000_000, 4, 1), Decimal("0.1")
    full = entry(Amount({"spot": line(unpriced=unpriced)}, use=use, gap=Decimal(2)), name="a-pool-of-a-long-name")
    quiet = entry(Amount({"spot": line()}, use=use, gap=Decimal(2)), name="b", uid="uid-2")
    lines = cost([full, quiet]).output.splitlines()
    assert max(map(len, lines[:4])) <= width
    assert ("COST USD" in lines[0], "GAP" in lines[0]) == (True, spare)


@pytest.mark.parametrize(("options", "days"), [
    (("--since", "2026-11-03"), ["2026-11-03", "2026-11-04"]),
    (("--since", "2d"), ["2026-11-03", "2026-11-04"]),
    (("--until", "2026-11-03"), ["2026-11-02", "2026-11-03"]),
    ((), ["2026-11-02", "2026-11-03", "2026-11-04"]),
])  # fmt: skip
def test_days_are_chosen(cost, options, days):
    entries = [entry(on=day) for day in (MONDAY - timedelta(days=3), MONDAY, TUESDAY, WEDNESDAY)]
    (found,) = json.loads(cost(entries, "--by", "day", "-o", "json", *options).output)["currencies"]
    assert [row["name"] for row in found["rows"]] == days


@pytest.mark.parametrize("options", [("--pool", "ipool/rank"), ("--pool", "rank"), ("-n", "other")])
def test_pools_are_chosen(cost, options):
    entries = [SEARCH, entry(name="rank", namespace="other", uid="uid-2")]
    (found,) = json.loads(cost(entries, *options, "-o", "json").output)["currencies"]
    assert [row["name"] for row in found["rows"]] == ["other/rank"]


def test_where_nothing_is_chosen_that_is_said(cost):
    words = "the ledger has nothing of these days and pools\n"
    assert cost([SEARCH], "--since", "2026-10-01", "--until", "2026-10-02").output == words


@pytest.mark.parametrize("options", [("--pool", "nope"), ("--pool", "chat", "-n", "other")])
def test_a_pool_that_nobody_knows_is_refused(cost, options):
    answer = cost([SEARCH], *options)
    assert (answer.exit_code, answer.stderr) == (2, f"error: no such pool: {options[1]}; there are chat\n")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (("--since", "2026-11-03", "--until", "2026-11-01"), "--until"),
        (("--since", "2026-12-01"), "--since"),
    ],
)
def test_days_that_end_before_they_begin_are_refused(cost, options, name):
    answer = cost([SEARCH], *options)
    assert (answer.exit_code, name in answer.output, "is before" in answer.output) == (2, True, True)


@pytest.mark.parametrize(("options", "words"), [
    (("--by", "nobody"), "must be one of team, model"),
    (("--since", "yesterday"), "'yesterday' is no day"),
    (("--until", "2026-13-01"), "'2026-13-01' is no day"),
])  # fmt: skip
def test_wrong_options_are_refused(cost, options, words):
    result = cost([SEARCH], *options)
    assert (result.exit_code, words in result.output.replace("│\n│ ", "")) == (2, True)


def test_a_folder_of_saved_months_is_read(saved):
    folder = saved(SEARCH).parent
    assert "inference/chat" in CliRunner().invoke(app, ["cost", "--from-file", str(folder)]).output


@pytest.mark.parametrize(("text", "words"), [
    ("a: [", "while parsing"),
    (None, "No such file"),
    ({"2026-11-02.USD": "{"}, "cannot be read"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_told(tmp_path, text, words):
    file = tmp_path / "ledger.yaml"
    broken = {"metadata": {"name": "poolkeeper-ledger-2026-11-u"}, "data": text}
    if text is not None:
        file.write_text(text if isinstance(text, str) else yaml.safe_dump(broken))
    result = CliRunner().invoke(app, ["cost", "--from-file", str(file)])
    assert (result.exit_code, words in result.output.replace("│\n│ ", "")) == (2, True)


def test_an_empty_folder_is_refused(tmp_path):
    result = CliRunner().invoke(app, ["cost", "--from-file", str(tmp_path)], env={"COLUMNS": "300"})
    assert (result.exit_code, "holds no file that ends in .yaml" in result.output) == (2, True)


class Kube:
    """An API server with a ledger and pools; the price book prices p5 at 3."""

    def __init__(self, entries, *pools):
        self.access, self.clock = SimpleNamespace(namespace="inference"), SimpleNamespace(now=lambda: NOON)
        self.entries, self.pools = entries, pools

    async def list(self, path, **_):
        return self.pools if path.endswith("inferencepools") else configmaps(*self.entries)

    async def get(self, *_, **__):
        book = "provider,region,zone,instance_type,capacity_type,price,currency\naws,*,*,p5,on-demand,3,USD\n"
        return {"data": {PRICES_KEY: book}}


def metered(since, **changes):
    """Return a pool that has had a replica on a p5 since then, by its status."""
    rented = ((Rental("on-demand", HERE, Decimal(1)), 1),)
    held = Account(meter=Meter(since, rented), days=(Day(WEDNESDAY, Amount({"on-demand": line("1", "1.5")})),))
    metadata = BODY["metadata"] | {"labels": {"team": "search", "release": "7"}}
    return BODY | {"metadata": metadata, "status": {"memory": {"account": account.dump(held)}}} | changes


async def test_a_day_that_is_not_over_is_metered_until_now():
    pool = metered(NOON - timedelta(hours=2), spec=BODY["spec"] | {"cost": {"pricePerGPUHour": {"on-demand": "3"}}})
    known = await cost_ledger.from_cluster(Kube([], pool), "poolkeeper")
    assert [(one.day.on, one.day.amount.cost, one.cluster) for one in known.entries] == [
        (WEDNESDAY, Decimal("7.5"), "default")
    ]


async def test_a_pool_that_has_cost_nothing_yet_is_known():
    known = await cost_ledger.from_cluster(Kube([], BODY), "poolkeeper")
    asked = Question("month", None, BODY["metadata"]["name"], BODY["metadata"]["namespace"])
    assert (known.entries, chosen(known, asked)) == ([], [])


async def test_an_open_day_goes_before_what_the_ledger_has_of_it():
    stored = entry(on=WEDNESDAY, labels={"release": "6"})
    pool = metered(NOON, spec=BODY["spec"])
    known = await cost_ledger.from_cluster(Kube([stored, SEARCH], pool), "poolkeeper")
    assert [(one.day.on, one.day.amount.cost) for one in known.entries] == [(MONDAY, 3), (WEDNESDAY, Decimal("1.5"))]


async def test_an_open_day_bears_the_labels_that_the_ledger_goes_by():
    known = await cost_ledger.from_cluster(Kube([], metered(NOON)), "poolkeeper")
    assert [one.labels for one in known.entries] == [{"team": "search"}]


async def test_a_pool_that_was_never_metered_has_no_open_day():
    known = await cost_ledger.from_cluster(Kube([SEARCH], BODY), "poolkeeper")
    assert list(known.entries) == [SEARCH]


def rented(node, cost):
    machine = Machine("on-demand", HERE, node)
    return entry(Amount({"on-demand": line(cost=cost)}, machines={machine: Part(Decimal(1), Decimal(cost))}))


HEADER = "line_item_resource_id,line_item_usage_start_date,line_item_unblended_cost"
BILL = f"{HEADER}\ni-1,2026-11-02T12:00:00Z,3.06\ni-2,2026-11-02T12:00:00Z,9\n"


@pytest.fixture
def against(saved, tmp_path):
    def run(bill, *options, cost="3"):
        file = tmp_path / "bill.csv"
        file.write_bytes(bill if isinstance(bill, bytes) else bill.encode())
        ledger_file = str(saved(rented("i-1", cost)))
        return CliRunner().invoke(app, ["cost", "reconcile", "--bill", str(file), "--from-file", ledger_file, *options])

    return run


@pytest.mark.parametrize("pack", [str.encode, lambda text: gzip.compress(text.encode())])
def test_a_bill_is_held_against_the_ledger_by_machine(against, pack):
    result = against(pack(BILL))
    assert result.output.splitlines()[1].split() == ["i-1", "p5", "3.00", "3.06", "+0.06", "+2.0"]
    assert result.exit_code == 0


def test_a_gap_that_is_too_wide_is_said_and_leaves_with_1(against):
    result = against(BILL, cost="2")
    assert "1 day, 2026-11-02 to 2026-11-02 in UTC: the gap is over 5 %" in result.output
    assert result.exit_code == 1


def test_a_gap_may_be_wider_where_that_is_asked_for(against):
    assert against(BILL, "--over", "50", cost="2").exit_code == 0


def test_a_comparison_as_json_is_exact(against):
    (found,) = json.loads(against(BILL, "-o", "json").output)["currencies"]
    assert found["nodes"] == [
        {"node": "i-1", "type": "p5", "ledger": "3", "bill": "3.06", "gap": "0.06", "percent": 1.96}
    ]


@pytest.mark.parametrize(("bill", "words"), [
    (BILL.replace("3.06", "x"), "line 2: line_item_unblended_cost: must be a number"),
    (BILL.replace("2026-11-02", "2026-10-02"), "have no day and currency in common"),
    (b"\x1f\x8b\x08", "bill.csv"),
    (b"\xff\xfe", "this is no text in UTF-8"),
])  # fmt: skip
def test_a_bill_that_cannot_be_used_leaves_with_2(against, bill, words):
    result = against(bill)
    assert (result.exit_code, words in result.output) == (2, True)
