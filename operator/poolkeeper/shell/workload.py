"""Makes and keeps the Deployment of a pool that has a `template`. Its size is written like any other target's."""

from poolkeeper.api import workload
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import JSON_PATCH, KubeClient
from poolkeeper.shell.observe import name_taken, target_of
from poolkeeper.shell.pools import Pool


async def ensure(kube: KubeClient, pool: Pool, cluster: Cluster) -> None:
    """Make the pool's Deployment where it is missing; bring it to the pool's template where that has changed.

    Raises:
        KubeError: the API server refused, in its own words.
    """
    if pool.spec is None or not pool.spec.owns_workload:
        return
    namespace, name = pool.key
    collection = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    found = target_of(pool, cluster)
    if found is None:
        await kube.post(collection, workload.deployment(name, namespace, pool.uid, pool.spec))
    elif not name_taken(pool, found) and found.template_hash != workload.digest(workload.pod_template(name, pool.spec)):
        await kube.patch(f"{collection}/{name}", workload.update(name, pool.spec), content_type=JSON_PATCH)
