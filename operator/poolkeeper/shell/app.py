"""The operator: kopf is the shell around one loop. The only file that imports kopf.

kopf starts and stops us, logs in, and watches the pools. It keeps no timers, daemons, indices or finalizers here
(docs/decisions/0001). The process is crash-only: whatever is lost for good ends it, and a restart is cheap.
"""

import asyncio
import gc
import os
import resource
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, cast

import aiohttp
import kopf
import structlog
from aiohttp import web

from poolkeeper.api import names
from poolkeeper.shell import complaints, identity, units
from poolkeeper.shell.access import Access
from poolkeeper.shell.apart import Apart
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.costs import TeamBudgets
from poolkeeper.shell.http import Served, application
from poolkeeper.shell.journal import Journal
from poolkeeper.shell.kube import ONLY_METADATA_LIST, KubeClient, Metadata
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.leader import Elector
from poolkeeper.shell.lease import LeaseTerms
from poolkeeper.shell.ledger import Heading
from poolkeeper.shell.list_watch import HasMetadata
from poolkeeper.shell.loop import Loop, Sources
from poolkeeper.shell.money import Money
from poolkeeper.shell.pools import Key, Pools
from poolkeeper.shell.prometheus import PrometheusServer
from poolkeeper.shell.queues.batch import BatchReader
from poolkeeper.shell.queues.outside import Outside
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.scrape import PodScraper
from poolkeeper.shell.readers import broker_readers, kubernetes_readers
from poolkeeper.shell.secrets import Secrets
from poolkeeper.shell.settings import Settings
from poolkeeper.shell.telemetry import Telemetry
from poolkeeper.shell.turn import Turns

DEFAULT_ADDRESS = "127.0.0.1:8080"
STUCK = timedelta(minutes=8)
STALLED = timedelta(seconds=15)
CLOCK_JUMP = timedelta(seconds=30)
HOUSEKEEPING = timedelta(minutes=5)
DAY = timedelta(days=1)
UNIT_QUERIES = 4
"""So many queries for units are under way at a time, of one server."""

log = structlog.get_logger("poolkeeper")


