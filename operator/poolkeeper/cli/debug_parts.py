"""Gathers a bug report's parts. Each is apart from all others: what may not be read, or is not there, is named."""

import asyncio
import platform
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

import aiohttp
import msgspec

from poolkeeper.api import journal, names
from poolkeeper.api.target import KINDS
from poolkeeper.cli import debug_objects as objects
from poolkeeper.cli.checks import doctor
from poolkeeper.cli.checks.look import Asked
from poolkeeper.cli.connection import LOCAL_OPERATOR, PORT, leases, operator_namespace
from poolkeeper.cli.debug_bundle import LARGEST, Bundle
from poolkeeper.cli.debug_secrets import scrubbed, without_secrets
from poolkeeper.shell.journal_store import Headed
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError, NotFound

Json = dict[str, Any]
Page = Callable[[str], Awaitable[bytes]]

PAGES = {
    "/healthz": "healthz.txt",
    "/readyz": "readyz.txt",
    "/debug": "inside.json",
    "/pools": "pools.json",
    "/metrics": "metrics.txt",
}
"""What is asked of each process of the operator, and what it is called in the file."""
LIBRARIES = ("kopf", "aiohttp", "msgspec", "pydantic", "prometheus-client", "kubernetes")
LOG_LINES, RECORDS, POOLS, PODS = 2000, 50, 200, 100
"""At most so much: of a log, of a pool's journal, pools, and pods of a pool."""


class Wanted(NamedTuple):
    """The pools' namespace, None: all; the operator's, None: the one that is found; and where its pages are served."""

    namespace: str | None = None
    operator_namespace: str | None = None
    operator: str | None = None


async def gather(kube: KubeClient, wanted: Wanted, say: Callable[[str], None] = lambda _: None) -> Bundle:
    """Return the bundle; `say` is told what is being gathered."""
    report = Report(kube, wanted)
    for words, part in (
        ("versions", report.about),
        ("pools and their workloads", report.pools),
        ("the operator", report.operator),
        ("what `poolkeeper check` says", report.check),
    ):
        say(words)
        await part()
    return report.bundle


