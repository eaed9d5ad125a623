"""The operator's own layer, from the lock file and the wheel of this tree, and the image that both layers make."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock

from controlplane.assets import cache
from image.archive import Image, digest, write
from image.base import root_filesystem

REPOSITORY = Path(__file__).resolve().parents[2]
HOME = "opt/poolkeeper"
ENTRYPOINT = "usr/local/bin/poolkeeper"
PYTHON = "3.11"
"""The version in the root filesystem."""

SETTINGS: Mapping[str, Any] = {
    "User": "65532:65532",
    "Entrypoint": ["poolkeeper"],
    "WorkingDir": "/",
    "Env": [
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "PYTHONUNBUFFERED=1",
        "PYTHONDONTWRITEBYTECODE=1",
    ],
}
_SCRIPT = f"""#!/usr/bin/python3
import sys
sys.path.insert(0, "/{HOME}")
from poolkeeper.cli.main import main
sys.exit(main())
"""


class ImageError(RuntimeError):
    """The image could not be made; the message is that of the program that failed."""


def build(tags: Sequence[str], target: Path) -> Path:
    """Write a docker archive of this tree's operator to `target`, under all of these names; return `target`.

    Raises:
        DownloadError: the root filesystem must be made, and cannot be.
        ImageError: the dependencies or the wheel could not be installed.
    """
    base = root_filesystem()
    with tempfile.TemporaryDirectory() as scratch:
        layers = [base, _dependencies(Path(scratch)), _operator(Path(scratch))]
        return write(Image(layers, tags, SETTINGS), target)


def prepare() -> None:
    """Make what is kept between two builds: all but the layer of this tree.

    Raises:
        DownloadError: the root filesystem cannot be made.
        ImageError: the dependencies could not be installed.
    """
    root_filesystem()
    with tempfile.TemporaryDirectory() as scratch:
        _dependencies(Path(scratch))


def _dependencies(scratch: Path) -> Path:
    """Return the layer of exactly what uv.lock says, as compiled as the root filesystem's Python wants it; kept."""
    wanted = scratch / "requirements.txt"
    _uv("export", "--frozen", "--no-dev", "--no-emit-project", "--no-header", "--output-file", str(wanted))
    made = cache() / "image" / f"dependencies-{digest(wanted)[:12]}.tar"
    with FileLock(made.with_suffix(".lock")):
        if not made.exists():
            sys.stderr.write("dependencies of the operator: installing and compiling what uv.lock says (once)\n")
            home = _installed(scratch / "dependencies", "--require-hashes", "--requirement", str(wanted))
            unfinished = made.with_name(f".{os.getpid()}.tar")
            layer(home, unfinished).replace(made)
    return made


def _operator(scratch: Path) -> Path:
    """Return the layer of this tree's wheel, and of what starts it."""
    _uv("build", "--wheel", "--out-dir", str(scratch))
    (wheel,) = scratch.glob("*.whl")
    return layer(_installed(scratch / "operator", str(wheel)), scratch / "operator.tar", script=True)


def _installed(home: Path, *what: str) -> Path:
    into = ["--python-version", PYTHON, "--no-deps", "--target", str(home), "--link-mode", "copy"]
    _uv("pip", "install", *into, *what)
    # Its root filesystem is read-only: what is not compiled now is compiled at every start.
    compiled = ["-m", "compileall", "-q", "-j", "2", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([sys.executable, *compiled, "-s", str(home), "-p", f"/{HOME}", str(home)], check=True)
    return home


def _uv(*arguments: str) -> None:
    program = shutil.which("uv") or str(REPOSITORY / ".tools/uv/bin/uv")
    done = subprocess.run(
        [program, *arguments, "--quiet"], cwd=REPOSITORY, capture_output=True, text=True, check=False, env=os.environ
    )
    if done.returncode:
        raise ImageError(f"uv {' '.join(arguments)}: {done.stderr[-2000:]}")


def layer(home: Path, target: Path, *, script: bool = False) -> Path:
    """Write a layer with what is in `home` at HOME, and with the program that starts it; return `target`."""
    with tarfile.open(target, "w") as files:
        files.add(home, HOME, filter=_owned_by_root)
        if script:
            entry = tarfile.TarInfo(ENTRYPOINT)
            entry.size, entry.mode = len(_SCRIPT), 0o755
            files.addfile(entry, io.BytesIO(_SCRIPT.encode()))
    return target


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
