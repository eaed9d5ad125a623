"""The archive is what containerd and docker read: layers named by what they hold, in their order."""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from image.archive import Image, write

SETTINGS = {"Entrypoint": ["poolkeeper"]}


@pytest.fixture
def layers(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "lower.tar", tmp_path / "upper.tar"]
    for layer in made:
        layer.write_bytes(layer.name.encode())
    return made


@pytest.fixture
def archive(layers: list[Path], tmp_path: Path) -> Path:
    return write(Image(layers, ["one:1", "one:2"], SETTINGS), tmp_path / "image.tar")


def read(archive: Path, name: str) -> bytes:
    with tarfile.open(archive) as files, files.extractfile(name) or pytest.fail(name) as stream:
        return stream.read()


def manifest(archive: Path) -> dict[str, Any]:
    (only,) = json.loads(read(archive, "manifest.json"))
    return dict(only)


def digests(layers: list[Path]) -> list[str]:
    return [hashlib.sha256(layer.read_bytes()).hexdigest() for layer in layers]


def test_it_bears_every_name(archive: Path) -> None:
    assert manifest(archive)["RepoTags"] == ["one:1", "one:2"]


def test_its_layers_are_named_by_what_they_hold_from_the_lowest_up(archive: Path, layers: list[Path]) -> None:
    assert manifest(archive)["Layers"] == [f"{one}.tar" for one in digests(layers)]


def test_its_configuration_is_named_by_what_it_holds(archive: Path) -> None:
    name = manifest(archive)["Config"]
    assert hashlib.sha256(read(archive, name)).hexdigest() == name.removesuffix(".json")


def test_its_configuration_holds_the_settings(archive: Path) -> None:
    assert json.loads(read(archive, manifest(archive)["Config"]))["config"] == SETTINGS


def test_its_configuration_lists_the_layers(archive: Path, layers: list[Path]) -> None:
    content = json.loads(read(archive, manifest(archive)["Config"]))
    assert content["rootfs"]["diff_ids"] == [f"sha256:{one}" for one in digests(layers)]
