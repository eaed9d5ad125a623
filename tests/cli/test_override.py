"""What `poolkeeper override` writes, and what it tells; a real API server takes it in tests/contract/test_money.py."""

import asyncio
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from poolkeeper.api.names import BUDGET_LIFTED_BY, BUDGET_LIFTED_UNTIL
from poolkeeper.cli import override
from poolkeeper.cli.main import app
from poolkeeper.cli.override import Lifting, told

UNTIL = datetime(2026, 11, 22, 16, tzinfo=UTC)
LIFTED = Lifting(UNTIL, "ann: launch day")


def run(*words):
    return CliRunner().invoke(app, ["override", "chat", *words], env={"COLUMNS": "300"})


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--for", "2h"], "say what to lift: --budget"),
        (["--budget"], "give --for and a duration"),
        (["--budget", "--for", "2h", "--clear"], "give --for and a duration"),
        (["--budget", "--for", "soon"], "'soon' is no duration"),
        (["--budget", "--for", "0s"], "--for must be over 0"),
        (["--budget", "--for", "745h"], "at most 31 days"),
    ],
)
def test_what_cannot_be_meant_says_what_would_be_right(words, advice):
    answer = run(*words)
    assert (answer.exit_code, advice in answer.output) == (2, True)


def test_it_is_written_until_when_and_by_whom():
    assert LIFTED.annotations == {BUDGET_LIFTED_UNTIL: "2026-11-22T16:00:00Z", BUDGET_LIFTED_BY: "ann: launch day"}


def test_the_end_leaves_nothing_behind():
    assert set(Lifting(None).annotations.values()) == {None}


def pool(**cost):
    return {"metadata": {"name": "chat", "namespace": "inference", "uid": "1"}, "spec": {"cost": cost} if cost else {}}


def test_it_is_told_until_when_it_holds():
    found = told(pool(budget={"enforce": "HoldScaleUp"}), LIFTED)
    assert found == ["ipool/chat: its budget holds nothing back until 2026-11-22T16:00:00Z"]


def test_a_budget_that_holds_nothing_back_is_told():
    assert "it would not have" in told(pool(budget={"enforce": "Alert"}), LIFTED)[1]


class Server:
    """An API server that holds one pool; what is written on it is kept."""

    def __init__(self, body):
        self.body, self.written = body, []

    async def get(self, *_, **__):
        return self.body

    async def patch(self, _, change):
        self.written.append(change)


def asked_of(monkeypatch, body, *words):
    server = Server(body)
    monkeypatch.setattr(override, "ask", lambda _, question: asyncio.run(question(server)))
    return run("-n", "inference", *words), server.written


@pytest.mark.parametrize("cost", [{}, {"currency": "EUR"}])
def test_without_a_budget_nothing_is_lifted(monkeypatch, cost):
    answer, written = asked_of(monkeypatch, pool(**cost), "--budget", "--for", "2h")
    wanted = "error: ipool/chat has no budget: there is nothing to lift\n"
    assert (answer.exit_code, answer.stderr, written) == (1, wanted, [])


def test_an_end_needs_no_word_on_what_ends(monkeypatch):
    answer, written = asked_of(monkeypatch, pool(), "--clear")
    assert (answer.output, len(written)) == ("ipool/chat: its budget counts again\n", 1)


def test_the_end_is_told():
    assert told(pool(), Lifting(None)) == ["ipool/chat: its budget counts again"]
