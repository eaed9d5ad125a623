"""`python -m monitoring [DIRECTORY]` writes what is made into DIRECTORY (default: manifests/monitoring)."""

import sys
from pathlib import Path

from monitoring import FILES
from monitoring.rules import HOME

if __name__ == "__main__":
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else HOME
    for name, make in FILES.items():
        (directory / name).write_text(make(), encoding="utf-8")
