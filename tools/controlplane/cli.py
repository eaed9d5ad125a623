"""A cluster to play with, and the programs it is made of."""

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from controlplane import assets, followers
from controlplane.build import PACKAGES, BuildError
from controlplane.cluster import Cluster, KubectlError
from controlplane.debian import DownloadError
from controlplane.guardian import die_with_parent
from controlplane.machine import NoMachineError
from controlplane.plane import ControlPlane
from controlplane.readiness import BootError

_CRDS = Path(__file__).parents[2] / "crds"

app = typer.Typer(
    help="A real Kubernetes on this machine, without containers: etcd, the API server, the controllers and the "
    "scheduler are real, nodes and pods are played by KWOK. Nothing is left behind.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command(context_settings={"ignore_unknown_options": True})
def cluster(  # noqa: PLR0913  an option is an argument
    command: Annotated[
        list[str] | None, typer.Argument(help="Run this instead of a shell, e.g. -- kubectl get nodes")
    ] = None,
    *,
    nodes: Annotated[int, typer.Option(help="GPU nodes to begin with.")] = 2,
    gpus: Annotated[int, typer.Option(help="GPUs of each node.")] = 8,
    audit: Annotated[bool, typer.Option(help="Let the API server write an audit log.")] = False,
    real_node: Annotated[bool, typer.Option(help="Add a node that runs containers, as root only.")] = False,
    load: Annotated[
        Path | None, typer.Option(help="An archive of images for that node, as of `python -m image`.")
    ] = None,
    crds: Annotated[bool, typer.Option(help="Install InferencePool; a chart brings it itself.")] = True,
) -> None:
    """Boot a cluster with GPU nodes and our CRDs, and open a shell in it.

    In the shell, KUBECONFIG is set and kubectl is on PATH. When you leave it, all is gone: the processes, the files,
    the loopback network 127.N.0.0/16 that the pods' addresses were from.

    Pods become ready after a pretended model load. Annotations of the pod template shape it:

      poolkeeper.dev/load-ms: "60000"           at least this long (default 1000)
      poolkeeper.dev/load-jitter-ms: "20000"    and up to this much longer (default 300)
      poolkeeper.dev/image-error: "not found"   the image never comes
      poolkeeper.dev/stop-ms: "500"             how soon a deleted pod is gone, at most its grace period
      poolkeeper.dev/not-ready: "true"          a running pod's probe fails; on a node: its kubelet says NotReady
    """
    try:
        with ControlPlane(audit=audit, real_node=real_node) as booted:
            if crds:
                booted.define("-f", str(_CRDS))
            booted.add_gpu_nodes(nodes, gpus)
            if load:
                booted.machine.load(load)
            code = _run(command, booted) if command else _shell(booted, crds=crds)
    except (BootError, BuildError, DownloadError, KubectlError, NoMachineError) as error:
        raise SystemExit(f"error: {error}") from error
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    raise typer.Exit(code)


@app.command()
def build(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Any of: {', '.join([*PACKAGES, *assets.FROM_DEBIAN])}.")
    ] = None,
) -> None:
    """Build the programs that a cluster needs, unless they are there, and say where they are.

    Without names: all that a boot needs. Kubernetes takes some six minutes to build on two cores, once; afterwards it
    is kept under ~/.cache/poolkeeper and works offline. Programs in KUBEBUILDER_ASSETS are used first.
    """
    try:
        found = assets.ensure(names or assets.BOOT)
    except (BuildError, DownloadError) as error:
        raise SystemExit(f"error: {error}") from error
    except KeyError as error:
        raise typer.BadParameter(f"no program of ours is called {error}") from error
    for name, path in found.items():
        print(f"{name:24} {path}")


def _run(command: Sequence[str], booted: Cluster) -> int:
    return subprocess.run(command, env=booted.environment, check=False, preexec_fn=_before).returncode


def welcome(booted: Cluster, *, crds: bool) -> str:
    """Return what a person reads first; `crds`: pools can be asked for."""
    place = {"directory": booted.directory, "server": booted.server, "pods": booted.pod_network}
    return _WELCOME.format(**place, pools="  kubectl get ipool" if crds else "next: docs/tutorial.md, step 2")


def _shell(booted: Cluster, *, crds: bool) -> int:
    print(welcome(booted, crds=crds))
    start = booted.directory / "bashrc"
    start.write_text(_BASHRC.format(path=booted.environment["PATH"]), encoding="utf-8")
    shell = shutil.which("bash")
    argv = [shell, "--rcfile", str(start), "-i"] if shell else [os.environ.get("SHELL", "/bin/sh")]
    # Ctrl-C at the prompt belongs to the shell; and neither it nor a command may outlive its cluster.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(argv, env=booted.environment, check=False, preexec_fn=_before).returncode
    finally:
        signal.signal(signal.SIGINT, before)
        followers.end(booted.kubeconfig)


def _before() -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)


_WELCOME = """
Kubernetes at {server}, pods in {pods}, files in {directory}.
Try:
  kubectl get nodes -o custom-columns=NAME:.metadata.name,GPUS:.status.capacity.nvidia\\\\.com/gpu
  kubectl create deployment chat --image=vllm --replicas=3
  kubectl get pods -o wide --watch
  kubectl scale deployment chat --replicas=5
{pools}
`exit` or Ctrl-D ends it all.
"""

_BASHRC = """
[ -f ~/.bashrc ] && . ~/.bashrc
export PATH="{path}"
PS1='(poolkeeper cluster) \\w \\$ '
"""
