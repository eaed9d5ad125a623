"""What is asked before a pool is paused, and what is written then."""

from datetime import UTC, datetime

import pytest

from poolkeeper.api.names import PAUSED_UNTIL, RELEASING
from poolkeeper.cli import watch_pause

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)
FIELDS = {"f:spec": {"f:mode": {}}}


def pool(mode="Active", *managers, **metadata):
    written = [{"manager": manager, "operation": "Update", "time": "1", "fieldsV1": FIELDS} for manager in managers]
    return {"metadata": {"name": "chat", "managedFields": written, **metadata}, "spec": {"mode": mode}}


def question(found):
    return watch_pause.question(found, NOW)


@pytest.mark.parametrize(("mode", "then"), [("Active", {"mode": "Paused"}), ("Paused", {"mode": "Active"})])
def test_the_opposite_is_written(mode, then):
    asked = question(pool(mode))
    assert (asked.spec, asked.annotations) == (then, {})


def test_a_pause_for_a_time_ends_with_its_annotation():
    asked = question(pool(annotations={PAUSED_UNTIL: "2026-03-02T12:00:00Z"}))
    assert (asked.spec, asked.annotations) == ({}, {PAUSED_UNTIL: None})


def test_a_pause_that_is_over_is_none():
    asked = question(pool(annotations={PAUSED_UNTIL: "2026-03-02T10:59:59Z"}))
    assert (asked.spec, asked.annotations) == ({"mode": "Paused"}, {})


def test_both_pauses_end_at_once():
    asked = question(pool("Paused", annotations={PAUSED_UNTIL: "2026-03-02T12:00:00Z"}))
    assert (asked.spec, asked.annotations) == ({"mode": "Active"}, {PAUSED_UNTIL: None})


def test_a_release_under_way_ends_with_its_pause():
    asked = question(pool(annotations={PAUSED_UNTIL: "2026-03-02T12:00:00Z", RELEASING: "5 2026-03-02T12:00:00Z"}))
    assert asked.annotations == {PAUSED_UNTIL: None, RELEASING: None}


def test_in_observe_there_is_nothing_to_pause():
    assert not question(pool("Observe")).open


@pytest.mark.parametrize("mode", ["Active", "Paused"])
def test_a_git_tool_that_owns_the_mode_is_named(mode):
    assert "Argo CD owns spec.mode" in " ".join(question(pool(mode, "argocd-controller")).words)


def test_a_tool_that_marks_what_it_applies_is_named():
    marked = pool("Active", "kubectl", labels={"kustomize.toolkit.fluxcd.io/name": "apps"})
    assert "Flux owns spec.mode" in " ".join(question(marked).words)


def test_who_wrote_the_mode_last_is_named():
    assert "kubectl-edit wrote spec.mode last" in " ".join(question(pool("Active", "kubectl-edit")).words)


def test_a_mode_that_nobody_wrote_is_nobodys():
    assert "spec.mode last" not in " ".join(question(pool()).words)
