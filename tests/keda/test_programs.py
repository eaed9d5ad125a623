"""KEDA's programs and manifests: made once, of the version that is named, by a `go` that only pretends."""

from pathlib import Path

import pytest

from controlplane.build import BuildError
from keda.programs import ADAPTER, MODULE, OPERATOR, VERSION, ensure

GO = """#!/bin/sh
if [ "$1" = list ]; then echo "{source}"; exit; fi
while [ "$1" != "-o" ]; do shift; done
echo "$3" > "$2"
"""


@pytest.fixture(autouse=True)
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `go` that writes the package's name in place of a program, and an empty cache."""
    source = tmp_path / "module"
    (source / "config" / "rbac").mkdir(parents=True)
    role = source / "config" / "rbac" / "role.yaml"
    role.write_text("kind: ClusterRole\n")
    role.chmod(0o444)
    program = tmp_path / "go"
    program.write_text(GO.format(source=source))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return program


def test_module_pins_the_version_that_is_named():
    assert f"github.com/kedacore/keda/v2 v{VERSION}" in (MODULE.home / "go.mod").read_text()


@pytest.mark.parametrize(("name", "package"), [(OPERATOR, "cmd/operator"), (ADAPTER, "cmd/adapter")])
def test_program_is_built_from_its_own_package(name, package):
    assert (ensure() / name).read_text().strip().endswith(package)


def test_manifests_come_from_the_same_module():
    assert (ensure() / "config" / "rbac" / "role.yaml").read_text() == "kind: ClusterRole\n"


def test_copied_manifests_can_be_removed():
    assert (ensure() / "config" / "rbac" / "role.yaml").stat().st_mode & 0o200


def test_what_is_there_is_not_made_again(go):
    home = ensure()
    go.write_text("#!/bin/sh\nexit 1\n")
    assert ensure() == home


def test_without_go_nothing_is_promised_that_would_not_help(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    with pytest.raises(BuildError, match=r"not installed$"):
        ensure()
