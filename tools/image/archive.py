"""A docker archive, written by hand: what `docker load`, `ctr images import` and `kind load image-archive` read."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Image:
    """Layers from the lowest up, each an uncompressed tar; the settings of the container; and the image's names.

    `settings` are those of the OCI image configuration's `config`: `Entrypoint`, `User`, `Env` …
    """

    layers: Sequence[Path]
    tags: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)


def write(image: Image, target: Path) -> Path:
    """Write the archive of an image to `target`, and return that."""
    digests = [digest(layer) for layer in image.layers]
    configuration = _configuration(image, digests)
    name = f"{hashlib.sha256(configuration).hexdigest()}.json"
    names = [f"{one}.tar" for one in digests]
    manifest = [{"Config": name, "RepoTags": list(image.tags), "Layers": names}]
    with tarfile.open(target, "w") as archive:
        for one, layer in zip(names, image.layers, strict=True):
            archive.add(layer, one)
        _add(archive, name, configuration)
        _add(archive, "manifest.json", json.dumps(manifest).encode())
    return target


def digest(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _configuration(image: Image, digests: Sequence[str]) -> bytes:
    content = {
        "architecture": "amd64",
        "os": "linux",
        "config": dict(image.settings),
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{one}" for one in digests]},
    }
    return json.dumps(content, sort_keys=True).encode()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))
