"""Where the programs are: brought by the user, kept in our cache, or built now."""

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from controlplane.build import PACKAGES, build, file_name
from controlplane.debian import unpack

_HERE = Path(__file__).parent

# What a boot needs; the kubelet and Karpenter are built by those who ask for them.
BOOT = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok")
PROMETHEUS = "prometheus"
PROMTOOL = "promtool"
FROM_DEBIAN = (PROMETHEUS, PROMTOOL)
KARPENTER = "karpenter"


def cache() -> Path:
    """Return our part of the user's cache directory."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "poolkeeper"


def built() -> Path:
    """Return where the programs of exactly this go.mod and go.sum are kept."""
    pins = b"".join((_HERE / name).read_bytes() for name in ("go.mod", "go.sum"))
    return cache() / "controlplane" / hashlib.sha256(pins).hexdigest()[:12]


def ensure(names: Iterable[str] = BOOT) -> dict[str, Path]:
    """Return the path of each program, made here if need be, with its progress shown.

    Looked for in this order: `KUBEBUILDER_ASSETS`, our cache, a build; `prometheus` and its `promtool`: PATH, our
    cache, Debian's package.

    Raises:
        KeyError: a name that is none of ours.
        BuildError: something must be built, and cannot be.
        DownloadError: Prometheus is nowhere, and cannot be fetched.
    """
    wanted = {name: _places(name) for name in names}
    missing = [name for name, places in wanted.items() if not any(map(_runs, places))]
    if packed := [name for name in missing if name in FROM_DEBIAN]:
        unpack(PROMETHEUS, packed, cache() / PROMETHEUS)
    build([name for name in missing if name not in FROM_DEBIAN], built())
    return {name: next(filter(_runs, places)) for name, places in wanted.items()}


def _places(name: str) -> list[Path]:
    if name in FROM_DEBIAN:
        found = shutil.which(name)
        return [*([Path(found)] if found else []), cache() / PROMETHEUS / name]
    if name not in PACKAGES:
        raise KeyError(name)
    brought = os.environ.get("KUBEBUILDER_ASSETS")
    return [*([Path(brought) / name] if brought else []), built() / file_name(name)]


def _runs(path: Path) -> bool:
    return os.access(path, os.X_OK)
