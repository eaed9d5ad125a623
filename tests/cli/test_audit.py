"""What `poolkeeper audit` shows of what was seen."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from poolkeeper.api.holdings import holdings
from poolkeeper.api.survey import GpuNode, GpuPod, Parent, Reference, Scaler, Survey
from poolkeeper.cli import audit as module
from poolkeeper.cli import audit_pool
from poolkeeper.cli.audit_finding import between
from poolkeeper.cli.audit_look import Look, judge
from poolkeeper.cli.audit_prices import Given, listed, rates
from poolkeeper.cli.audit_tables import as_csv, as_html, as_markdown
from poolkeeper.cli.audit_text import lines
from poolkeeper.cli.check import examined
from poolkeeper.cli.main import app
from poolkeeper.core.prices import Book
from poolkeeper.shell.glimpse import Glimpse, Seen

NOW = datetime(2025, 11, 17, tzinfo=UTC)
THREE = Given(rates(["3.00"]))


def gpus(number):
    return (("nvidia.com/gpu", Decimal(number)),)


def workload(name, replicas=2, kind="Deployment", **given):
    reference = Reference(kind, name, name, "apps/v1")
    return Parent(reference, "models", replicas=replicas, devices=gpus(1), **given)


def pods(parent, count=None, **given):
    number = parent.replicas if count is None else count
    owner = parent.reference
    found = {"devices": gpus(1), "node": "gpu-0", "ready_at": NOW - timedelta(days=3)} | given
    return [
        GpuPod("models", f"{owner.name}-{one}", f"{owner.name}-{one}", NOW, owner, **found) for one in range(number)
    ]


def seen(*parents, also=(), glimpse=None, **given):
    found = [pod for one in parents for pod in pods(one)] + list(also)
    node = GpuNode("gpu-0", devices=gpus(16), allocatable=gpus(16))
    survey = Survey(NOW, tuple(found), {"gpu-0": node}, {one.reference.uid: one for one in parents}, **given)
    return Look(survey, holdings(survey), glimpse)


def audit(look, given=THREE):
    return judge(look, None, 14, given, lambda *_: None)


def glimpsed(requests, **busy):
    return Glimpse(
        timedelta(seconds=10),
        {
            name: Seen(busy.get(name.replace("-", "_"), False), count, NOW - timedelta(days=3))
            for name, count in requests.items()
        },
    )


def text(about, width=80, top=20, proposals=None):
    return "\n".join(line.plain for line in lines(about, top, width, proposals or {}))


CHAT, SMALL = workload("chat", labels={"team": "search"}), workload("small")
UNASKED = glimpsed({"chat-0": 5, "chat-1": 5, "small-0": 0, "small-1": 0}, chat_0=True)


def test_what_nobody_asks_comes_first():
    about = audit(seen(CHAT, SMALL, glimpse=UNASKED))
    assert [(one.holding.top.name, one.use.state) for one in about.findings] == [
        ("small", "forgotten"),
        ("chat", "busy"),
    ]


def test_a_saving_is_money_where_there_is_a_price():
    (small, _) = audit(seen(CHAT, SMALL, glimpse=UNASKED)).findings
    assert small.saves == (Decimal("2190.00"), Decimal("4380.00"))


def test_without_a_price_it_is_unknown_and_never_zero():
    about = audit(seen(CHAT, SMALL, glimpse=UNASKED), Given())
    assert [(one.cost.month, one.saves) for one in about.findings] == [(None, None), (None, None)]
    assert "What they cost is unknown: give --price 3.00, or --price-book FILE." in text(about)


def test_the_page_has_a_row_a_workload_and_what_is_known_of_it():
    told = text(audit(seen(CHAT, SMALL, glimpse=UNASKED)))
    assert "2 workloads hold 4 of 16 GPUs; 12 are free." in told
    assert "models/small     2     2      0 %  none in 3 days  4,380  2,190 to 4,380" in told
    assert "  Deployment of search on on-demand nodes; busy: a request was at work while it\n" in told
    assert "To be saved: 2,190 to 4,380 USD a month." in told


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_screen(width):
    long = workload("a-name-that-is-as-long-as-people-sometimes-make-them")
    told = text(audit(seen(long, CHAT, glimpse=UNASKED)), width)
    assert max(map(len, told.splitlines())) <= max(width, 74)


def test_of_many_the_first_are_shown():
    assert "and 1 workload more: --top 2, or -o json" in text(audit(seen(CHAT, SMALL)), top=1)


def test_a_pod_that_told_nothing_makes_its_workload_unknown():
    (found,) = audit(seen(CHAT, glimpse=glimpsed({"chat-0": 0}))).findings
    assert (found.use.state, found.busy) == ("unknown", None)


def test_one_busy_pod_is_enough_to_be_busy():
    (found,) = audit(seen(CHAT, glimpse=glimpsed({"chat-0": 1}, chat_0=True))).findings
    assert found.use.state == "busy"


def test_pages_that_may_not_be_read_are_said():
    about = audit(seen(CHAT, glimpse=Glimpse(timedelta(seconds=10), {}, "pods/proxy is forbidden")))
    assert "not read: pods' pages: pods/proxy is forbidden" in text(about)
    assert about.looked == "Use: unknown, since pods' pages may not be read; --prometheus URL tells it."


def test_waiting_pods_are_named_with_the_reason():
    huge = workload("huge", 1)
    waiting = pods(huge, node="", ready_at=None, trouble="Unschedulable: Insufficient nvidia.com/gpu")
    survey = Survey(NOW, tuple(waiting), {}, {"huge": huge})
    told = text(audit(Look(survey, holdings(survey))))
    assert "1 pod with GPUs waits for a node." in told
    assert "waits for a node: models/huge-0: Unschedulable: Insufficient nvidia.com/gpu" in told


@pytest.mark.parametrize(
    ("scaler", "words"),
    [
        (Scaler("HPA", "models", "chat", "Deployment", "chat", 2, 8), "HPA chat, 2 to 8"),
        (Scaler("HPA", "models", "chat", "Deployment", "chat", 4, 4), "HPA chat, 4 to 4, never scales"),
        (
            Scaler("ScaledObject", "models", "chat", "Deployment", "chat", 0, 8, "paused"),
            "ScaledObject chat, 0 to 8, does not scale: paused",
        ),
    ],
)
def test_who_scales_it_is_said(scaler, words):
    assert words in text(audit(seen(CHAT, scalers=(scaler,))), 120)


def test_a_label_that_repeats_the_name_is_left_out():
    assert "  Deployment on on-demand nodes;" in text(audit(seen(workload("chat", labels={"app": "chat"}))))


def test_a_long_complaint_is_cut():
    scaler = Scaler("HPA", "models", "chat", "Deployment", "chat", 2, 8, "word " * 99)
    about = audit(seen(CHAT, scalers=(scaler,)))
    assert "word word..." in text(about, 200)


def test_ends_that_hardly_differ_are_one():
    assert (between((Decimal(995), Decimal(1000))), between((Decimal(5), Decimal(1000)))) == ("1,000", "5 to 1,000")


def test_gpus_that_cannot_be_had_are_said():
    node = GpuNode("gpu-0", devices=gpus(8), allocatable=gpus(7))
    survey = Survey(NOW, (), {"gpu-0": node})
    told = text(audit(Look(survey, ())), 120)
    assert "0 of 7 GPUs (1 more cannot be had); 7 are free, on 1 node all of them." in told


def test_cordoned_gpus_are_said_apart():
    nodes = (GpuNode(f"gpu-{one}", {}, "", gpus(8), gpus(8), cordoned=one == 1) for one in range(2))
    survey = Survey(NOW, (), {node.name: node for node in nodes})
    told = text(audit(Look(survey, ())), 120)
    assert "0 of 16 GPUs; 8 are free, on 1 node all of them; 8 are cordoned." in told
    assert "what is free costs 17,520 more; what is cordoned costs 17,520 more." in told


def test_a_guess_is_marked():
    labels = {"node.kubernetes.io/instance-type": "g6.xlarge", "topology.kubernetes.io/region": "us-east-1"}
    node = GpuNode("gpu-0", labels, "aws:///us-east-1a/i-1", gpus(1), gpus(1))
    survey = Survey(NOW, tuple(pods(SMALL, 1)), {"gpu-0": node}, {"small": SMALL})
    told = text(audit(Look(survey, holdings(survey)), Given(listed=listed())))
    assert "588?" in told
    assert "? is a guess: assumed list price" in told


def test_csv_has_exact_figures():
    (row, _) = csv.DictReader(io.StringIO(as_csv(audit(seen(CHAT, SMALL, glimpse=UNASKED)))))
    assert (row["name"], row["month"], row["savesMost"], row["state"]) == ("small", "4380.00", "4380.00", "forgotten")


def test_a_cell_is_no_formula():
    evil = workload("chat", labels={"team": "=HYPERLINK()"})
    assert "'=HYPERLINK()" in as_csv(audit(seen(evil)))


def test_markdown_has_a_table():
    told = as_markdown(audit(seen(CHAT)))
    assert told.startswith("# Who has the GPUs\n")
    assert (
        "| models/chat | 2 | 2 | unknown | unknown | 4,380 | unknown | Deployment of search on on-demand nodes;" in told
    )


def test_html_holds_what_it_says_as_text():
    told = as_html(audit(seen(workload("chat", labels={"team": "<script>"}))))
    assert "&lt;script&gt;" in told
    assert "<script" not in told


def test_a_pool_begins_in_observe_and_is_accepted():
    (found,) = audit(seen(CHAT)).findings
    body = audit_pool.pool(found)
    assert body["spec"] == {"targetRef": {"name": "chat"}, "mode": "Observe", "minReplicas": 1, "maxReplicas": 2}
    assert examined(body)["problems"] == []


def test_another_kind_is_named():
    (found,) = audit(seen(workload("row", kind="StatefulSet"))).findings
    assert audit_pool.pool(found)["spec"]["targetRef"] == {"kind": "StatefulSet", "name": "row"}


def test_what_nobody_can_size_gets_no_pool():
    (found,) = audit(seen(workload("agents", kind="DaemonSet"))).findings
    assert audit_pool.pool(found) is None


def test_one_replica_gets_none():
    (found,) = audit(seen(workload("chat", 1))).findings
    assert audit_pool.pool(found) is None


def test_what_has_a_pool_gets_no_other():
    (found,) = audit(seen(CHAT, scalers=(Scaler("ipool", "models", "chat", "Deployment", "chat"),))).findings
    assert audit_pool.pool(found) is None


def test_pools_are_written_with_what_their_reader_must_know(tmp_path):
    scaler = Scaler("HPA", "models", "chat", "Deployment", "chat", 1, 4)
    places = audit_pool.write_all(audit(seen(CHAT, scalers=(scaler,))).findings, tmp_path / "pools", "USD")
    written = places["chat"].read_text()
    assert yaml.safe_load(written)["metadata"] == {"name": "chat", "namespace": "models"}
    assert "# HPA chat, 1 to 4 sets its size now: remove that before the pool acts." in written


def test_two_kinds_of_one_name_get_pools_of_two_names(tmp_path):
    row = Parent(Reference("StatefulSet", "chat", "other", "apps/v1"), "models", replicas=2, devices=gpus(1))
    audit_pool.write_all(audit(seen(CHAT, row)).findings, tmp_path, "USD")
    assert {one.name for one in tmp_path.iterdir()} == {"models-chat.yaml", "models-chat-statefulset.yaml"}


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    answer = CliRunner().invoke(app, ["audit", "--write", str(tmp_path / "file" / "x"), "--kubeconfig", "/none"])
    assert answer.exit_code == 2


def run(monkeypatch, look, *options):
    monkeypatch.setattr(module, "ask", lambda *_: look)
    return CliRunner().invoke(app, ["audit", "--price", "3.00", *options])


def test_json_is_all_of_it(monkeypatch):
    found = json.loads(run(monkeypatch, seen(CHAT, SMALL, glimpse=UNASKED), "-o", "json").stdout)
    assert found["totals"]["saves"] == {"least": "2190.00", "most": "4380.00"}
    assert found["totals"]["idleShare"] == 1.0
    assert found["workloads"][0]["pool"]["metadata"]["name"] == "small"


def test_json_tells_free_and_cordoned_gpus(monkeypatch):
    totals = json.loads(run(monkeypatch, seen(CHAT), "-o", "json").stdout)["totals"]
    assert (totals["gpus"]["free"], totals["gpus"]["cordoned"]) == ("14", "0")
    assert (totals["freeMonth"], totals["cordonedMonth"]) == ("30660.00", "0.00")


def test_text_names_the_pools_and_their_files(monkeypatch, tmp_path):
    told = run(monkeypatch, seen(CHAT), "--write", str(tmp_path)).stdout
    assert "its pool: 1 to 2, in" in told
    assert (tmp_path / "models-chat.yaml").exists()


@pytest.mark.parametrize("form", ["csv", "markdown", "html"])
def test_other_forms_are_printed_alone(monkeypatch, tmp_path, form):
    answer = run(monkeypatch, seen(CHAT), "-o", form, "--write", str(tmp_path))
    assert "1 pools written" not in answer.stdout
    assert "chat" in answer.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--price", "x"], "--price: 'x': the price must be a number"),
        (["--price", "4", "--price", "5"], "--price: '5' is a second price for the same"),
        (["--look", "soon"], "--look: 'soon' is no duration"),
        (["--prometheus", "main"], "--prometheus: --prometheus 'main' is no http:// or https:// address"),
        (["--price-book", "/none"], "/none"),
    ],
)
def test_an_option_that_means_nothing_is_named(monkeypatch, options, words):
    monkeypatch.setenv("COLUMNS", "200")
    answer = CliRunner().invoke(app, ["audit", *options])
    assert answer.exit_code == 2
    assert words in answer.stderr.replace("\n", " ")


def test_a_server_that_is_not_there_is_said_once(monkeypatch, unused_tcp_port):
    answer = run(monkeypatch, seen(CHAT, SMALL), "--prometheus", f"http://127.0.0.1:{unused_tcp_port}")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"error: http://127.0.0.1:{unused_tcp_port} does not answer: ")


def test_an_empty_cluster_is_no_error(monkeypatch):
    assert "0 workloads hold 0 of 16 GPUs" in run(monkeypatch, seen()).stdout


def test_the_listed_prices_are_all_of_dated_sources():
    assert {row.source for row in listed().rows} == {"AWS list price of 2026-08-26"}
    assert Path(module.__file__).with_name("list_prices.csv").exists()


def test_a_book_goes_before_the_operator_s():
    mine, theirs = Book(name="mine"), Book(name="theirs")
    assert Given(book=mine).tariff(theirs).book is mine
    assert Given().tariff(theirs).book is theirs
