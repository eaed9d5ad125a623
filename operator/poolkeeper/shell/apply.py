"""Plan -> writes. The target's size goes through /scale, on the resource version that was seen."""

import msgspec

from poolkeeper.core.plan import Resize
from poolkeeper.shell.kube import KubeClient, Metadata
from poolkeeper.shell.kube_errors import ConflictError
from poolkeeper.shell.pools import OwnWrite
from poolkeeper.shell.write_budget import Priority

TRIES = 3


class ScaleSpec(msgspec.Struct):
    """How many replicas a workload asks for."""

    replicas: int = 0


class Scale(msgspec.Struct):
    """A workload's scale subresource."""

    metadata: Metadata
    spec: ScaleSpec


async def resize(kube: KubeClient, target: str, version: str, change: Resize) -> OwnWrite:
    """Set the replicas of the workload at the path `target`, unless somebody has changed them since they were seen.

    A workload's resource version moves with its status too, many times while it scales: where only that moved, the
    write is tried again on the new version.

    Raises:
        ConflictError: the replicas are no longer what the decision was made on.
        KubeError: anything else.
    """
    path = f"{target}/scale"
    priority = Priority.SCALE_UP if change.grows else Priority.SCALE_DOWN
    body = {"spec": {"replicas": change.after}}
    for left in reversed(range(TRIES)):
        try:
            written = await kube.patch(path, body, resource_version=version, priority=priority)
            return OwnWrite(change.after, written.metadata.resource_version, kube.clock.now())
        except ConflictError:
            found = await kube.get(path, into=Scale)
            if found.spec.replicas != change.before or not left:
                raise
            version = found.metadata.resource_version
    raise AssertionError("unreachable: the last try returns or raises")
