"""`poolkeeper report`: one page that fetches nothing, the same as text, and where both go."""

import json
import re
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
import typer
from typer.testing import CliRunner

import ledger_weeks
from poolkeeper.api.price_book import COLUMNS
from poolkeeper.cli import report as command
from poolkeeper.cli import report_delivery
from poolkeeper.cli.main import app
from poolkeeper.cli.report import until

WEEK = ("--week", "--at", "2026-11-23")
BOOK = f"{','.join(COLUMNS)}\n*,*,*,,H100,on-demand,3.00,USD,2026-10-30,list\n"
PRICES = {"kind": "ConfigMap", "metadata": {"name": "poolkeeper-prices"}, "data": {"prices.csv": BOOK}}


def saved(place, *documents):
    place.write_text(json.dumps({"items": list(documents)}))
    return place


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("ledger") / "ledger.json", *ledger_weeks.configmaps())


@pytest.fixture
def report(ledger):
    def act(*options, file=ledger):
        return CliRunner().invoke(app, ["report", "--from-file", str(file), *options])

    return act


@pytest.fixture(scope="module")
def page(ledger):
    return CliRunner().invoke(app, ["report", "--from-file", str(ledger), *WEEK]).output


@pytest.fixture(scope="module")
def root(page):
    return ET.fromstring(page.removeprefix("<!doctype html>"))  # noqa: S314  our own page


@pytest.fixture
def terminal(monkeypatch):
    screen = SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(command, "sys", screen)


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("options", "start"), [((), "# "), (("-o", "html"), "<!doctype html>")])
def test_on_a_terminal_a_report_is_to_be_read_there(report, options, start):
    assert report(*WEEK, *options).output.startswith(start)


@pytest.mark.usefixtures("terminal")
def test_a_file_is_a_page_from_a_terminal_too(report, tmp_path):
    report(*WEEK, "--out", str(tmp_path))
    assert [one.suffix for one in tmp_path.iterdir()] == [".html"]


def test_the_page_is_well_formed(root):
    assert (root.tag, root.attrib) == ("html", {"lang": "en"})


def test_the_page_fetches_nothing(page, root):
    tags = {one.tag for one in root.iter()}
    attributes = {key for one in root.iter() for key in one.attrib}
    assert tags.isdisjoint({"script", "link", "img", "iframe", "object", "base"})
    assert attributes.isdisjoint({"src", "href", "srcset", "action", "style", "onload"})
    assert not re.search(r"https?:|url\(|@import", page)


def test_the_page_says_how_it_is_written(page):
    assert '<meta charset="utf-8" />' in page


def test_the_page_is_light_or_dark_and_fit_to_be_printed(page):
    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media print" in page


def test_every_table_says_what_it_is_and_what_its_cells_belong_to(root):
    for table in root.iter("table"):
        assert table.find("caption").text
        assert {head.get("scope") for head in table.iter("th")} == {"col", "row"}


def test_every_plot_is_told_in_words(root):
    plots = [one for one in root.iter("svg") if one.get("role") == "img"]
    assert [plot.find("title").text for plot in plots] == ["Cost by day", "Cost by week and tier"]
    assert all("USD" in plot.find("desc").text for plot in plots)


def test_every_colour_of_a_plot_is_one_of_the_page(page, root):
    used = {one.get("class") for plot in root.iter("svg") for one in plot.iter() if one.tag != "svg"} - {None}
    assert all(f".{name} {{" in page for name in used)


def test_no_plot_leaves_its_frame(root):
    for box in root.iter("rect"):
        assert float(box.get("y", 0)) >= 0
        assert float(box.get("y", 0)) + float(box.get("height")) <= 280


def cells(text, title):
    """Return the rows of a table of the text."""
    block = text.split(f"### {title}\n\n")[1].split("\n\n")[0]
    return [tuple(one.strip() for one in line.strip("|").split(" | ")) for line in block.splitlines()]


@pytest.fixture(scope="module")
def text(ledger):
    return CliRunner().invoke(app, ["report", "--from-file", str(ledger), *WEEK, "-o", "markdown"]).output


def test_the_text_has_the_pages_tables(text, root):
    titles = [one.text for one in root.iter("caption")]
    shown = [[tuple(cell.text for cell in row) for row in table.iter("tr")] for table in root.iter("table")]
    found = [[row for place, row in enumerate(cells(text, title)) if place != 1] for title in titles]
    assert found == shown


@pytest.mark.parametrize("title", ["Spend by team", "Savings against the baselines, by cause"])
def test_what_is_shown_adds_up(text, title):
    _, _, *rows, total = cells(text, title)
    amounts = [float(row[1].replace(",", "")) for row in (*rows, total)]
    assert sum(amounts[:-1]) == pytest.approx(amounts[-1], abs=0.001)


def test_the_text_says_what_is_in_no_amount(text):
    assert "GPU-hours have no price and are in no amount of USD." in text


def test_the_text_names_what_the_ledger_does_not_know(text):
    assert "they are in the pools' status, which could not be read" in text
    assert "How old the prices are is not known" in text


def test_pools_and_prices_that_were_saved_are_told(tmp_path, report):
    file = saved(tmp_path / "all.json", *ledger_weeks.configmaps(), *ledger_weeks.pools(), PRICES)
    told = report(*WEEK, "-o", "markdown", file=file).output
    assert "| inference/chat | 13,500.00 | 85 % | 110 % | BudgetAlert |" in told
    assert "| 99.9% |" in told
    assert "The newest price came into effect" in told


COSTS = "overheads: [{name: network, monthly: '1200'}, {name: people, monthly: '900', currency: EUR}]"


