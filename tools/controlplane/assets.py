"""Where the programs are: brought by the user, kept in our cache, or built now."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from controlplane.build import PACKAGES, build

_HERE = Path(__file__).parent

# What a boot needs; the kubelet and Karpenter are built by those who ask for them.
BOOT = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok")


def cache() -> Path:
    """Return our part of the user's cache directory."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "poolkeeper"


def built() -> Path:
    """Return where the programs of exactly this go.mod and go.sum are kept."""
    pins = b"".join((_HERE / name).read_bytes() for name in ("go.mod", "go.sum"))
    return cache() / "controlplane" / hashlib.sha256(pins).hexdigest()[:12]


def ensure(names: Iterable[str] = BOOT) -> dict[str, Path]:
    """Return the path of each program, from `KUBEBUILDER_ASSETS`, our cache, or a build that shows its progress.

    Raises:
        KeyError: a name that is none of ours.
        BuildError: something must be built, and cannot be.
    """
    wanted = {name: (PACKAGES[name], _find(name))[1] for name in names}
    missing = [name for name, path in wanted.items() if path is None]
    if missing:
        build(missing, built())
    return {name: path or built() / name for name, path in wanted.items()}


def _find(name: str) -> Path | None:
    brought = os.environ.get("KUBEBUILDER_ASSETS")
    places = [Path(brought)] if brought else []
    return next((place / name for place in [*places, built()] if os.access(place / name, os.X_OK)), None)
