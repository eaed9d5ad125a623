"""Pictures of commands: what they really print, as an SVG that any browser shows."""

import subprocess
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDE = 96
"""How many columns a picture has."""


def picture(command: str, environment: Mapping[str, str], path: Path) -> None:
    """Run a command with colours and write what it printed, with its prompt; a command that fails is an error."""
    said = {**environment, "COLUMNS": str(WIDE), "FORCE_COLOR": "1", "TERM": "xterm-256color"}
    done = subprocess.run(command.split(), env=said, capture_output=True, text=True, check=True, cwd=path.parent)
    console = Console(record=True, width=WIDE, file=StringIO(), force_terminal=True, highlight=False)
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(done.stdout))
    path.write_text(console.export_svg(title="poolkeeper"), encoding="utf-8")
