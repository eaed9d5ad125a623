"""The cluster -> what is known of a workload."""

from collections import Counter
from collections.abc import AsyncIterator, Container, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from poolkeeper.api.gpus import count, devices
from poolkeeper.api.names import API_VERSION, PLURAL
from poolkeeper.api.places import GPU, INSTANCE, first
from poolkeeper.api.providers import PROVIDERS
from poolkeeper.api.target import DEPLOYMENT, KINDS, WorkloadKind
from poolkeeper.cli import split
from poolkeeper.cli.connection import sought_in
from poolkeeper.cli.starting.facts import Beside, Facts, Json, Page
from poolkeeper.cli.starting.images import guess
from poolkeeper.core.model import PodsSource
from poolkeeper.shell import projections
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import NO_KIND, KubeError, NotFound
from poolkeeper.shell.kubernetes_objects import BudgetObject, PodObject
from poolkeeper.shell.node_projections import disruption_budget
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.queues.scrape import PodScraper
from poolkeeper.shell.secrets import Secrets
from poolkeeper.shell.views import PodView

FEW = 3
"""So many pods are asked for their page."""
SCALERS = {
    "scaledobject": (
        "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
        "minReplicaCount",
        "maxReplicaCount",
        (0, 100),
    ),
    "hpa": ("/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers", "minReplicas", "maxReplicas", (1, 1)),
}


async def candidates(kube: KubeClient, namespace: str) -> list[tuple[str, str]]:
    """Return the workloads of a namespace whose pods ask for GPUs, as kinds and names."""
    return [(kind, name) for kind, name, body in await workloads(kube, namespace) if gpus(pod_spec(body))]


async def workloads(kube: KubeClient, namespace: str) -> list[tuple[str, str, Json]]:
    """Return the workloads of a namespace: kind, name and object."""
    found: list[tuple[str, str, Json]] = []
    for kind in KINDS.values():
        items = await listed(kube, f"{kind.api}/namespaces/{namespace}/{kind.plural}")
        found += [(kind.name, one["metadata"]["name"], one) for one in items]
    return found


async def look(kube: KubeClient, namespace: str, kind: WorkloadKind, name: str) -> Facts:
    """Return what is known of a workload.

    Raises:
        NotFound: there is none; the words say where it was sought, and which there are.
    """
    body = await sought(kube, namespace, kind, name)
    spec, pods = pod_spec(body), await pods_of(kube, namespace, body)
    nodes = await listed(kube, "/api/v1/nodes")
    spot = Counter(
        provider.name
        for node in nodes
        for provider in PROVIDERS
        if any((node["metadata"].get("labels") or {}).get(key) == value for key, value in provider.spot)
    )
    budgets = [disruption_budget(one) for one in await typed_budgets(kube, namespace)]
    labels = (template(body).get("metadata") or {}).get("labels") or {}
    pools = await listed(kube, f"/apis/{API_VERSION}/namespaces/{namespace}/{PLURAL}")
    return Facts(
        namespace=namespace,
        kind=kind.name,
        name=name,
        replicas=int(body["spec"].get("replicas", 1)),
        pod=spec,
        gpus=gpus(spec),
        page=await page(kube, pods, spec),
        beside=tuple([one async for one in beside(kube, namespace, kind, name)]),
        spot=dict(spot),
        budgets=tuple(one.name for one in budgets if one.selects(labels)),
        nameless=tuple(nameless(nodes, {pod.node for pod in pods})),
        pool=next((one["metadata"]["name"] for one in pools if aims(one["spec"].get("targetRef"), kind, name)), ""),
        namesake=namesake(pools, name),
    )


async def sought(kube: KubeClient, namespace: str, kind: WorkloadKind, name: str) -> Json:
    """Return a workload's object; raises NotFound."""
    try:
        return await kube.get(kind.path(namespace, name), into=dict)
    except NotFound as error:
        if str(error).endswith(NO_KIND):
            raise NotFound(f"this cluster has no kind {kind.name}", status=error.status) from error
        words = f"{sought_in(error, namespace)}{await others(kube, namespace)}"
        raise NotFound(words, status=error.status) from error


async def others(kube: KubeClient, namespace: str) -> str:
    """Return which workloads there are, as the end of a sentence; nothing where they may not be listed."""
    try:
        found = await workloads(kube, namespace)
    except KubeError:
        return ""
    return f"; there are: {split.listed([f'{kind.lower()}/{name}' for kind, name, _ in found]) or 'none'}"


