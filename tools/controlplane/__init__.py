"""A real Kubernetes on one machine, without containers: for tests, the demo, benchmarks, and for playing.

`ControlPlane` boots etcd, the API server, the controller manager, the scheduler and KWOK in a temporary directory,
any number side by side, and leaves nothing behind. `Cluster` is what one works with: it comes from
`with ControlPlane() as cluster`, or, in another process, from `ControlPlane.attach(path)`.
"""

from controlplane.cluster import Cluster, KubectlError
from controlplane.plane import ControlPlane
from controlplane.readiness import BootError

__all__ = ["BootError", "Cluster", "ControlPlane", "KubectlError"]
