"""Where the validator is installed: built once, in the user's cache, for exactly these requirements."""

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

from filelock import FileLock

from controlplane.assets import cache

_HERE = Path(__file__).parent
_REQUIREMENTS = ("requirements.txt", "source.txt")
_READY = ".ready"

# The one line that Python before 3.12 cannot read, and what it says there: a backslash within an f-string.
_MODULE = Path("focus_validator", "config_objects", "focus_to_duckdb_converter.py")
_NEWER = """", ".join(f"'{k.replace('\\"', '\\"\\"')}'" for k in ignore_keys)"""
_OLDER = """", ".join("'" + k.replace('"', '""') + "'" for k in ignore_keys)"""


class InstallationError(RuntimeError):
    """The validator could not be installed."""


def environment() -> Path:
    """Return the directory of the environment, made now if need be; who makes it at the same time is waited for.

    Raises:
        InstallationError: something could not be had, or built.
    """
    pins = b"".join((_HERE / name).read_bytes() for name in _REQUIREMENTS)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    place = cache() / "focus" / f"{hashlib.sha256(pins).hexdigest()[:12]}-{version}"
    place.mkdir(parents=True, exist_ok=True)
    with FileLock(place / ".lock"):
        if not (place / _READY).exists():
            _install(place)
            (place / _READY).touch()
    return place


def packages(place: Path) -> Path:
    """Return where the environment's packages are: the validator finds its own files from there alone."""
    return next(place.glob("lib/python*/site-packages"))


def _install(place: Path) -> None:
    print("== FOCUS validator: an environment of its own (once)", file=sys.stderr)
    venv.create(place, with_pip=True)
    _pip(place, "--require-hashes", "-r", "requirements.txt")
    # It asks for 3.12 and builds on 3.11; its build tools are among the requirements.
    _pip(place, "--require-hashes", "--no-deps", "--no-build-isolation", "--ignore-requires-python", "-r", "source.txt")
    _mend(packages(place) / _MODULE)


def _pip(place: Path, *arguments: str) -> None:
    command = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *arguments], cwd=_HERE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallationError(f"pip install {' '.join(arguments)}: {done.stderr.strip()[-2000:]}")


def _mend(module: Path) -> None:
    """Write one expression as Python 3.11 reads it; 3.12 reads it too."""
    text = module.read_text(encoding="utf-8")
    if text.count(_NEWER) != 1:
        raise InstallationError(f"{module} is not the one that was known: look at what is to be mended there")
    module.write_text(text.replace(_NEWER, _OLDER), encoding="utf-8")
