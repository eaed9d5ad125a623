"""events.md names everything that is news, and nothing that is none."""

import ast

from tests.docs.pages import ROOT

from poolkeeper.core.reasons import Reason
from reference import events

SOURCES = [path for part in ("core", "shell") for path in (ROOT / "operator/poolkeeper" / part).rglob("*.py")]


def announced(path):
    """Return the reasons that a file makes news of."""
    made = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    news = [node for node in made if isinstance(node.func, ast.Name) and node.func.id == "News"]
    inside = (part for node in news for part in ast.walk(node) if isinstance(part, ast.Attribute))
    return {part.attr for part in inside if isinstance(part.value, ast.Name) and part.value.id == "Reason"}


def test_every_news_is_told_of():
    named = set().union(*map(announced, SOURCES)) | {Reason.BUDGET_EXCEEDED.name, Reason.BUDGET_ALERT.name}
    assert named == {reason.name for reason in events.NEWS}