class Report:
    """A report that is being gathered."""

    def __init__(self, kube: KubeClient, wanted: Wanted) -> None:
        self.bundle = Bundle()
        self._kube, self._wanted = kube, wanted

    async def about(self) -> None:
        """Add versions, the CRD and the leases."""
        async with self._part("versions.json"):
            found: Json = await self._kube.get("/version", into=dict)
            cluster = objects.picked(found, ("gitVersion", "platform", "goVersion"))
            self.bundle.add("versions.json", {"at": self._now(), "cluster": cluster, **versions()})
        async with self._part("crd.json"):
            path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{names.PLURAL}.{names.GROUP}"
            self.bundle.add("crd.json", objects.definition(await self._kube.get(path, into=dict)))
        async with self._part("leases.json"):
            self.bundle.add("leases.json", [objects.lease(one) for one in await leases(self._kube)])

    async def pools(self) -> None:
        """Add each pool with its workload, its pods, its events and the end of its journal."""
        found: tuple[Json, ...] = ()
        async with self._part("pools"):
            inside = f"/namespaces/{self._wanted.namespace}" if self._wanted.namespace else ""
            found = await self._kube.list(f"/apis/{names.API_VERSION}{inside}/{names.PLURAL}", item=dict[str, Any])
        if len(found) > POOLS:
            self.bundle.lack("pools", f"only {POOLS} of {len(found)}: choose a namespace with -n")
        where = await operator_namespace(self._kube, self._wanted.operator_namespace)
        for pool in found[:POOLS]:
            await self._pool(pool, where)

    async def operator(self) -> None:
        """Add what the operator's processes serve and have logged, and what runs them."""
        where = await operator_namespace(self._kube, self._wanted.operator_namespace)
        inside, chosen = f"/namespaces/{where}", {"labelSelector": f"app.kubernetes.io/name={names.FIELD_MANAGER}"}
        async with self._part("operator/deployments.json"):
            found = await self._kube.list(f"/apis/apps/v1{inside}/deployments", item=dict[str, Any], params=chosen)
            self.bundle.add("operator/deployments.json", [objects.workload(one) for one in found])
        pods: tuple[Json, ...] = ()
        async with self._part("operator/pods.json"):
            pods = await self._kube.list(f"/api/v1{inside}/pods", item=dict[str, Any], params=chosen)
            self.bundle.add("operator/pods.json", [objects.pod(one) for one in pods])
        for pod in pods:
            await self._process(where, str(pod["metadata"]["name"]))
        if self._wanted.operator or not pods:
            await self._pages("operator/local", _served(self._wanted.operator or LOCAL_OPERATOR))

    async def check(self) -> None:
        """Add what the doctor finds."""
        async with self._part("check.json"):
            places = doctor.Places(self._wanted.namespace, self._wanted.operator_namespace)
            self.bundle.add("check.json", scrubbed(await doctor.examine_all(self._kube, places, Asked((), None))))

    async def _pool(self, pool: Json, operator: str) -> None:
        namespace, name = str(pool["metadata"]["namespace"]), str(pool["metadata"]["name"])
        home = f"pools/{namespace}/{name}"
        self.bundle.add(f"{home}/pool.json", objects.pool(pool))
        target = (pool.get("spec") or {}).get("targetRef") or {"name": name}
        kind = KINDS.get(str(target.get("kind") or "Deployment"), KINDS["Deployment"])
        async with self._part(f"{home}/workload.json"):
            workload: Json = await self._kube.get(kind.path(namespace, str(target.get("name"))), into=dict)
            self.bundle.add(f"{home}/workload.json", objects.workload(workload))
            await self._pods(home, namespace, workload)
        async with self._part(f"{home}/events.json"):
            about = {"fieldSelector": f"involvedObject.name={name},involvedObject.kind={names.KIND}"}
            found = await self._kube.list(f"/api/v1/namespaces/{namespace}/events", item=dict[str, Any], params=about)
            self.bundle.add(f"{home}/events.json", [objects.event(one) for one in found])
        async with self._part(f"{home}/journal.json"):
            self.bundle.add(f"{home}/journal.json", await self._journal(operator, str(pool["metadata"]["uid"])))

    async def _pods(self, home: str, namespace: str, workload: Json) -> None:
        labels = ((workload.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
        if not labels:
            return
        async with self._part(f"{home}/pods.json"):
            chosen = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())}
            found = await self._kube.list(f"/api/v1/namespaces/{namespace}/pods", item=dict[str, Any], params=chosen)
            self.bundle.add(f"{home}/pods.json", [objects.pod(one) for one in found[:PODS]])

    async def _journal(self, where: str, uid: str) -> list[Any]:
        """Return the last records of a pool's newest chunk."""
        path = f"/api/v1/namespaces/{where}/configmaps"
        chosen = {"labelSelector": f"{names.POOL_UID_LABEL}={uid},{journal.SELECTOR}"}
        chunks = sorted(one.metadata.name for one in await self._kube.list(path, item=Headed, params=chosen))
        if not chunks:
            return []
        found = journal.pages(await self._kube.get(f"{path}/{chunks[-1]}", into=dict))
        records = [msgspec.json.decode(msgspec.json.encode(one)) for one in found.records[-RECORDS:]]
        return scrubbed([*records, *found.problems])  # type: ignore[no-any-return]

    async def _process(self, namespace: str, pod: str) -> None:
        """Add a pod's pages and logs, by the API server."""
        home, path = f"operator/{pod}", f"/api/v1/namespaces/{namespace}/pods/{pod}"
        await self._pages(home, lambda page: self._kube.page(f"{path}:{PORT}/proxy{page}"))
        for place, asked in (("log.txt", ""), ("log-previous.txt", "&previous=true")):
            async with self._part(f"{home}/{place}"):
                log = await self._kube.page(f"{path}/log?tailLines={LOG_LINES}&limitBytes={LARGEST}{asked}")
                self.bundle.add(f"{home}/{place}", without_secrets(log.decode(errors="replace")))

    async def _pages(self, home: str, page: Page) -> None:
        for path, place in PAGES.items():
            async with self._part(f"{home}/{place}"):
                self.bundle.add(f"{home}/{place}", without_secrets((await page(path)).decode(errors="replace")))

    @asynccontextmanager
    async def _part(self, place: str) -> AsyncIterator[None]:
        """Name a part that cannot be had, and go on with the others."""
        try:
            yield
        except NotFound as error:
            self.bundle.lack(place, f"not there: {without_secrets(str(error))}")
        except (KubeError, aiohttp.ClientError, TimeoutError) as error:
            self.bundle.lack(place, without_secrets(str(error) or type(error).__name__))
        except Exception as error:  # noqa: BLE001  whatever is wrong with one part is what the report may be about
            self.bundle.lack(place, f"{type(error).__name__}: {without_secrets(str(error))}")

    def _now(self) -> datetime:
        return self._kube.clock.now()


def versions() -> Json:
    """Return what this command is made of, and runs on."""
    return {
        "poolkeeper": version("poolkeeper"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _served(url: str) -> Page:
    """Return how to read a page of an operator that is reached directly; an error page is a page, too."""

    async def read(path: str) -> bytes:
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url + path) as page:
            async with asyncio.timeout(30):
                return (await page.read())[:LARGEST]

    return read
