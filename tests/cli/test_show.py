"""What explain and status print, from pages as the operator serves them."""

from types import SimpleNamespace

import pytest
from rich.console import Console

from builders import at, published, seen, target
from poolkeeper.api.explain import explanation
from poolkeeper.api.status import Verdict, entry, render
from poolkeeper.cli import explain, status
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.shell.kube_errors import NotFound


@pytest.fixture
def printed(monkeypatch):
    console = Console(width=80, record=True, highlight=False, soft_wrap=True)
    monkeypatch.setattr(explain, "console", console)
    return console.export_text


def found(waiting, second=0, memory=None, **changes):
    decision, memory = decide(published(), seen(waiting, second, **changes), memory or Memory(), at(second))
    said = render(
        Verdict(decision, 1, at(second), [entry(decision, at(second))] if decision.changes else []), {}, {}, None
    )
    page = {"namespace": "inference", "spec": {"mode": "Active"}, "status": said, "now": at(second + 75).isoformat()}
    return page | {"decision": explanation(decision, at(second))}, memory


def test_it_says_why_and_what_was(printed):
    explain.show("chat", found(1500)[0])
    text = printed()
    assert "why     QueueAbove" in text
    assert "2 -> 3" in text
    assert "was     1m15s ago: 2 -> 3" in text


def test_it_says_what_would_change_it_next(printed):
    _, memory = found(50, target=target(3))
    page, _ = found(50, 108, memory, target=target(3))
    explain.show("chat", page)
    assert "scale-down to 2 if the queue stays under 100" in printed()


def test_without_the_operator_it_shows_what_the_status_holds(printed):
    page, _ = found(1500)
    explain.show("chat", page | {"decision": None})
    text = printed()
    assert "live page cannot be reached" in text
    assert "why     QueueAbove" in text


def test_conditions_that_are_wrong_are_noted(printed):
    explain.show("chat", found(9000, target=target(8))[0])
    assert "ScalingLimited AtMaximum" in printed()


def test_a_row_is_live_where_the_operator_answers():
    page, _ = found(1500)
    pool = {"metadata": {"namespace": "a", "name": "b"}, "spec": {"mode": "Active", "minReplicas": 2, "maxReplicas": 8}}
    row = status.row(pool, page["decision"])
    assert (row["queue"], row["desired"], row["reason"]) == (1500, 3, "QueueAbove")


def test_the_table_fits_eighty_columns():
    rows = [
        {"namespace": "inference", "name": "chat", "mode": "Active", "queue": 1500.0, "desired": 3, "ready": 2}
        | {"min": 2, "max": 8, "slo": "98.8%", "reason": "QueueAbove", "next": None}
    ]
    console = Console(width=80, record=True)
    console.print(status.table(rows))
    assert max(len(line) for line in console.export_text().splitlines()) <= 80


class Kube:
    """Says which path it was asked for first."""

    access = SimpleNamespace(namespace="inference")

    async def get(self, path, **_):
        raise NotFound(path, status=404)


async def test_the_namespace_is_the_contexts_as_with_kubectl():
    with pytest.raises(NotFound, match="/namespaces/inference/"):
        await explain.gather(Kube(), None, "chat", None)


def test_brackets_in_somebody_elses_words_are_no_markup(printed):
    page, _ = found(1500)
    page["decision"]["because"] = "refused [errno 111] [/x]"
    explain.show("chat", page)
    assert "refused [errno 111] [/x]" in printed()
