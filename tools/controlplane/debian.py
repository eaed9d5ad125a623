"""Programs from Debian's archive, unpacked and never installed: no service starts, nothing needs removing."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock


class DownloadError(RuntimeError):
    """Debian's package could not be had."""


def unpack(package: str, programs: Sequence[str], directory: Path) -> None:
    """Put `/usr/bin/<program>` of a Debian package into `directory`, for each program that is not there.

    Raises:
        DownloadError: there is no apt here, or it found no such package.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / ".lock"):
        missing = [program for program in programs if not (directory / program).exists()]
        if missing:
            sys.stderr.write(f"{', '.join(missing)}: fetching Debian's package (once)\n")
            _unpack(package, missing, directory)


def unpack_whole(packages: Sequence[str], directory: Path) -> Path:
    """Return where all that these Debian packages hold is, at its own place below; it is fetched once.

    Raises:
        DownloadError: there is no apt here, or it found no such package.
    """
    root = directory / "root"
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / ".lock"):
        if not root.exists():
            sys.stderr.write(f"{packages[0]}: fetching {len(packages)} of Debian's packages (once)\n")
            with tempfile.TemporaryDirectory(dir=directory) as scratch:
                _download(packages, scratch)
                for archive in Path(scratch).glob("*.deb"):
                    _run(["dpkg", "-x", str(archive), f"{scratch}/root"], scratch)
                (Path(scratch) / "root").replace(root)
    return root


def _unpack(package: str, programs: Sequence[str], directory: Path) -> None:
    with tempfile.TemporaryDirectory(dir=directory) as scratch:
        _download([package], scratch)
        archive = next(Path(scratch).glob("*.deb"))
        _run(["dpkg", "-x", str(archive), scratch], scratch)
        for program in programs:
            (Path(scratch) / "usr/bin" / program).replace(directory / program)


def _download(packages: Sequence[str], scratch: str) -> None:
    try:
        _run(["apt-get", "download", *packages], scratch)
    except DownloadError:
        _run(["apt-get", "update"], scratch)  # a fresh machine has no package lists yet
        _run(["apt-get", "download", *packages], scratch)


def _run(argv: list[str], directory: str) -> None:
    if shutil.which(argv[0]) is None:
        raise DownloadError(f"{argv[0]} is not here; what Debian has of Prometheus may also be on PATH")
    done = subprocess.run(
        argv, cwd=directory, env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DownloadError(f"{' '.join(argv)} failed; or put `prometheus` on PATH\n{done.stderr[-2000:]}")
