"""Debian's root filesystem with Python, from the machine's own apt sources: made once, then kept."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from controlplane.assets import cache
from controlplane.debian import DownloadError, unpack_whole

SUITE = "bookworm"
INCLUDED = "python3,ca-certificates"
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/var/cache/*", "/var/lib/apt/lists/*")


def root_filesystem() -> Path:
    """Return the tar of a root filesystem; the first time takes half a minute and a package archive.

    Raises:
        DownloadError: this machine has no root, no Perl, or no apt sources that hold Debian.
    """
    options = ["--variant=minbase", f"--include={INCLUDED}", *(f"--dpkgopt=path-exclude={one}" for one in _LEFT_OUT)]
    key = hashlib.sha256(" ".join([SUITE, *options]).encode()).hexdigest()[:12]
    made = cache() / "image" / f"{SUITE}-{key}.tar"
    made.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(made.with_suffix(".lock")):
        if not made.exists():
            sys.stderr.write(f"root filesystem: making Debian {SUITE} with Python (once, half a minute)\n")
            _make(options, made)
    return made


def _make(options: list[str], target: Path) -> None:
    if lacking := [name for name in ("perl", "apt-get", "dpkg") if not shutil.which(name)]:
        raise DownloadError(f"a root filesystem needs {', '.join(lacking)}")
    programs = unpack_whole(["mmdebstrap"], cache() / "mmdebstrap") / "usr/bin"
    environment = {**os.environ, "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}"}
    unfinished = target.with_name(f".{os.getpid()}.tar")
    try:
        argv = ["perl", str(programs / "mmdebstrap"), *options, SUITE, str(unfinished)]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DownloadError(f"mmdebstrap failed\n{done.stderr[-2000:]}")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
