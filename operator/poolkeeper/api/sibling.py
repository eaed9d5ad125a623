"""The sibling: the Deployment `<target>-spot`, derived from the target as the API server has it (R7).

It is the target on other nodes: same pod labels, so that Services, spread and budgets see one workload, plus a tier
label of its own that its selector asks for. It belongs to the target and ends with it. What marks the target as
somebody's (GitOps, Helm, kubectl) is not copied: nobody is to prune or revert what they never applied.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from poolkeeper.api import pinning
from poolkeeper.api.names import POOL_LABEL, PROVIDER_LABEL, TIER_LABEL
from poolkeeper.api.providers import Provider, Taint
from poolkeeper.api.workload import TEMPLATE_HASH, digest

Json = dict[str, Any]

TIER = "spot"

_FOLLOWED = ("strategy", "minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds", "paused")
_MARKS = (
    "app.kubernetes.io/instance",  # Argo CD's default tracking label
    "app.kubernetes.io/managed-by",
    "applyset.kubernetes.io/",
    "argocd.argoproj.io/",
    "config.k8s.io/",
    "fleet.cattle.io/",
    "fluxcd.io/",
    "helm.sh/",
    "kustomize.config.k8s.io/",
    "objectset.rio.cattle.io/",
)


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a target says of its sibling. `advice` tells what to do where the target is not `pinned`.

    `selector` is the target's, `labels` those of its pods; `body` is the sibling without its size, `digest` names it.
    """

    name: str
    pinned: bool
    advice: str
    selector: Json
    labels: Mapping[str, str]
    body: Json
    digest: str

    def manifest(self, replicas: int) -> Json:
        """Return the sibling to apply. The size must be in it: what an applier drops goes back to its default."""
        metadata = {**self.body["metadata"], "annotations": {TEMPLATE_HASH: self.digest}}
        return {**self.body, "metadata": metadata, "spec": {**self.body["spec"], "replicas": replicas}}


def sibling_name(target: str) -> str:
    """Return the name of a target's sibling."""
    return f"{target}-{TIER}"


def blueprint(target: Mapping[str, Any], pool: str, provider: Provider) -> Blueprint:
    """Return what a Deployment, as the API server has it, says of the sibling that `pool` gives it."""
    name, spec = target["metadata"]["name"], target["spec"]
    pod, body = spec["template"]["spec"], _body(target, pool, provider)
    return Blueprint(
        name=sibling_name(name),
        pinned=pinning.is_pinned(pod, provider),
        advice=pinning.advice(target["metadata"]["namespace"], name, pod, provider),
        selector=spec["selector"],
        labels=_labels(spec["template"]),
        body=body,
        digest=digest(body),
    )


def _body(target: Mapping[str, Any], pool: str, provider: Provider) -> Json:
    metadata, spec = target["metadata"], target["spec"]
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if not _is_mark(key)}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": sibling_name(metadata["name"]),
            "namespace": metadata["namespace"],
            "labels": {**labels, POOL_LABEL: pool, TIER_LABEL: TIER, PROVIDER_LABEL: provider.name},
            "ownerReferences": [_owner(metadata)],
        },
        "spec": {
            **{key: spec[key] for key in _FOLLOWED if key in spec},
            "selector": _selector(spec["selector"]),
            "template": _template(spec["template"], provider),
        },
    }


def _is_mark(key: str) -> bool:
    """Return whether a label says who owns the target; a domain's subdomains are its own."""
    return any(key == mark or (mark.endswith("/") and mark in key) for mark in _MARKS)


def _owner(metadata: Mapping[str, Any]) -> Json:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "name": metadata["name"], "uid": metadata["uid"]}


def _selector(selector: Mapping[str, Any]) -> Json:
    return {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), TIER_LABEL: TIER}}


def _template(template: Mapping[str, Any], provider: Provider) -> Json:
    metadata = {**(template.get("metadata") or {}), "labels": {**_labels(template), TIER_LABEL: TIER}}
    pod = _without_repeats(pinning.require_spot(template["spec"], provider))
    missing = [_toleration(taint) for taint in provider.taints if not pinning.tolerates(pod, taint)]
    if missing:
        pod["tolerations"] = [*(pod.get("tolerations") or ()), *missing]
    return {**template, "metadata": metadata, "spec": pod}


def _labels(template: Mapping[str, Any]) -> Mapping[str, str]:
    labels: Mapping[str, str] | None = (template.get("metadata") or {}).get("labels")
    return labels or {}


def _without_repeats(pod: Json) -> Json:
    """Return the pod with each key once where the kubelet takes it twice: server-side apply refuses repeats.

    What other lists have keys for, the API server refuses to repeat in the target already.
    """
    made = {**pod}
    for kind in ("containers", "initContainers"):
        if kind in pod:
            made[kind] = [_ports_once(_named_once(container, "env")) for container in pod[kind]]
    return _aliases_once(_named_once(made, "imagePullSecrets"))


def _named_once(holder: Json, field: str) -> Json:
    """Return the holder with the last of each name, which is the one in force."""
    if field not in holder:
        return holder
    last = {item.get("name", ""): index for index, item in enumerate(holder[field])}
    return {**holder, field: [item for index, item in enumerate(holder[field]) if index in last.values()]}


def _ports_once(container: Json) -> Json:
    """Return the container without ports that only repeat a number.

    Two names of one number stay, and the API server says what it makes of them: a Service or a probe may ask for
    either.
    """
    if "ports" not in container:
        return container
    told = {_number(port) for port in container["ports"] if _tells_more(port)}
    silent = {_number(port): port for port in container["ports"] if _number(port) not in told}
    ports = [port for port in container["ports"] if _tells_more(port) or port is silent.get(_number(port))]
    return {**container, "ports": ports}


def _number(port: Json) -> tuple[int, str]:
    return port["containerPort"], port.get("protocol", "TCP")


def _tells_more(port: Json) -> bool:
    return "name" in port or "hostPort" in port


def _aliases_once(pod: Json) -> Json:
    """Return the pod with the names of an address together: each entry is a line of its hosts file."""
    if "hostAliases" not in pod:
        return pod
    names: dict[str, dict[str, None]] = {}
    for alias in pod["hostAliases"]:
        names.setdefault(alias["ip"], {}).update(dict.fromkeys(alias.get("hostnames") or ()))
    return {**pod, "hostAliases": [{"ip": address, "hostnames": list(given)} for address, given in names.items()]}


def _toleration(taint: Taint) -> Json:
    return {"key": taint.key, "operator": "Equal", "value": taint.value, "effect": taint.effect}
