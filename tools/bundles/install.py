"""manifests/install.yaml: the resource and manifests/base in one file, for one `kubectl apply --server-side -f`."""

import subprocess

from bundles.copies import crd
from bundles.source import BASE, header
from controlplane.assets import ensure

ABOUT = """\
# kubectl apply --server-side -f install.yaml
"""


def kustomized(directory: str) -> str:
    """Return what `kubectl kustomize` makes of a directory."""
    argv = [str(ensure(["kubectl"])["kubectl"]), "kustomize", directory]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def text() -> str:
    """Return the whole file: the resource first."""
    return header("crds/ and manifests/base") + ABOUT + "---\n".join((crd(), kustomized(str(BASE))))
