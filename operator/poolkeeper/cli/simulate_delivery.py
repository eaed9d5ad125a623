"""Where a study goes: to a standard output that may be full or closed, and into a file that is looked at before."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EPIPE
from pathlib import Path
from tempfile import TemporaryFile

import typer

from poolkeeper.cli.schedule import refuse

OPTION = "--html"


@contextmanager
def printing() -> Iterator[None]:
    """Print what is inside to the end; leave with 2 and one line where the output does not take it."""
    if sys.stdout is None:  # what Python makes of a descriptor that is not open
        refuse(["standard output is closed"])
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        forget_output()
        refuse([f"standard output: {error.strerror}"])
    except SystemExit:  # rich's own way to say that nobody reads on
        refuse([f"standard output: {os.strerror(EPIPE)}"])


def forget_output() -> None:
    """Send what is still to be printed nowhere, or Python complains once more as it leaves."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def writable(file: Path) -> None:
    """Leave with 2 where no report can be written to a file: a study may take minutes, and would be lost.

    Raises:
        typer.BadParameter: it is a folder or a device, or its folder takes no file.
    """
    if file.is_dir():
        raise typer.BadParameter(f"{OPTION}: {file} is a folder; give a file, as in {file / 'simulate.html'}")
    if file.exists() and not file.is_file():
        raise typer.BadParameter(f"{OPTION}: {file} is no file")
    try:
        with TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise typer.BadParameter(f"{OPTION}: {file}: {error.strerror}") from error
