"""KEDA's programs and manifests, made once from the module that pins them."""

import shutil
import subprocess
from pathlib import Path

from controlplane.assets import cache
from controlplane.build import Module

VERSION = "2.20.2"
OPERATOR, ADAPTER = "keda-operator", "keda-adapter"
_MODULE = "github.com/kedacore/keda/v2"

MODULE = Module(
    Path(__file__).parent,
    {OPERATOR: f"{_MODULE}/cmd/operator", ADAPTER: f"{_MODULE}/cmd/adapter"},
    {f"{_MODULE}/version.Version": VERSION},
)


def ensure() -> Path:
    """Return the directory of `keda-operator`, `keda-adapter` and KEDA's own `config`, made here if need be.

    Raises:
        controlplane.build.BuildError: something must be built, and cannot be.
    """
    home = cache() / "keda" / MODULE.pins
    MODULE.build([OPERATOR, ADAPTER], home)
    if not (home / "config").exists():
        _copy_config(home)
    return home


def _copy_config(home: Path) -> None:
    """Take the manifests out of the module, which Go may clean away; whole or not at all."""
    listed = ["go", "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", _MODULE]
    source = subprocess.run(listed, cwd=MODULE.home, capture_output=True, text=True, check=True).stdout.strip()
    unfinished = home / ".config"
    shutil.rmtree(unfinished, ignore_errors=True)
    # Files of a module are read-only; copies must not be, or nobody could clean the cache.
    shutil.copytree(Path(source) / "config", unfinished, copy_function=shutil.copyfile)
    for directory in (unfinished, *filter(Path.is_dir, unfinished.rglob("*"))):
        directory.chmod(0o755)
    unfinished.replace(home / "config")
