"""`python -m reference [DIRECTORY]` writes every page into DIRECTORY (default: docs/reference)."""

import sys
from pathlib import Path

from reference import PAGES

DEFAULT = Path(__file__).parents[2] / "docs" / "reference"


def write(directory: Path) -> None:
    """Write every page."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (directory / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)
