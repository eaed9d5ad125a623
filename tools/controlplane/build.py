"""Building Kubernetes' own programs, once, from the module that pins them."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from filelock import FileLock

_HERE = Path(__file__).parent
_VERSION = {"gitVersion": "v1.36.3", "gitMajor": "1", "gitMinor": "36"}
_STAMPS = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in _VERSION.items())

# Two of the packages are called `kwok`: each output has a name of its own. Karpenter is upstream's, with its KWOK
# provider, and a main of ours.
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
    "kubelet": "k8s.io/kubernetes/cmd/kubelet",
    "karpenter": "./cloud",
}


class BuildError(RuntimeError):
    """A program could not be built."""


def file_name(name: str) -> str:
    """Return what a program is called among the built ones: what has source of ours is named after that too."""
    package = PACKAGES[name]
    if not package.startswith("./"):
        return name
    source = b"".join(path.read_bytes() for path in sorted((_HERE / package).glob("*.go")))
    return f"{name}-{hashlib.sha256(source).hexdigest()[:12]}"


def build(names: Sequence[str], directory: Path) -> None:
    """Build each program into `directory`, under its `file_name`; whoever builds there at the same time is waited for.

    Raises:
        BuildError: Go is missing, or a build failed.
    """
    if not names:
        return
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / ".lock"):
        missing = [name for name in names if not (directory / file_name(name)).exists()]
        for position, name in enumerate(missing, start=1):
            _build(name, directory, f"[{position} of {len(missing)}] {name}")


def _build(name: str, directory: Path, title: str) -> None:
    if shutil.which("go") is None:
        raise BuildError(f"{name} must be built, and `go` is not installed; or set KUBEBUILDER_ASSETS")
    unfinished = directory / f".{name}.{os.getpid()}"
    flags = ["-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", f"-s -w {_STAMPS}"]
    try:
        _show(["go", "build", *flags, "-o", str(unfinished), PACKAGES[name]], title)
        unfinished.replace(directory / file_name(name))
    finally:
        unfinished.unlink(missing_ok=True)


def _show(argv: Sequence[str], title: str) -> None:
    ticking = sys.stderr.isatty()
    started = time.monotonic()
    _say(f"{title}: building" + ("" if ticking else " (the first time takes minutes)"), ticking=ticking)
    with subprocess.Popen(
        argv,
        cwd=_HERE,
        env={**os.environ, "CGO_ENABLED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        output = _follow(process, title, started, ticking=ticking)
    if process.returncode:
        raise BuildError(f"{title}: go build failed\n{output[-3000:]}")
    _say(f"{title}: built in {_elapsed(started)}\n", ticking=ticking)


def _follow(process: subprocess.Popen[str], title: str, started: float, *, ticking: bool) -> str:
    while True:
        try:
            output, _ = process.communicate(timeout=1 if ticking else 30)
        except subprocess.TimeoutExpired:
            _say(f"{title}: building, {_elapsed(started)}", ticking=ticking)
        except BaseException:
            process.send_signal(signal.SIGINT)  # so that it ends its compilers and removes its work
            raise
        else:
            return output


def _say(line: str, *, ticking: bool) -> None:
    sys.stderr.write(f"\r\033[K{line}" if ticking else line.rstrip("\n") + "\n")
    sys.stderr.flush()


def _elapsed(started: float) -> str:
    return str(timedelta(seconds=round(time.monotonic() - started)))
