"""`poolkeeper unpin`: let the queue decide again, after `kubectl scale` on the pool itself."""

from typing import Any

from poolkeeper.api.names import shown
from poolkeeper.cli.connection import Context, Kubeconfig, Namespace, PoolName, ask, console, stored
from poolkeeper.cli.override import write
from poolkeeper.shell.kube import KubeClient

Json = dict[str, Any]


def unpin(
    name: PoolName,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Free a pool that was pinned: its size is the queue's again.

    `kubectl scale ipool/chat --replicas=6` pins a pool for 4 hours; this ends it at once. It takes `spec.replicas`
    away: where that stands in a manifest in Git, drop it there, or the next sync pins the pool again.

        [bold]poolkeeper unpin chat -n inference[/bold]
    """

    async def free(kube: KubeClient) -> str:
        pool = await stored(kube, namespace, name.rpartition("/")[2])
        if pool["spec"].get("replicas") is None:
            return f"{shown(pool['metadata']['name'])} is not pinned"
        await write(kube, pool["metadata"], {}, {"replicas": None})
        return said(pool)

    console.print(ask((kubeconfig, context), free), markup=False)


def said(pool: Json) -> str:
    """Return what was ended, and where it comes from if that is known."""
    pinned = (pool.get("status") or {}).get("pin") or {}
    whose = f" by {pinned['by']} since {pinned['since']}" if "by" in pinned else ""
    return f"{shown(pool['metadata']['name'])} is free: it was pinned to {pool['spec']['replicas']}{whose}"
