"""`python -m bundles [DIRECTORY]` writes what is made under DIRECTORY (default: the repository)."""

import sys
from pathlib import Path

from bundles import FILES, ROOT

if __name__ == "__main__":
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    for name, make in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(make(), encoding="utf-8")
