"""Makes and keeps the Deployment of a pool that has a `template`. Its size is written like any other target's."""

from contextlib import suppress

from poolkeeper.api import workload
from poolkeeper.api.spec import Spec
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import JSON_PATCH, STRATEGIC_MERGE_PATCH, KubeClient
from poolkeeper.shell.kube_errors import ConflictError
from poolkeeper.shell.pools import Pool


async def make(kube: KubeClient, pool: Pool, spec: Spec) -> None:
    """Make the pool's Deployment. Call it where that is missing and the pool may write.

    Raises:
        KubeError: the API server refused, in its own words.
    """
    namespace, name = pool.key
    with suppress(ConflictError):  # it is there, and the watch has not told yet
        await kube.post(collection(namespace), workload.deployment(name, namespace, pool.uid, spec))


async def keep(kube: KubeClient, pool: Pool, spec: Spec, cluster: Cluster) -> None:
    """Bring the pool's Deployment to its template and its deletionPolicy. Call it where the pool may write.

    Raises:
        KubeError: the API server refused, in its own words.
    """
    found = cluster.deployment(pool.key)
    if found is None:
        return
    path, name = f"{collection(found.namespace)}/{found.name}", pool.key[1]
    if found.template_hash != workload.digest(workload.pod_template(name, spec)):
        await kube.patch(path, workload.update(name, spec), content_type=JSON_PATCH)
    if spec.deletion_policy == "Delete" and pool.uid not in found.pool_owners:
        await kube.patch(path, workload.owned(name, pool.uid), content_type=STRATEGIC_MERGE_PATCH)


async def let_go(kube: KubeClient, pool: Pool, spec: Spec, cluster: Cluster) -> None:
    """Take the pool from the owners of a Deployment that is no longer to end with it, whatever the pool's mode.

    Raises:
        KubeError: the API server refused, in its own words.
    """
    found = cluster.deployment(pool.key)
    ends_with_it = spec.owns_workload and spec.deletion_policy == "Delete"
    if found is not None and pool.uid in found.pool_owners and not ends_with_it:
        path = f"{collection(found.namespace)}/{found.name}"
        await kube.patch(path, workload.let_go(pool.uid), content_type=STRATEGIC_MERGE_PATCH)


def collection(namespace: str) -> str:
    """Return the path of a namespace's Deployments."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"
