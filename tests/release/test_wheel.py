"""The wheel holds all that the command needs: what `uvx poolkeeper` gets."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("wheel")]


def uv(*arguments):
    """Run uv: from its cache, and from the index where something is not in it."""
    program = shutil.which("uv") or ROOT / ".tools/uv/bin/uv"
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    for offline in (["--offline"], []):
        argv = [str(program), *offline, *map(str, arguments)]
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  uv
        if not done.returncode:
            return
    raise AssertionError(done.stderr)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    directory = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", directory)
    return next(directory.glob("*.whl"))


@pytest.fixture(scope="module")
def command(wheel, tmp_path_factory):
    """The command as a stranger gets it, in an environment that knows nothing of this tree."""
    directory = tmp_path_factory.mktemp("fresh")
    locked = directory / "locked.txt"
    uv("export", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", "--output-file", locked)
    uv("venv", "--python", "3.11", directory / "venv")
    uv("pip", "install", "--python", directory / "venv", "--requirements", locked, wheel)
    return directory / "venv/bin/poolkeeper"


@pytest.fixture
def run(command, tmp_path):
    """Run it elsewhere than in this tree."""

    def act(*argv):
        return subprocess.run([command, *argv], cwd=tmp_path, capture_output=True, text=True, check=True).stdout  # noqa: S603  ours

    return act


def test_it_says_what_it_can_do(run):
    assert "Usage: poolkeeper" in run("--help")


def test_it_has_the_crd_in_it(run):
    assert run("crd") == (ROOT / "crds/inferencepools.yaml").read_text()


def test_it_checks_a_pool_without_a_cluster(run):
    assert "ipool/chat: ok" in run("check", "--offline", "-f", str(ROOT / "manifests/samples/minimal.yaml"))


def test_it_ships_the_package_and_nothing_beside_it(wheel):
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"poolkeeper"}


def test_pypi_is_told_where_it_comes_from(wheel):
    with zipfile.ZipFile(wheel) as files:
        name = next(one for one in files.namelist() if one.endswith("/METADATA"))
        told = files.read(name).decode()
    assert "License-Expression: Apache-2.0" in told
    assert all(
        f"Project-URL: {label}, https://" in told for label in ("Source", "Documentation", "Changelog", "Issues")
    )
