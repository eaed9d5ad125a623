"""What the operator serves: /metrics, /healthz, /readyz, and the live decisions that `status` and `explain` show.

Numbers and reasons only: nothing here is secret, and nothing can be changed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from poolkeeper.api.explain import explanation
from poolkeeper.shell.pools import Pool, Pools
from poolkeeper.shell.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Served:
    """What the pages are made from. `troubles` names what is stuck (empty: healthy), `problems` what is in the way."""

    pools: Pools
    telemetry: Telemetry
    troubles: Callable[[], list[str]]
    ready: Callable[[], bool]
    problems: Callable[[], list[str]]


def application(served: Served) -> web.Application:
    """Return the web application."""

    async def metrics(_: web.Request) -> web.Response:
        body = served.telemetry.page()
        return web.Response(body=body, headers={"Content-Type": served.telemetry.content_type})

    async def healthz(_: web.Request) -> web.Response:
        troubles = served.troubles()
        return web.Response(status=503 if troubles else 200, text="\n".join(troubles) or "ok")

    async def readyz(_: web.Request) -> web.Response:
        ready = served.ready()
        words = ["ok" if ready else "not synced yet", *served.problems()]
        return web.Response(status=200 if ready else 503, text="\n".join(words))

    async def listed(_: web.Request) -> web.Response:
        return web.json_response({"items": [shown(pool) for pool in served.pools]})

    async def one(request: web.Request) -> web.Response:
        pool = served.pools.get((request.match_info["namespace"], request.match_info["name"]))
        if pool is None:
            raise web.HTTPNotFound(text="no such pool")
        return web.json_response(shown(pool))

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/pools", listed)
    app.router.add_get("/pools/{namespace}/{name}", one)
    return app


def shown(pool: Pool) -> dict[str, object]:
    """Return a pool as the pages show it."""
    made: dict[str, object] = {"namespace": pool.key[0], "name": pool.key[1], "target": pool.target}
    if pool.spec is not None:
        spec = pool.spec
        made |= {"mode": spec.mode, "minReplicas": spec.min_replicas, "maxReplicas": spec.max_replicas}
    if pool.invalid:
        made["invalid"] = pool.invalid
    if pool.decision is not None and pool.decided_at is not None:
        made["decision"] = explanation(pool.decision, pool.decided_at)
    return made
