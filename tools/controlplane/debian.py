"""Prometheus from Debian's archive, unpacked and never installed: no service starts, nothing needs removing."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock


class DownloadError(RuntimeError):
    """Debian's package could not be had."""


def unpack(program: str, directory: Path) -> None:
    """Put `/usr/bin/<program>` of the Debian package `<program>` into `directory`, unless it is there.

    Raises:
        DownloadError: there is no apt here, or it found no such package.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / ".lock"):
        if not (directory / program).exists():
            sys.stderr.write(f"{program}: fetching Debian's package (once)\n")
            _unpack(program, directory)


def _unpack(program: str, directory: Path) -> None:
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        _download(program, scratch)
        package = next(Path(scratch).glob("*.deb"))
        _run(["dpkg", "-x", str(package), scratch], scratch)
        (Path(scratch) / "usr/bin" / program).replace(directory / program)


def _download(program: str, scratch: str) -> None:
    try:
        _run(["apt-get", "download", program], scratch)
    except DownloadError:
        _run(["apt-get", "update"], scratch)  # a fresh machine has no package lists yet
        _run(["apt-get", "download", program], scratch)


def _run(argv: list[str], directory: str) -> None:
    if shutil.which(argv[0]) is None:
        raise DownloadError(f"{argv[0]} is not here: install Prometheus so that `prometheus` is on PATH")
    done = subprocess.run(
        argv, cwd=directory, env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DownloadError(f"{' '.join(argv)} failed; or put `prometheus` on PATH\n{done.stderr[-2000:]}")
