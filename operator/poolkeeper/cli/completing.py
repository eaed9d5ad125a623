"""What a shell completes from the cluster: names of pools and namespaces. Where it does not answer, nothing is said."""

import asyncio
from collections.abc import Iterator
from typing import Any

import typer

from poolkeeper.api.names import API_VERSION, PLURAL
from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.kubeconfig import AccessError

Json = dict[str, Any]

PATIENCE = 2.0
"""How long somebody waits at a prompt, in seconds."""
KIND = "ipool/"


def pools(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Yield the names of pools that begin so, with `ipool/` before them where that was written."""
    kind = KIND if incomplete.startswith(KIND) else ""
    for one in asked(ctx, f"/apis/{API_VERSION}/namespaces/{{namespace}}/{PLURAL}"):
        name = f"{kind}{one['metadata']['name']}"
        if name.startswith(incomplete):
            yield name


def namespaces(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Yield the namespaces that begin so; where they may not be listed, those that pools are in."""
    found = {one["metadata"]["name"] for one in asked(ctx, "/api/v1/namespaces")}
    if not found:
        found = {one["metadata"]["namespace"] for one in asked(ctx, f"/apis/{API_VERSION}/{PLURAL}")}
    yield from sorted(name for name in found if name.startswith(incomplete))


def asked(ctx: typer.Context, path: str) -> tuple[Json, ...]:
    """Return the objects of a collection; none where the cluster does not tell in time."""
    given = ctx.params

    async def listed() -> tuple[Json, ...]:
        access = Access.find(given.get("kubeconfig"), given.get("context"))
        async with asyncio.timeout(PATIENCE), KubeClient(access) as kube:
            return await kube.list(path.format(namespace=given.get("namespace") or access.namespace), item=dict)

    try:
        return asyncio.run(listed())
    except (KubeError, AccessError, TimeoutError, OSError):
        return ()
