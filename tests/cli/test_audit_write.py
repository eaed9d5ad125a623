"""What `poolkeeper audit --write` says of the files that it wrote, and of those that it did not."""

import pytest
from tests.cli.test_audit import CHAT, SMALL, run, seen, workload

from poolkeeper.api.survey import Scaler

HAS_ONE = (Scaler("ipool", "models", "chat", "Deployment", "chat"),)


def last(monkeypatch, tmp_path, look, *options):
    """Return the lines that stand below an audit."""
    done = run(monkeypatch, look, "--write", str(tmp_path / "pools"), *options)
    return done.stderr.replace(f"{tmp_path}/", "").splitlines()


def test_a_workload_that_has_a_pool_is_named(monkeypatch, tmp_path):
    told = last(monkeypatch, tmp_path, seen(CHAT, scalers=HAS_ONE))
    assert told == ["nothing written to pools/: models/chat has ipool/chat already"]


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_what_was_written_is_told_by_its_path(monkeypatch, tmp_path, form):
    told = last(monkeypatch, tmp_path, seen(CHAT, SMALL), "-o", form)
    assert sorted(told) == ["written: pools/models-chat.yaml", "written: pools/models-small.yaml"]


def test_what_was_left_out_is_told_beside_what_was_written(monkeypatch, tmp_path):
    told = last(monkeypatch, tmp_path, seen(CHAT, SMALL, scalers=HAS_ONE))
    assert told == ["written: pools/models-small.yaml", "not written: models/chat has ipool/chat already"]


@pytest.mark.parametrize(
    ("parent", "words"),
    [
        (workload("one", 1), "models/one has 1 replica, and a pool keeps one"),
        (workload("agents", kind="DaemonSet"), "models/agents: no pool can set the size of its kind, DaemonSet"),
    ],
)
def test_a_workload_that_gets_no_pool_is_told_with_the_reason(monkeypatch, tmp_path, parent, words):
    assert last(monkeypatch, tmp_path, seen(parent)) == [f"nothing written to pools/: {words}"]


def test_of_many_reasons_the_first_are_told(monkeypatch, tmp_path):
    [told] = last(monkeypatch, tmp_path, seen(*(workload(f"one-{number}", 1) for number in range(7))))
    assert told.endswith("; and 2 workloads more")


def test_an_empty_cluster_has_nothing_to_write(monkeypatch, tmp_path):
    assert last(monkeypatch, tmp_path, seen()) == ["nothing written to pools/: no workload has GPUs"]