def test_overheads_stand_apart_by_what_their_groups_cost(tmp_path, report):
    (tmp_path / "costs.yaml").write_text(COSTS)
    told = report(*WEEK, "-o", "markdown", "--costs", str(tmp_path / "costs.yaml")).output
    _, _, *rows = cells(told, "Overheads")
    assert {row[0] for row in rows} == {"network"}
    assert sum(float(row[2]) for row in rows) == pytest.approx(7 * 1200 / 30)


def test_by_pool_there_is_no_second_table_of_pools(report):
    told = report(*WEEK, "-o", "markdown", "--by", "pool").output
    assert ("### Spend by pool" in told, "### Top pools" in told) == (True, False)


def test_a_month_is_a_calendar_month(report):
    told = report("--month", "--at", "2026-11-23", "-o", "markdown").output
    assert told.startswith("# What pools cost in October 2026\n\n2026-10-01 to 2026-10-31\n")


def test_a_week_of_which_the_ledger_has_nothing_says_so(report):
    told = report("--week", "--at", "2026-08-01", "-o", "markdown").output
    assert "The ledger has nothing of week 30 of 2026." in told


def test_the_ledgers_first_week_is_compared_with_nothing(report):
    told = report("--week", "--at", "2026-08-31", "-o", "markdown").output
    assert "The ledger begins on 2026-08-24: nothing can be compared with week 34 of 2026." in told


def test_days_that_a_saved_ledger_lacks_are_named(report):
    told = report("--week", "--at", "2026-11-30", "-o", "markdown").output
    assert "The ledger has nothing of week 48 of 2026." in told


def test_what_is_not_over_is_not_reported():
    with pytest.raises(typer.BadParameter, match="is after today"):
        until("2026-11-24", date(2026, 11, 23), saved=False)


def test_a_name_is_text_whatever_it_holds(tmp_path, report):
    maps = json.loads(json.dumps(ledger_weeks.configmaps()).replace("search", "<b>|x</b>"))
    file = saved(tmp_path / "odd.json", *maps)
    assert "&lt;b&gt;|x&lt;/b&gt;" in report(*WEEK, file=file).output
    assert "| <b>\\|x</b> |" in report(*WEEK, "-o", "markdown", file=file).output


def test_a_folder_gets_a_page_named_after_its_period(tmp_path, report):
    said = report(*WEEK, "--out", str(tmp_path)).output
    (file,) = tmp_path.iterdir()
    assert (file.name, said) == ("poolkeeper-2026-11-16-2026-11-22.html", f"{file}\n")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "either --week or --month"),
        (("--week", "--month"), "either --week or --month"),
        (("--week", "--at", "yesterday"), "is no day"),
        (("--week", "--by", "mood"), "must be one of"),
        (("--week", "--out", "/nowhere/at/all.html"), "No such file"),
        (("--week", "--webhook-file", "/nowhere"), "cannot be read"),
    ],
)
def test_what_is_not_understood_is_refused(report, options, words):
    answer = report(*options)
    assert answer.exit_code == 2
    assert words in " ".join(answer.output.replace("│", " ").split())


class Hook(BaseHTTPRequestHandler):
    """A webhook that answers as it is told, and remembers what it got."""

    answer = 200
    may_answer: Event
    got: list

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, self.headers["Content-Type"], body))
        self.may_answer.wait()
        self.send_response(self.answer)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def hook(tmp_path):
    """A webhook, and the file with its secret address."""
    handler = type("Handler", (Hook,), {"got": [], "may_answer": Event()})
    handler.may_answer.set()
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    handler.file = tmp_path / "url"
    handler.file.write_text(f"http://127.0.0.1:{server.server_port}/SECRET\n")
    yield handler
    handler.may_answer.set()
    server.shutdown()
    server.server_close()


def test_a_text_is_posted_as_json(report, hook, text):
    answer = report(*WEEK, "-o", "markdown", "--webhook-file", str(hook.file))
    ((path, kind, body),) = hook.got
    assert (answer.exit_code, answer.output, path, kind) == (0, "", "/SECRET", "application/json")
    assert json.loads(body)["text"].split("\n\n")[:3] == text.split("\n\n")[:3]


def test_a_page_is_posted_as_it_is(report, hook):
    report(*WEEK, "--webhook-file", str(hook.file))
    ((_, kind, body),) = hook.got
    assert (kind, body[:15]) == ("text/html; charset=utf-8", b"<!doctype html>")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_webhook_that_does_not_take_it_is_told_without_its_address(report, hook, status):
    hook.answer = status
    answer = report(*WEEK, "--webhook-file", str(hook.file))
    assert (answer.exit_code, answer.output) == (1, f"error: the webhook answered {status}\n")
    assert len(hook.got) == 1


def test_a_webhook_that_does_not_answer_is_not_waited_for(report, hook, monkeypatch):
    monkeypatch.setattr(report_delivery, "PATIENCE", timedelta(seconds=0.2))
    hook.may_answer.clear()
    answer = report(*WEEK, "--webhook-file", str(hook.file))
    assert (answer.exit_code, answer.output) == (1, "error: the webhook did not answer within 0.2 seconds\n")


def test_a_webhook_that_is_not_there_is_told_without_its_address(report, tmp_path):
    (tmp_path / "url").write_text("http://127.0.0.1:1/SECRET")
    answer = report(*WEEK, "--webhook-file", str(tmp_path / "url"))
    assert (answer.exit_code, answer.output) == (1, "error: the webhook could not be reached (ClientConnectorError)\n")


def test_an_address_that_is_none_is_refused_without_being_told(report, tmp_path):
    (tmp_path / "url").write_text("SECRET")
    answer = report(*WEEK, "--webhook-file", str(tmp_path / "url"))
    assert answer.exit_code == 2
    assert "SECRET" not in answer.output
