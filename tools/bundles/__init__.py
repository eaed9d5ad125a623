"""What is installed besides manifests/base, and made from it: files of the chart, install.yaml, the namespaced roles.

manifests/base and crds/ are where permissions and the resource are written; `make crds` writes all copies, and a test
compares. So the chart cannot hold other rights, another resource or other alerts than the manifests.
"""

from collections.abc import Callable
from pathlib import Path

from bundles import copies, install, namespaced

ROOT = Path(__file__).parents[2]

FILES: dict[str, Callable[[], str]] = {
    "charts/poolkeeper/files/inferencepools.yaml": copies.crd,
    "charts/poolkeeper/files/rules.yaml": copies.permissions,
    "charts/poolkeeper/files/alerts.yaml": copies.alerts,
    "charts/poolkeeper/files/dashboard.json": copies.dashboard,
    "manifests/overlays/namespaced/roles.yaml": namespaced.roles,
    "manifests/install.yaml": install.text,
}
"""By path: what makes the file."""
