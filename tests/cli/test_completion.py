"""What shells and kubectl are told may come next."""

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from poolkeeper.cli import completing, completion
from poolkeeper.cli.main import app

OBJECTS = {
    "/apis/poolkeeper.io/v1alpha1/namespaces/{namespace}/inferencepools": [
        ("inference", "chat"),
        ("inference", "code"),
    ],
    "/apis/poolkeeper.io/v1alpha1/inferencepools": [("inference", "chat"), ("search", "rerank")],
    "/api/v1/namespaces": [("", "default"), ("", "inference")],
}


@pytest.fixture
def cluster(monkeypatch):
    """A cluster with these objects; without a collection, it may not be listed."""
    held = dict(OBJECTS)

    def asked(_, path):
        return tuple({"metadata": {"namespace": place, "name": name}} for place, name in held.get(path, ()))

    monkeypatch.setattr(completing, "asked", asked)
    return held


@pytest.mark.parametrize(
    ("written", "offered"),
    [("", ["chat", "code"]), ("ch", ["chat"]), ("ipool/c", ["ipool/chat", "ipool/code"]), ("x", [])],
)
def test_names_of_pools(cluster, written, offered):
    assert list(completing.pools(None, written)) == offered


def test_namespaces(cluster):
    assert list(completing.namespaces(None, "inf")) == ["inference"]


def test_where_namespaces_may_not_be_listed_those_of_pools_are_offered(cluster):
    del cluster["/api/v1/namespaces"]
    assert list(completing.namespaces(None, "")) == ["inference", "search"]


def test_where_there_is_no_cluster_nothing_is_said(tmp_path, capsys):
    ctx = SimpleNamespace(params={"kubeconfig": tmp_path / "none"})
    assert (list(completing.pools(ctx, "")), capsys.readouterr()) == ([], ("", ""))


@pytest.fixture
def kubectl(monkeypatch):
    for name in (completion.ASKED, "COMP_WORDS", "COMP_CWORD"):
        monkeypatch.setenv(name, "")
    completion.ready()
    return lambda *words: completion.answered(lambda: app(prog_name=completion.PROGRAM), list(words)).splitlines()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["sta"], ["status", ":4"]),
        (["explain", ""], ["chat", "code", ":4"]),
        (["status", "-n", "inf"], ["inference", ":4"]),
        (["check", "-f", ""], [":0"]),
        (["status", "--wat"], ["--watch", ":4"]),
    ],
)
def test_what_kubectl_is_told(cluster, kubectl, words, offered):
    assert kubectl(*words) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell):
    done = CliRunner().invoke(app, ["completion", shell])
    assert (done.exit_code, completion.ASKED in done.output) == (0, True)


def test_another_shell_is_told_which_there_are():
    done = CliRunner().invoke(app, ["completion", "tcsh"])
    assert (done.exit_code, "fish" in done.output) == (2, True)
