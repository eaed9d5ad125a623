"""Reads what the checks judge, each list once; what may not be read is told, and the rest goes on."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from poolkeeper.api import names
from poolkeeper.cli.checks.finding import Finding, unknown, wrong
from poolkeeper.cli.checks.known import Known
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError, NotFound

Json = dict[str, Any]
Place = tuple[str, Mapping[str, str]]

OPERATOR = "app.kubernetes.io/name=poolkeeper"
CLUSTER: Mapping[str, Place] = {
    "crds": ("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {}),
    "operators": ("/apis/apps/v1/deployments", {"labelSelector": OPERATOR}),
    "leases": ("/apis/coordination.k8s.io/v1/leases", {"fieldSelector": f"metadata.name={names.LEASE}"}),
    "clusterrolebindings": ("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {}),
    "nodes": ("/api/v1/nodes", {}),
    "priorityclasses": ("/apis/scheduling.k8s.io/v1/priorityclasses", {}),
    "mutatingwebhookconfigurations": ("/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", {}),
}
NAMESPACE: Mapping[str, Place] = {
    "resourcequotas": ("/api/v1/namespaces/{}/resourcequotas", {}),
    "limitranges": ("/api/v1/namespaces/{}/limitranges", {}),
    "poddisruptionbudgets": ("/apis/policy/v1/namespaces/{}/poddisruptionbudgets", {}),
}


async def cluster(kube: KubeClient, operator: str | None = None) -> Known:
    """Return what is known of the whole cluster; with `operator` of operators in that namespace alone."""
    found = await _read(kube, CLUSTER, "")
    theirs = {
        name: tuple(one for one in found.of(name) if operator in {None, one["metadata"]["namespace"]})
        for name in ("operators", "leases")
        if name not in found.unread
    }
    return replace(found, lists={**found.lists, **theirs})


async def namespace(kube: KubeClient, name: str, whole: Known) -> Known:
    """Return what is known of a namespace, and of the whole cluster it is in."""
    found = await _read(kube, NAMESPACE, name)
    lists, unread = {**whole.lists, **found.lists}, {**whole.unread, **found.unread}
    return Known(found.now, found.here, lists, unread)


async def absent(kube: KubeClient, name: str) -> list[Finding]:
    """Return that there is no such namespace, or that nobody may look; nothing where there is one."""
    about = f"namespace {name}"
    try:
        await kube.get(f"/api/v1/namespaces/{name}", into=dict)
    except NotFound:
        return [wrong(about, "does not exist", "there can be no pools in it", "kubectl get namespaces")]
    except KubeError as error:
        return [unknown(about, f"not checked: {error}")]
    return []


async def _read(kube: KubeClient, places: Mapping[str, Place], name: str) -> Known:
    answers = await asyncio.gather(*(_list(kube, path.format(name), params) for path, params in places.values()))
    by_name = dict(zip(places, answers, strict=True))
    lists = {key: found for key, found in by_name.items() if not isinstance(found, str)}
    unread = {key: found for key, found in by_name.items() if isinstance(found, str)}
    return Known(kube.clock.now(), Clock.of_this_machine().now(), lists, unread)


async def _list(kube: KubeClient, path: str, params: Mapping[str, str]) -> tuple[Json, ...] | str:
    try:
        return await kube.list(path, item=dict[str, Any], params=params)
    except NotFound:
        return ()
    except KubeError as error:
        return str(error)