class Operator:
    """Everything one process runs, put together."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.pools = Pools()
        self.telemetry = Telemetry()
        self.parts = Apart()
        self._open = AsyncExitStack()
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False
        self._behind: set[str] = set()
        self._blind_to: set[str] = set()

    async def start(self) -> None:
        """Open connections, start to reflect, and contend for the lease."""
        self.access = Access.find(self.settings.kubeconfig, self.settings.context)
        self.kube = await self._open.enter_async_context(KubeClient(self.access))
        own_client = await self._open.enter_async_context(KubeClient(self.access, clock=self.kube.clock))
        await self.kube.get("/version", into=dict)  # sets the clock, and fails early and plainly
        self.cluster = Cluster(self.kube, self.settings.namespaces)
        asking = await self._open.enter_async_context(KubeClient(self.access, clock=self.kube.clock))
        self.sources = self._sources(asking)
        self.money = Money(self.kube, self.cluster, self.pools, self.telemetry, self.settings)
        self.money.book.measure(self.telemetry)
        self.team_budgets = self._team_budgets()
        turns = Turns(self.kube, self.cluster, self.pools, self.telemetry, self.money)
        self.journal = Journal(self.kube, self.telemetry, self.settings.operator_namespace, self.settings.journal)
        turns.hear = self.journal.note
        self.loop = Loop(self.kube, self.cluster, self.pools, self.sources, turns)
        for kind, reflector in self.cluster.reflectors.items():
            self.telemetry.watch_age.labels(kind).set_function(_seconds(reflector.age))
        name = self._open.enter_context(_closing(identity.claim(self._lease(), self.settings.identity)))
        self.elector = Elector(own_client, self._terms(), name, on_lost=_leave)
        await self._serve()
        self._tasks = [
            asyncio.create_task(self._vital(work), name=label)
            for label, work in (
                ("reflectors", self.cluster.run()),
                ("elector", self.contend()),
                ("loop", self._lead()),
                ("housekeeping", self._keep_house()),
                ("complaints", complaints.run(self.problems)),
            )
        ]
        self._tasks += [
            asyncio.create_task(self.parts.run(label, work), name=label)
            for label, work in (
                ("prices", self.money.book.run),
                ("ledger", self._keep_ledger),
                ("units", self._count_units),
                ("team budgets", self._hold_budgets),
                ("journal", self._keep_journal),
            )
        ]

    async def stop(self) -> None:
        """Stop writing, release the lease, close everything."""
        self._stopping = True
        for task in self._tasks:
            if task.get_name() != "elector":
                task.cancel()
        await asyncio.gather(*(task for task in self._tasks if task.get_name() != "elector"), return_exceptions=True)
        last = [getattr(self, name) for name in ("journal", "money") if hasattr(self, name)]
        await asyncio.gather(*(one.close() for one in last))  # the next leader waits for the longer of them only
        if hasattr(self, "elector"):
            await self.elector.release()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._open.aclose()

    def take(self, kind: str | None, body: dict[str, Any]) -> None:
        """Take in news of a pool."""
        metadata = body["metadata"]
        if kind == "DELETED":
            self._drop((metadata["namespace"], metadata["name"]), metadata["uid"])
        else:
            pool = self.pools.take(body)
            if self.elector.leading and not pool.leading:
                pool.lead(self.elector.previous_renewal, self.kube.clock.now())
            self.loop.note(pool)
        self.telemetry.pools.set(len(self.pools))

    def troubles(self) -> list[str]:
        """Return what is stuck, in words."""
        stuck = [f"the watch of {kind} shows no life" for kind in self.cluster.stuck(STUCK)]
        if abs(self.kube.clock.ahead) > CLOCK_JUMP:
            stuck.append(f"the API server's clock is {self.kube.clock.ahead.total_seconds():+.0f} s off ours: restart")
        if self._blind_to:
            stuck.append(f"the watch of {names.PLURAL} has missed {len(self._blind_to)} pools")
        silent = asyncio.get_running_loop().time() - self.loop.turned_at
        if self.elector.leading and silent > STALLED.total_seconds():
            stuck.append(f"the loop has not turned for {silent:.0f} s")
        return stuck

    def problems(self) -> list[str]:
        """Return what keeps the caches or the lease from news, and money from being counted, in words."""
        return [
            *self.cluster.problems(),
            *filter(None, [self.elector.problem]),
            *self.money.problems(),
            *self.journal.problems(),
            *self.team_budgets.problems(),
            *self.parts.problems(),
        ]

    def ready(self) -> bool:
        """Return whether the caches hold the cluster."""
        return all(reflector.is_synced for reflector in self.cluster.reflectors.values())

    async def contend(self) -> None:
        """Contend for the lease, but only with whole caches: who cannot see must not keep others from leading."""
        await self.cluster.synced()
        await self.elector.run()

    async def _lead(self) -> None:
        """Wait for the caches and the lease, remember what the leader before stored, and loop."""
        await self.cluster.synced()
        await self.elector.acquired()
        self.money.begin(self.kube.clock.now())
        self.journal.begin(self.elector.identity, self.elector.previous_renewal)
        for pool in self.pools:
            pool.lead(self.elector.previous_renewal, self.kube.clock.now())
        gc.collect()
        gc.freeze()
        gc.set_threshold(100_000, 50, 1_000)
        self.telemetry.leader.set(1)
        log.info("leading", identity=self.elector.identity, pools=len(self.pools))
        await self.loop.run(self.elector)

    async def _keep_house(self) -> None:
        """Every few minutes: compare the pools with the API server, and forget what is known of pods that are gone."""
        while True:
            await asyncio.sleep(HOUSEKEEPING.total_seconds())
            await self.sources.scraper.prune(self.cluster.live_uids())
            self.sources.batch.prune({"/".join(pool.key) for pool in self.pools})
            before = {pool.uid: pool.key for pool in self.pools}
            try:
                self.compare(before, {found.uid: found.generation async for found in self._living()})
            except KubeError as error:
                log.warning("pools could not be listed", error=str(error))

    async def _keep_ledger(self) -> None:
        """Once a day: delete what the ledger need not keep any longer."""
        await self.elector.acquired()
        while True:
            await self.money.prune()
            await asyncio.sleep(DAY.total_seconds())

    async def _keep_journal(self) -> None:
        """Write what was decided, and delete what is old."""
        await self.elector.acquired()
        await self.journal.run()

    async def _count_units(self) -> None:
        """Every few minutes: count what pools are there for. Queues wait for none of that: it has its own turns."""
        await self.elector.acquired()
        await units.run(BatchReader(self.servers, UNIT_QUERIES), self.pools, self.kube.clock.now)

    async def _hold_budgets(self) -> None:
        """Every minute: hold the budgets of teams against what their pools cost."""
        await self.elector.acquired()
        await self.team_budgets.run(self.pools, self.kube.clock.now)

    def compare(self, before: dict[str, Key], living: dict[str, int]) -> None:
        """Purge pools that the API server no longer has; count those whose news has not come since the last time.

        `before` holds what was known before `living` was listed: a pool made meanwhile is in neither.
        """
        for uid in before.keys() - living.keys():
            self._drop(before[uid], uid)
        known = {pool.uid: pool.generation for pool in self.pools}
        behind = {uid for uid, generation in living.items() if known.get(uid, 0) < generation}
        self._blind_to, self._behind = behind & self._behind, behind

    def _drop(self, key: Key, uid: str) -> None:
        """Forget a pool that is gone; word of its end may come after another has taken its name."""
        gone = self.pools.drop(key, uid)
        if gone is not None:
            self.money.end(gone)
            self.journal.end(gone)
        if self.pools.get(key) is None:
            self.loop.forget(key)

    async def _living(self) -> AsyncIterator[Metadata]:
        for namespace in self.settings.namespaces or ("",):
            inside = f"/namespaces/{namespace}" if namespace else ""
            path = f"/apis/{names.API_VERSION}{inside}/{names.PLURAL}"
            async for page in self.kube.pages(path, item=HasMetadata, accept=ONLY_METADATA_LIST):
                for found in page.items or ():
                    yield found.metadata

    async def _vital(self, work: Any) -> None:  # noqa: ANN401  any coroutine
        """Run what the process cannot live without: its end, of whatever kind, is the process's end."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException:
            log.exception("a vital part ended")
        if not self._stopping:
            _leave()

    def _terms(self) -> LeaseTerms:
        duration = self.settings.lease_duration
        return LeaseTerms(self.settings.operator_namespace, names.LEASE, duration, duration * 2 / 3, duration * 2 / 15)

    def _lease(self) -> str:
        """Return a name for the lease that no other cluster's or namespace's has."""
        return f"{self.access.server}/{self.settings.operator_namespace}/{names.LEASE}"

    def _sources(self, asking: KubeClient) -> Sources:
        self.servers = {one.name: PrometheusServer(one) for one in self.settings.prometheus}
        pages = Pages(Secrets(self.kube))
        for closing in (pages.close, *(server.close for server in self.servers.values())):
            self._open.push_async_callback(closing)
        readers = kubernetes_readers(asking, self.cluster, pages)
        brokers = broker_readers(self.settings.brokers, self._open)
        return Sources(PodScraper(pages), BatchReader(self.servers), Outside({**readers, **brokers}))

    def _team_budgets(self) -> TeamBudgets:
        known = self.settings
        for one in known.overheads:
            self.telemetry.overhead.labels(one.name, one.currency).set(float(one.monthly))
        heading = Heading(known.cluster, known.ledger_labels)
        return TeamBudgets(self.kube, known.operator_namespace, known.teams, self.telemetry, heading)

    async def _serve(self) -> None:
        runner = web.AppRunner(
            application(Served(self.pools, self.telemetry, self.troubles, self.ready, self.problems)), access_log=None
        )
        await runner.setup()
        self._open.push_async_callback(runner.cleanup)
        host, _, port = (self.settings.listen or DEFAULT_ADDRESS).rpartition(":")
        try:
            await web.TCPSite(runner, host, int(port)).start()
        except OSError:
            if self.settings.listen:
                raise
            await web.TCPSite(runner, host, 0).start()
        self.address = f"http://{runner.addresses[0][0]}:{runner.addresses[0][1]}"
        log.info("serving", address=self.address)


