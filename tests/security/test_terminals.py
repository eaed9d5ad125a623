"""What others wrote, on a terminal, in a log and in a condition: it is shown, and gives no orders."""

import io
import json
import logging
import sys

import pytest
from rich.table import Table
from tests.cli.test_watch import playing, until
from tests.cli.test_watch_rows import ROW

from poolkeeper.cli.connection import Paper
from poolkeeper.cli.harmless import harmless
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import logs
from poolkeeper.shell.answer import MetricError

CLEARS, RENAMES, LATER = "\x1b[2J\x1b[H", "\x1b]0;mine\x07", "\x9b2J"
TURNED = "\N{RIGHT-TO-LEFT OVERRIDE}txet\N{POP DIRECTIONAL FORMATTING}"
ORDERS = [CLEARS, RENAMES, LATER, "\x1b[8mhidden", "\x1b]8;;http://evil\x1b\\here", "over\rwritten\b\b", "\x7f", TURNED]


def printed(*things, **how):
    file = io.StringIO()
    Paper(file=file, width=200, highlight=False, **how).print(*things, markup=False)
    return file.getvalue()


@pytest.mark.parametrize("words", ORDERS)
def test_a_line_on_a_terminal_obeys_nobody(words):
    shown = printed(f"before {words} after", force_terminal=True)
    assert shown.rstrip("\n").isprintable()


@pytest.mark.parametrize("words", ORDERS)
def test_neither_does_a_table(words):
    table = Table("reason", box=None)
    table.add_row(words)
    assert printed(table).replace("\n", "").isprintable()


def test_our_own_colours_stay():
    file = io.StringIO()
    Paper(file=file, force_terminal=True, color_system="standard").print("[red]error[/red]")
    assert file.getvalue() == "\x1b[31merror\x1b[0m\n"


def test_what_people_write_stays_as_it_is():
    words = "Größe 3 → 5, für „chat“ \N{SNOWMAN}\n\tzwei"
    assert harmless(words) == words


async def test_the_live_view_obeys_nobody():
    async with playing(ROW | {"name": f"chat{CLEARS}"}) as (view, pilot, _):
        await until(pilot, lambda: "chat␛[2J" in drawn(view))
        assert "\x1b" not in drawn(view)


def drawn(view):
    strips = view.screen._compositor.render_strips()  # noqa: SLF001  no public way to what is sent to the terminal
    return "".join(segment.text for strip in strips for segment in strip)


@pytest.mark.parametrize("words", ORDERS)
def test_a_fault_repeats_no_order(words):
    fault = MetricError(Reason.METRIC_SERVER_ERROR, f"it said {words}")
    assert (fault.detail.isprintable(), str(fault).isprintable()) == (True, True)


def test_a_log_line_is_one_line(monkeypatch):
    told, before = io.StringIO(), logging.getLogger().handlers
    monkeypatch.setattr(sys, "stderr", told)
    try:
        logs.configure("info")
        logging.getLogger("kopf").warning('said "\n{"event": "leading"}\n%s', CLEARS)
    finally:
        logging.getLogger().handlers = before
    (line,) = told.getvalue().splitlines()
    assert (json.loads(line)["event"].count("\n"), line.isprintable()) == (2, True)