def namesake(pools: Iterable[Json], name: str) -> Json | None:
    """Return the spec of the pool that has a name, None where nobody has it."""
    return next((one["spec"] for one in pools if one["metadata"]["name"] == name), None)


async def beside(kube: KubeClient, namespace: str, kind: WorkloadKind, name: str) -> AsyncIterator[Beside]:
    """Yield the autoscalers of a workload; of a ScaledObject, not the one that it makes itself."""
    for short, (path, least, most, usual) in SCALERS.items():
        for one in await listed(kube, path.format(namespace)):
            owners = one["metadata"].get("ownerReferences") or ()
            if aims(one["spec"]["scaleTargetRef"], kind, name) and not any(
                own["kind"] == "ScaledObject" for own in owners
            ):
                bounds = (
                    int(one["spec"].get(field, default)) for field, default in zip((least, most), usual, strict=True)
                )
                yield Beside(f"{short}/{one['metadata']['name']}", *bounds)


def aims(target: Mapping[str, Any] | None, kind: WorkloadKind, name: str) -> bool:
    """Return whether a reference is to this workload; KEDA's and ours mean a Deployment where they name no kind."""
    return (
        bool(target) and (target or {}).get("name") == name and (target or {}).get("kind", DEPLOYMENT.name) == kind.name
    )


def nameless(nodes: Iterable[Json], used: Container[str]) -> Iterator[str]:
    """Yield the nodes among those used of which no label tells what they are, so that no price book knows them."""
    for node in nodes:
        labels = node["metadata"].get("labels") or {}
        if node["metadata"]["name"] in used and not first(labels, (*GPU, *INSTANCE)):
            yield node["metadata"]["name"]


def template(body: Json) -> Json:
    """Return the pod template of a workload, that of the leaders where there are groups; empty without one."""
    spec = body["spec"]
    group = spec.get("leaderWorkerTemplate") or {}
    found: Json = spec.get("template") or group.get("leaderTemplate") or group.get("workerTemplate") or {}
    return found


def pod_spec(body: Json) -> Json:
    """Return the pod spec of a workload."""
    found: Json = template(body).get("spec") or {}
    return found


def gpus(pod: Json) -> Decimal | None:
    """Return how many GPUs a pod asks for, None where it does not tell."""
    each = [found for found in asked(pod) if found is not None]
    return sum(each, Decimal(0)) if each else None


def asked(pod: Json) -> Iterator[Decimal | None]:
    """Yield how many GPUs each container asks for."""
    for container in pod.get("containers") or ():
        resources = container.get("resources") or {}
        yield count(devices({**(resources.get("requests") or {}), **(resources.get("limits") or {})}), {}, ())


async def pods_of(kube: KubeClient, namespace: str, body: Json) -> list[PodView]:
    """Return the pods that a workload's selector finds, and that are ready."""
    labels = (body["spec"].get("selector") or {}).get("matchLabels") or {}
    chosen = {"labelSelector": ",".join(f"{key}={value}" for key, value in labels.items())}
    found = await kube.list(f"/api/v1/namespaces/{namespace}/pods", item=PodObject, params=chosen)
    return [view for view in map(projections.pod, found) if view.live and view.ready_at is not None]


async def page(kube: KubeClient, pods: list[PodView], spec: Json) -> Page:
    """Return the engine of a workload: as its pods' pages show it, else as its image is called."""
    pages, source = Pages(Secrets(kube)), PodsSource()
    scraper, few = PodScraper(pages), pods[:FEW]
    try:
        await scraper.scrape(few, source, None, kube.clock.now())
        for pod in few:
            found = scraper.found(pod.uid, source)
            if found is not None:
                named = next((name for name, port in pod.ports.items() if port == found.endpoint.port), None)
                because = f"its pods show {found.engine.name}'s metrics at :{found.endpoint.port}{found.endpoint.path}"
                return Page(found.engine.name, named or found.endpoint.port, because)
    finally:
        await pages.close()
    return guess(spec)


async def typed_budgets(kube: KubeClient, namespace: str) -> tuple[BudgetObject, ...]:
    """Return the PodDisruptionBudgets of a namespace; none where they may not be listed."""
    try:
        return await kube.list(f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets", item=BudgetObject)
    except KubeError:
        return ()


async def listed(kube: KubeClient, path: str) -> tuple[Json, ...]:
    """Return a collection; one whose kind is not installed is empty, and so are nodes that nobody may list."""
    try:
        return await kube.list(path, item=dict)
    except NotFound:
        return ()
    except KubeError:
        if not path.endswith("/nodes"):
            raise
        return ()
