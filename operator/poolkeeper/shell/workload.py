"""Makes and keeps the Deployment of a pool that has a `template`. Its size is written like any other target's."""

from contextlib import suppress

from poolkeeper.api import workload
from poolkeeper.api.providers import Provider
from poolkeeper.api.spec import Spec
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import JSON_PATCH, STRATEGIC_MERGE_PATCH, KubeClient
from poolkeeper.shell.kube_errors import ConflictError
from poolkeeper.shell.pools import Pool
from poolkeeper.shell.views import WorkloadView


async def make(kube: KubeClient, pool: Pool, spec: Spec, provider: Provider | None = None) -> None:
    """Make the pool's Deployment. Call it where that is missing and the pool may write.

    `provider` is whose spot capacity the pool uses, None where it uses none or where nobody knows yet.

    Raises:
        KubeError: the API server refused, in its own words.
    """
    namespace, name = pool.key
    with suppress(ConflictError):  # it is there, and the watch has not told yet
        await kube.post(collection(namespace), workload.deployment(name, namespace, pool.uid, spec, provider))


async def keep(kube: KubeClient, pool: Pool, spec: Spec, cluster: Cluster, provider: Provider | None = None) -> None:
    """Bring the pool's Deployment to its template and its deletionPolicy. Call it where the pool may write.

    While a pool that uses spot cannot tell whose, its template stays as it is: a pin that comes and goes would roll
    every replica.

    Raises:
        KubeError: the API server refused, in its own words.
    """
    found = cluster.deployment(pool.key)
    if found is None:
        return
    path, name = f"{collection(found.namespace)}/{found.name}", pool.key[1]
    if not _provider_is_open(pool, provider) and _differs(found, name, spec, provider):
        await kube.patch(path, workload.update(name, spec, provider), content_type=JSON_PATCH)
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


def _provider_is_open(pool: Pool, provider: Provider | None) -> bool:
    return provider is None and pool.core is not None and pool.core.spot is not None


def _differs(found: WorkloadView, name: str, spec: Spec, provider: Provider | None) -> bool:
    return found.template_hash != workload.digest(workload.pod_template(name, spec, provider))


def collection(namespace: str) -> str:
    """Return the path of a namespace's Deployments."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"
