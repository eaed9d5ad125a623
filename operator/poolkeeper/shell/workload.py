"""Makes and keeps the Deployment of a pool that has a `template`. Its size is written like any other target's."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from poolkeeper.api import workload
from poolkeeper.api.spec import Spec
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import JSON_PATCH, KubeClient
from poolkeeper.shell.kube_errors import ConflictError
from poolkeeper.shell.observe import name_taken, target_of
from poolkeeper.shell.pools import Pool
from poolkeeper.shell.views import DeploymentView

Json = dict[str, Any]


async def ensure(kube: KubeClient, pool: Pool, cluster: Cluster) -> None:
    """Make the pool's Deployment where it is missing; bring it to the pool's template where that has changed.

    Only an Active pool writes.

    Raises:
        KubeError: the API server refused, in its own words.
    """
    spec = pool.spec
    if spec is None or not spec.owns_workload or spec.mode != "Active" or is_paused(pool, kube.clock.now()):
        return
    namespace, name = pool.key
    collection = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    found = target_of(pool, cluster)
    if found is None:
        with suppress(ConflictError):  # it is there, and the watch has not told yet
            await kube.post(collection, workload.deployment(name, namespace, pool.uid, spec))
    elif not name_taken(pool, found) and (patch := difference(pool, spec, found)):
        await kube.patch(f"{collection}/{name}", patch, content_type=JSON_PATCH)


def is_paused(pool: Pool, now: datetime) -> bool:
    """Return whether somebody has paused the pool until later than now."""
    return pool.paused_until is not None and now < pool.paused_until


def difference(pool: Pool, spec: Spec, found: DeploymentView) -> list[Json]:
    """Return the JSON patch that brings a Deployment to the pool's template and deletionPolicy; empty: none needed."""
    name, patch = pool.key[1], []
    if found.template_hash != workload.digest(workload.pod_template(name, spec)):
        patch += workload.update(name, spec)
    if found.pool_owners != tuple(owner["uid"] for owner in workload.owners(name, pool.uid, spec)):
        patch += workload.handover(name, pool.uid, spec)
    return patch
