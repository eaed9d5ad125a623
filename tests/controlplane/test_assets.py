"""Where programs come from, in which order, and what a build leaves."""

from pathlib import Path

import pytest

from controlplane import assets
from controlplane.build import BuildError, file_name

GO = """#!/bin/sh
while [ "$1" != "-o" ]; do shift; done
echo "$3" > "$2"
chmod +x "$2"
"""


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `go` that writes the package's name in place of a program."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return program(tmp_path / "go", GO)


def program(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_what_the_user_brings_comes_first(tmp_path, monkeypatch):
    brought = program(tmp_path / "brought" / "etcd")
    program(assets.built() / "etcd")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(brought.parent))
    assert assets.ensure(["etcd"]) == {"etcd": brought}


def test_what_the_user_does_not_bring_comes_from_the_cache(tmp_path, monkeypatch):
    cached = program(assets.built() / "kwok")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    assert assets.ensure(["kwok"]) == {"kwok": cached}


def test_what_is_nowhere_is_built_from_its_own_package(go):
    assert assets.ensure(["karpenter"])["karpenter"].read_text() == "./cloud\n"


def test_what_is_there_is_not_built_again(go):
    assets.ensure(["etcd"])
    go.write_text("#!/bin/sh\nexit 1\n")
    assert assets.ensure(["etcd"])["etcd"].read_text() == "go.etcd.io/etcd/server/v3\n"


def test_a_program_of_our_own_is_built_anew_when_its_source_changes(tmp_path, monkeypatch):
    monkeypatch.setattr("controlplane.build._HERE", tmp_path)
    before = file_name("karpenter")
    program(tmp_path / "cloud" / "main.go", "package main")
    assert file_name("karpenter") != before


def test_each_program_that_is_built_gets_its_line(go, capfd):
    assets.ensure(["etcd", "kwok"])
    assert capfd.readouterr().err.splitlines()[1::2] == [
        "[1 of 2] etcd: built in 0:00:00",
        "[2 of 2] kwok: built in 0:00:00",
    ]


def test_a_build_that_fails_says_why_and_leaves_no_half_a_program(go):
    go.write_text("#!/bin/sh\necho no such module\nexit 1\n")
    with pytest.raises(BuildError, match="no such module"):
        assets.ensure(["etcd"])
    assert [path.name for path in assets.built().iterdir()] == [".lock"]


def test_without_go_the_way_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="set KUBEBUILDER_ASSETS"):
        assets.ensure(["etcd"])


@pytest.mark.parametrize("name", ["prometheus", "promtool"])
def test_prometheus_on_the_path_is_used_as_it_is(name, tmp_path, monkeypatch):
    installed = program(tmp_path / "bin" / name)
    monkeypatch.setenv("PATH", str(installed.parent))
    assert assets.ensure([name]) == {name: installed}


def test_what_one_package_holds_is_unpacked_at_once(monkeypatch):
    asked = []

    def unpack(package, names, directory):
        asked.append((package, [program(directory / name).name for name in names]))

    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(assets, "unpack", unpack)
    assets.ensure(["prometheus", "promtool"])
    assert asked == [("prometheus", ["prometheus", "promtool"])]
