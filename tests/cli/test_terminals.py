"""Every command on a narrow screen, in a pipe, and without colour."""

import re
import shlex
from io import StringIO

import pytest
from rich.cells import cell_len
from tests.docs.pages import DOCS, blocks
from typer.testing import CliRunner

from poolkeeper.cli.connection import PIPED, Paper
from poolkeeper.cli.main import app

POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat, namespace: inference, labels: {team: assistants}}
spec:
  targetRef: {name: chat}
  minReplicas: 2
  maxReplicas: 10
  capacity: {guaranteed: {base: 2}}
  schedule:
    timezone: America/New_York
    windows: [{name: office, days: Mon-Fri, from: "08:00", to: "18:00", minReplicas: 6}]
  cost: {gpusPerReplica: 1, pricePerGPUHour: {on-demand: "3.00", spot: "0.90"}, budget: {monthly: "9000"}}
"""
BOOK = """\
provider,region,zone,instance_type,gpu,capacity_type,price,currency,effective_from,source
*,*,*,*,l4,on-demand,0.8048,USD,2026-01-01,list
*,*,*,*,l4,spot,0.3005,USD,2026-01-01,list
"""
TRACE = "second,requests\n" + "".join(f"{number * 60},{300 + 40 * (number % 9)}\n" for number in range(6))
COMMANDS = (
    "check -f pool.yaml --offline",
    "schedule -f pool.yaml --days 14",
    "simulate -f pool.yaml --trace trace.csv --startup 4m --step 20s --against static,hpa",
    "tune -f pool.yaml --trace trace.csv --startup 4m --step 20s --trials 2 --held-out 25%",
    "prices show -f pool.yaml --book prices.csv --node-labels karpenter.sh/capacity-type=spot",
    "cost --from-file ledger.yaml --since 2026-11-01 --until 2026-11-30 --by team",
)
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture(autouse=True)
def _files(tmp_path, monkeypatch):
    ledger = next(
        one.text for one in blocks(DOCS / "how-to" / "report-costs.md") if "ledger" in one.notes.get("file", "")
    )
    for name, text in {"pool.yaml": POOL, "trace.csv": TRACE, "prices.csv": BOOK, "ledger.yaml": ledger}.items():
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def printed(command, **variables):
    done = CliRunner().invoke(app, shlex.split(command), env=variables)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.split()[0])
def test_it_fits_eighty_columns(command, monkeypatch):
    monkeypatch.setattr(Paper, "on_screen", property(lambda _: True))
    lines = printed(command, COLUMNS="80").splitlines()
    assert [line for line in lines if cell_len(line.rstrip()) > 80] == []


QUICK = [command for command in COMMANDS if "--trace" not in command]


@pytest.mark.parametrize("command", QUICK, ids=lambda command: command.split()[0])
def test_a_pipe_has_every_word_of_the_widest_screen(command):
    words = {word for word in printed(command, COLUMNS="400").split() if word.isalnum()}
    piped = printed(command)
    assert (words - set(piped.split()), ESCAPE.search(piped)) == (set(), None)


def paper(**environment):
    return Paper(file=StringIO(), highlight=False, _environ={"TERM": "xterm-256color"} | environment)


def told(made):
    made.print("[red]bad[/red] news " + "that goes on " * 20)
    return made.file.getvalue()


def test_a_pipe_is_given_colours_where_they_are_forced_and_is_no_screen_for_that():
    text = told(paper(FORCE_COLOR="1"))
    assert ("\x1b[31mbad" in text, len(text.splitlines())) == (True, 1)


def test_no_colour_is_stronger():
    assert "\x1b[31m" not in told(paper(FORCE_COLOR="1", NO_COLOR="1"))


@pytest.mark.parametrize(("variables", "width"), [({}, PIPED), ({"COLUMNS": "50"}, 50)])
def test_columns_give_a_pipe_its_width(variables, width):
    assert paper(**variables).width == width


def test_a_screen_has_words_wrapped(monkeypatch):
    monkeypatch.setattr(Paper, "on_screen", property(lambda _: True))
    assert max(map(len, told(paper(COLUMNS="50")).splitlines())) <= 50
