"""The version, wherever the tree says it, and what the changelog says of it."""

import re
import tomllib
from pathlib import Path

import yaml

_SECTION = r"^## \[{version}\][^\n]*\n(?P<notes>.*?)(?=^## \[|^\[|\Z)"
_TAG = re.compile(r"v(?P<version>\d+\.\d+\.\d+(?:rc\d+)?)")


class ReleaseError(ValueError):
    """The tree is not what the tag says."""


def version_of(tag: str) -> str:
    """Return the version that a tag stands for.

    Raises:
        ReleaseError: it stands for none: `v1.2.3` does, and `v1.2.3rc1`.
    """
    found = _TAG.fullmatch(tag)
    if found is None:
        raise ReleaseError(f"{tag} is no release's tag: it would be v1.2.3, or v1.2.3rc1")
    return found["version"]


def versions(root: Path) -> dict[str, str]:
    """Return the version that each place of the tree gives, by the place."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    base = yaml.safe_load((root / "manifests/base/kustomization.yaml").read_text(encoding="utf-8"))
    found = {
        "pyproject.toml: project.version": project["version"],
        "manifests/base/kustomization.yaml: images[0].newTag": base["images"][0]["newTag"],
    }
    chart = root / "charts/poolkeeper/Chart.yaml"
    if chart.exists():
        given = yaml.safe_load(chart.read_text(encoding="utf-8"))
        found |= {f"charts/poolkeeper/Chart.yaml: {key}": str(given[key]) for key in ("version", "appVersion")}
    return found


def notes(changelog: str, version: str) -> str:
    """Return what the changelog says of a version.

    Raises:
        ReleaseError: nothing.
    """
    pattern = _SECTION.format(version=re.escape(version))
    found = re.search(pattern, changelog, re.MULTILINE | re.DOTALL)
    if found is None or not found["notes"].strip():
        raise ReleaseError(f"CHANGELOG.md says nothing of {version}: give it a section `## [{version}] - DATE`")
    return found["notes"].strip()
