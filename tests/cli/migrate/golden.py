"""What `poolkeeper migrate` says of each file here, as of one Monday; NAME.out is what somebody last read of it.

.venv/bin/python -m tests.cli.migrate.golden        writes them anew; read the difference
"""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

from rich.console import Console

from poolkeeper.cli.migrate import DEFAULT, each
from poolkeeper.cli.migration import objects, written

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.yaml"))
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def answer(file: Path) -> str:
    """Return what is printed for a file: the pools, then what is to be known of them, then what was refused."""
    made, refused = each(objects.groups(objects.read(file), DEFAULT), None, NOW)
    console = Console(file=StringIO(), width=90, highlight=False, soft_wrap=True, color_system=None)
    for one in made:
        written.show(console, one)
    shown = console.file.getvalue()
    return written.manifest(made) + "\n" + shown + "".join(f"error: {one.name}: {one.why}\n" for one in refused)


if __name__ == "__main__":
    for path in FILES:
        path.with_suffix(".out").write_text(answer(path))
