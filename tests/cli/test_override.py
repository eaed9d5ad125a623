"""What `poolkeeper override` and `unpin` write, and tell; a real API server takes it in e2e/test_pins.py."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from builders import at
from poolkeeper.api.names import BUDGET_LIFTED_BY, BUDGET_LIFTED_UNTIL, OVERRIDE
from poolkeeper.cli import override, unpin
from poolkeeper.cli.main import app
from poolkeeper.cli.override import Wish, changed, told
from poolkeeper.shell.kube_errors import Forbidden

UNTIL = datetime(2026, 11, 22, 16, tzinfo=UTC)
LIFTED = Wish(UNTIL, "ann: launch day", budget=True)
CHANGED = Wish(UNTIL, "ann", changes={"minReplicas": 6})
SPEC = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}


def run(*words, command="override"):
    return CliRunner().invoke(app, [command, "chat", *words], env={"COLUMNS": "300"})


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (["--for", "2h"], "say what to change or lift: --min, --max, --set or --budget"),
        (["--budget"], "give --for and a duration"),
        (["--budget", "--for", "2h", "--clear"], "give --for and a duration"),
        (["--budget", "--for", "soon"], "'soon' is no duration"),
        (["--budget", "--for", "0s"], "--for must be over 0"),
        (["--budget", "--for", "745h"], "at most 31 days"),
        (["--set", "queue", "--for", "1h"], "write FIELD=VALUE"),
        (["--set", "queue..above=5", "--for", "1h"], "write FIELD=VALUE"),
        (["--set", "queue=1", "--set", "queue.scaleUp.above=5", "--for", "1h"], "write FIELD=VALUE"),
    ],
)
def test_what_cannot_be_meant_says_what_would_be_right(words, advice):
    answer = run(*words)
    assert (answer.exit_code, advice in answer.output) == (2, True)


def test_a_lifting_is_written_until_when_and_by_whom():
    assert LIFTED.annotations == {BUDGET_LIFTED_UNTIL: "2026-11-22T16:00:00Z", BUDGET_LIFTED_BY: "ann: launch day"}


def test_changes_are_written_until_when_and_by_whom():
    (text,) = CHANGED.annotations.values()
    assert json.loads(text) == {"until": "2026-11-22T16:00:00Z", "by": "ann", "spec": {"minReplicas": 6}}


def test_the_end_leaves_nothing_behind():
    assert Wish().annotations == {BUDGET_LIFTED_UNTIL: None, BUDGET_LIFTED_BY: None, OVERRIDE: None}


@pytest.mark.parametrize(
    ("options", "made"),
    [
        ((None, None, []), {}),
        ((6, 10, []), {"minReplicas": 6, "maxReplicas": 10}),
        ((0, None, []), {"minReplicas": 0}),
        ((None, None, ["queue.scaleUp.above=500"]), {"queue": {"scaleUp": {"above": 500}}}),
        ((None, None, ["spec.queue.interval=5s"]), {"queue": {"interval": "5s"}}),
        ((None, None, ["slo=null"]), {"slo": None}),
        (
            (None, None, ["queue.scaleUp.above=5", "queue.scaleUp.step=2"]),
            {"queue": {"scaleUp": {"above": 5, "step": 2}}},
        ),
        ((None, None, ["cost.budget.alertAtPercent=[50]"]), {"cost": {"budget": {"alertAtPercent": [50]}}}),
    ],
)
def test_options_become_fields_of_the_spec(options, made):
    assert changed(*options) == made


def pool(spec=None, **cost):
    known = {"metadata": {"name": "chat", "namespace": "inference", "uid": "1"}}
    return known | {"spec": SPEC | (spec or {}) | ({"cost": cost} if cost else {})}


def test_it_is_told_until_when_it_holds():
    found = told(pool(budget={"enforce": "HoldScaleUp"}), LIFTED)
    assert found == ["ipool/chat: its budget holds nothing back until 2026-11-22T16:00:00Z"]


def test_a_budget_that_holds_nothing_back_is_told():
    assert "it would not have" in told(pool(budget={"enforce": "Alert"}), LIFTED)[1]


def test_changes_are_told():
    assert told(pool(), CHANGED) == ["ipool/chat: minReplicas 6 until 2026-11-22T16:00:00Z"]


def test_the_end_is_told():
    assert told(pool(), Wish()) == ["ipool/chat: the spec counts as it was applied, and its budget, too"]


class Server:
    """An API server that holds one pool; what is written on it is kept."""

    def __init__(self, body, user="ann"):
        self.body, self.written, self.user, self.clock = body, [], user, self

    def now(self):
        return at(0)

    async def get(self, *_, **__):
        return self.body

    async def ask(self, *_, **__):
        if not self.user:
            raise Forbidden("no", status=403)
        return {"status": {"userInfo": {"username": self.user}}}

    async def patch(self, _, change):
        self.written.append(change)


def asked_of(monkeypatch, server, *words, command=override):
    monkeypatch.setattr(command, "ask", lambda _, question: asyncio.run(question(server)))
    return run("-n", "inference", *words, command=command.__name__.rpartition(".")[2])


@pytest.mark.parametrize("cost", [{}, {"currency": "EUR"}])
def test_without_a_budget_nothing_is_lifted(monkeypatch, cost):
    server = Server(pool(**cost))
    answer = asked_of(monkeypatch, server, "--budget", "--for", "2h")
    wanted = "error: ipool/chat has no budget: there is nothing to lift\n"
    assert (answer.exit_code, answer.stderr, server.written) == (1, wanted, [])


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--min", "9"], "error: spec: minReplicas must not be over maxReplicas (9 is over 8)\n"),
        (["--set", "targetRef.name=other"], "error: spec.targetRef cannot be overridden: it is what the pool is\n"),
    ],
)
def test_what_the_spec_forbids_is_not_written(monkeypatch, words, problem):
    server = Server(pool())
    answer = asked_of(monkeypatch, server, *words, "--for", "2h")
    assert (answer.exit_code, answer.stderr, server.written) == (1, problem, [])


@pytest.mark.parametrize(
    ("user", "because", "by"), [("ann", "night", "ann: night"), ("", "night", "night"), ("ann", "", "ann")]
)
def test_who_and_why_are_written_with_the_end_by_the_servers_clock(monkeypatch, user, because, by):
    server = Server(pool(), user)
    asked_of(monkeypatch, server, "--min", "6", "--for", "2h", "--because", because)
    text = server.written[0]["metadata"]["annotations"][OVERRIDE]
    assert json.loads(text) == {"until": "2026-03-02T14:00:00Z", "by": by, "spec": {"minReplicas": 6}}


def test_an_end_needs_no_word_on_what_ends(monkeypatch):
    server = Server(pool())
    answer = asked_of(monkeypatch, server, "--clear")
    assert (answer.exit_code, len(server.written)) == (0, 1)


# unpin


def test_a_pin_is_taken_away(monkeypatch):
    server = Server(pool({"replicas": 6}))
    answer = asked_of(monkeypatch, server, command=unpin)
    assert answer.output == "ipool/chat is free: it was pinned to 6\n"
    assert server.written == [{"metadata": {"uid": "1"}, "spec": {"replicas": None}}]


def test_who_pinned_it_is_told(monkeypatch):
    pin = {"replicas": 6, "by": "kubectl", "since": "2026-03-02T12:00:00Z"}
    server = Server(pool({"replicas": 6}) | {"status": {"pin": pin}})
    answer = asked_of(monkeypatch, server, command=unpin)
    assert answer.output.endswith("pinned to 6 by kubectl since 2026-03-02T12:00:00Z\n")


def test_a_pool_that_is_not_pinned_is_left_alone(monkeypatch):
    server = Server(pool())
    assert asked_of(monkeypatch, server, command=unpin).output == "ipool/chat is not pinned\n"
    assert server.written == []
