"""actionlint, which reads workflows as GitHub does: GitHub itself cannot be asked from here.

Built once, by Go, from the module proxy and checked against its checksum database; kept in the user's cache.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from controlplane.assets import cache

MODULE, VERSION = "github.com/rhysd/actionlint", "v1.7.12"


class BuildError(RuntimeError):
    """actionlint is not there, and could not be built."""


def actionlint() -> Path:
    """Return where the program is; it is built if need be.

    Raises:
        BuildError: Go is missing, or the build failed.
    """
    directory = cache() / "actionlint" / VERSION
    program = directory / "actionlint"
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / ".lock"):
        if not program.exists():
            _build(directory)
    return program


def _build(directory: Path) -> None:
    go = shutil.which("go")
    if go is None:
        raise BuildError("actionlint must be built, and `go` is not installed")
    sys.stderr.write(f"actionlint {VERSION}: building (once, half a minute)\n")
    environment = {**os.environ, "GOBIN": str(directory), "CGO_ENABLED": "0", "GOFLAGS": "-trimpath"}
    wanted = f"{MODULE}/cmd/actionlint@{VERSION}"
    done = subprocess.run([go, "install", wanted], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"{wanted}: go install failed\n{done.stderr[-2000:]}")
