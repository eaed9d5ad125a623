"""The published image's name, where the tree has `poolkeeper`: what is built here has no registry."""

import re
from pathlib import Path

from release.versions import ReleaseError

Pins = tuple[tuple[str, str], ...]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_PINS: dict[str, Pins] = {
    "charts/poolkeeper/values.yaml": (
        (r"^  repository: poolkeeper$", "  repository: {image}"),
        (r'^  digest: ""$', "  digest: {digest}"),
    ),
    "manifests/install.yaml": ((r"^( +)image: poolkeeper:\S+$", r"\1image: {image}@{digest}"),),
}


def pin(root: Path, image: str, digest: str) -> list[str]:
    """Name the image by its digest in the chart and in install.yaml; return the files.

    Raises:
        ReleaseError: that is no digest, or a file has not exactly one place for it; nothing is written then.
    """
    if not _DIGEST.fullmatch(digest):
        raise ReleaseError(f"{digest or 'nothing'} is no digest: it would be sha256: and 64 hexadecimal digits")
    made = {name: _pinned(root / name, pins, image, digest) for name, pins in _PINS.items()}
    for name, text in made.items():
        (root / name).write_text(text, encoding="utf-8")
    return list(made)


def _pinned(file: Path, pins: Pins, image: str, digest: str) -> str:
    text = file.read_text(encoding="utf-8")
    for pattern, name in pins:
        text, count = re.subn(pattern, name.format(image=image, digest=digest), text, flags=re.MULTILINE)
        if count != 1:
            raise ReleaseError(f"{file} has {count} places for the image, not one: {pattern}")
    return text
