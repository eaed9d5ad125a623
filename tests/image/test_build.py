"""The operator's layer, and that the image means what operator/Dockerfile means."""

import re
import tarfile
from pathlib import Path

import pytest

from image.build import ENTRYPOINT, HOME, REPOSITORY, SETTINGS, layer

DOCKERFILE = (REPOSITORY / "operator" / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    (home / "module.py").touch()
    return layer(home, tmp_path / "layer.tar", script=True)


def test_it_holds_what_was_installed_and_what_starts_it(made: Path) -> None:
    with tarfile.open(made) as files:
        assert files.getnames() == [HOME, f"{HOME}/module.py", ENTRYPOINT]


def test_all_of_it_is_root_s(made: Path) -> None:
    with tarfile.open(made) as files:
        assert {(one.uid, one.gid, one.uname) for one in files} <= {(0, 0, "root"), (0, 0, "")}


def test_what_starts_it_may_be_run_by_anybody(made: Path) -> None:
    with tarfile.open(made) as files:
        assert files.getmember(ENTRYPOINT).mode == 0o755


@pytest.mark.parametrize(("instruction", "setting"), [("USER", SETTINGS["User"]), ("WORKDIR", SETTINGS["WorkingDir"])])
def test_it_is_run_as_the_published_image_is(instruction: str, setting: str) -> None:
    assert re.findall(rf"^{instruction} (.+)$", DOCKERFILE, re.MULTILINE)[-1] == setting


def test_it_starts_what_the_published_image_starts() -> None:
    assert f'ENTRYPOINT ["{SETTINGS["Entrypoint"][0]}"]' in DOCKERFILE
