"""`python -m release`: what the release workflow asks of the tree, to be tried by hand first."""

import sys
from pathlib import Path

from release import BuildError, ReleaseError, actionlint, notes, pin, version_of, versions

ROOT = Path(__file__).parents[2]
USAGE = "usage: python -m release (check TAG | notes TAG | pin IMAGE DIGEST | actionlint)"


def main(arguments: list[str]) -> str:
    """Return what to print.

    Raises:
        ReleaseError: the tree is not ready for this tag, or the arguments are others.
    """
    match arguments:
        case ["check", tag]:
            return check(version_of(tag))
        case ["notes", tag]:
            return said(version_of(tag))
        case ["pin", image, digest]:
            return "\n".join(pin(ROOT, image, digest))
        case ["actionlint"]:
            return str(actionlint())
    raise ReleaseError(USAGE)


def check(version: str) -> str:
    """Say that every place has this version, and the changelog words for it.

    Raises:
        ReleaseError: one has not.
    """
    others = [f"{place} is {found}" for place, found in versions(ROOT).items() if found != version]
    if others:
        raise ReleaseError(f"the tag says {version}, but " + ", ".join(others))
    said(version)
    return f"ready for {version}"


def said(version: str) -> str:
    """Return the changelog's section of this version."""
    return notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version)


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except (BuildError, ReleaseError) as error:
        sys.exit(f"error: {error}")
