"""Where a manifest goes that a command makes: to the terminal or into a file, never over one that is there."""

from pathlib import Path
from typing import Annotated

import typer

from poolkeeper.cli.connection import complaints

Out = Annotated[Path | None, typer.Option("--out", help="A file for the YAML; by default it is printed.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


def save(text: str, out: Path | None, force: bool) -> None:  # noqa: FBT001  the option itself
    """Print a manifest, or write it into a file; leave with the option's name where that cannot be."""
    if out is None:
        print(text, end="")
        return
    try:
        with out.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise typer.BadParameter(f"{out} is there already: --force writes over it", param_hint="--out") from error
    except OSError as error:
        raise typer.BadParameter(f"{out}: {error.strerror}", param_hint="--out") from error
    complaints.print(f"written: {out}", markup=False)