class _closing:  # noqa: N801  reads like contextlib's
    """Close an identity on leaving."""

    def __init__(self, held: identity.Identity) -> None:
        self._held = held

    def __enter__(self) -> identity.Identity:
        return self._held

    def __exit__(self, *_: object) -> None:
        self._held.close()


def _seconds(age: Callable[[], timedelta]) -> Callable[[], float]:
    return lambda: age().total_seconds()


def _leave() -> None:
    """End the process at once: whoever is not the leader, or is blind, must not write."""
    log.error("leaving")
    os._exit(1)


def session(access: Access) -> kopf.AiohttpSession:
    """Return kopf's way into the cluster: the same access as our own client's, few connections."""

    async def authorize(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        request.server_hostname = access.server_name  # a session has no setting for it
        authorization = await access.authorization()
        if authorization:
            request.headers["Authorization"] = authorization
        return await handler(request)

    connector = aiohttp.TCPConnector(limit=10, ssl=access.tls or True)
    way = aiohttp.ClientSession(connector=connector, middlewares=(authorize,), proxy=access.proxy)
    return kopf.AiohttpSession(server=access.server, default_namespace=access.namespace, aiohttp_session=way)


def run(settings: Settings) -> None:
    """Run the operator until it is told to stop."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, allowed))  # one connection for each scraped pod
    registry = kopf.OperatorRegistry()
    operator = Operator(settings)

    @kopf.on.startup(registry=registry, errors=kopf.ErrorsMode.PERMANENT)
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:  # noqa: ANN401  kopf's own keywords
        settings.posting.enabled = False
        settings.scanning.disabled = True
        settings.networking.request_timeout = 30
        settings.watching.server_timeout = 290
        settings.watching.inactivity_timeout = 70
        await operator.start()

    @kopf.on.login(registry=registry)
    async def login(**_: Any) -> kopf.AiohttpSession:  # noqa: ANN401  kopf's own keywords
        return session(operator.access)

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:  # noqa: ANN401  kopf's own keywords
        await operator.stop()

    @kopf.on.event(names.GROUP, names.VERSION, names.PLURAL, registry=registry)
    async def changed(type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002, ANN401  kopf's own keywords
        operator.take(type, dict(body))

    scope: dict[str, Any] = {"namespaces": settings.namespaces} if settings.namespaces else {"clusterwide": True}
    # kopf would name itself after the user; that of a container has a number and, where nobody made one, no name.
    kopf.run(registry=registry, standalone=True, identity=cast("Any", settings.identity), **scope)
