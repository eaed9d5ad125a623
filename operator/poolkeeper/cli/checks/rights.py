"""May the operator do what it has to, in each namespace with pools? The API server is asked, one question a right.

The table is that of manifests/base/cluster-role.yaml; a test proves them equal.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from poolkeeper.cli.checks.finding import Finding, unknown, wrong
from poolkeeper.cli.checks.known import Known, PoolSeen
from poolkeeper.cli.checks.operators import installer
from poolkeeper.core.model import PickerSource, PodsSource
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError

Json = dict[str, Any]

REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
OWN_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"

NEEDED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("poolkeeper.io", "inferencepools", ("list", "watch", "patch")),
    ("poolkeeper.io", "inferencepools/status", ("patch",)),
    ("apps", "deployments/scale", ("get", "patch")),
    ("apps", "deployments", ("get", "list", "watch", "create", "patch", "delete")),
    ("apps", "replicasets", ("list", "watch")),
    ("", "pods", ("list", "watch", "patch")),
    ("policy", "poddisruptionbudgets", ("list", "watch", "create", "patch", "delete")),
    ("autoscaling", "horizontalpodautoscalers", ("list", "watch")),
    ("", "events", ("list", "watch", "create")),
)
"""What any pool needs: group, resource, verbs. Kinds of targets and pickers that nobody uses may be forbidden."""


class Right(NamedTuple):
    """One thing that may be done in a namespace; `name`: to one object."""

    namespace: str
    group: str
    resource: str
    verb: str
    name: str = ""

    @property
    def shown(self) -> str:
        """It in words."""
        kind = f"{self.resource}.{self.group}" if self.group else self.resource
        return f"{self.verb} {kind}{f' {self.name}' if self.name else ''}"


class Who(NamedTuple):
    """Whose rights are looked at: a ServiceAccount, or (without one) whoever asks; `role`: where they are written.

    `install`: the command that makes an operator with an account of its own.
    """

    namespace: str = ""
    account: str = ""
    role: str = "poolkeeper"
    install: str = "kubectl apply -k manifests/base"

    @property
    def shown(self) -> str:
        """How messages name them."""
        return f"serviceaccount {self.namespace}/{self.account}" if self.account else "you"

    @property
    def subject(self) -> Json:
        """Them in a review."""
        return {"user": f"system:serviceaccount:{self.namespace}:{self.account}"} if self.account else {}


def whose(known: Known) -> Who | None:
    """Return the operator's account; whoever asks where it has no Deployment, as with one that runs locally.

    None: its Deployment may not be looked at, and that whoever looks has few rights says nothing of the operator's.
    """
    if "operators" in known.unread:
        return None
    for one in known.of("operators"):
        account = one["spec"]["template"]["spec"].get("serviceAccountName")
        if account:
            who = Who(one["metadata"]["namespace"], account)
            return who._replace(role=next(roles(known, who), who.role), install=installer(known))
    return Who(install=installer(known))


def roles(known: Known, who: Who) -> Iterator[str]:
    """Yield the ClusterRoles that an account is bound to."""
    for one in known.of("clusterrolebindings"):
        for subject in one.get("subjects") or ():
            if (subject["kind"], subject.get("namespace"), subject["name"]) == ("ServiceAccount", *who[:2]):
                yield one["roleRef"]["name"]


def needed(namespace: str, pools: Iterable[PoolSeen]) -> Iterator[Right]:
    """Yield the rights that the pools of a namespace need, also on the Secrets that their sources name."""
    for group, resource, verbs in NEEDED:
        yield from (Right(namespace, group, resource, verb) for verb in verbs)
    for name in sorted({name for pool in pools for name in secrets(pool)}):
        yield Right(namespace, "", "secrets", "get", name)
    for seen in pools:
        if seen.spec.kind.name != "Deployment":
            kind = seen.spec.kind
            yield from (Right(namespace, kind.group, kind.plural, verb) for verb in ("list", "watch"))
            yield from (Right(namespace, kind.group, f"{kind.plural}/scale", verb) for verb in ("get", "patch"))


def secrets(seen: PoolSeen) -> Iterator[str]:
    """Yield the Secrets that a pool's sources name."""
    for source in seen.core.queue.sources:
        if isinstance(source, PodsSource | PickerSource):
            yield from (key.name for key in (source.transport.token, source.transport.ca) if key is not None)


async def lacking(kube: KubeClient, who: Who, rights: Sequence[Right]) -> list[Right]:
    """Return the rights that somebody has not; raises KubeError where that may not be asked."""
    answers = await asyncio.gather(*(_allowed(kube, who, right) for right in rights))
    return [right for right, allowed in zip(rights, answers, strict=True) if not allowed]


async def _allowed(kube: KubeClient, who: Who, right: Right) -> bool:
    resource, _, part = right.resource.partition("/")
    asked = {"namespace": right.namespace, "group": right.group, "resource": resource, "subresource": part}
    spec = {"resourceAttributes": asked | {"verb": right.verb, "name": right.name}} | who.subject
    review = "SubjectAccessReview" if who.account else "SelfSubjectAccessReview"
    question = {"apiVersion": "authorization.k8s.io/v1", "kind": review, "spec": spec}
    answer: Json = await kube.ask(REVIEWS if who.account else OWN_REVIEWS, question, into=dict)
    return bool((answer.get("status") or {}).get("allowed"))


def unseen(known: Known) -> Iterator[Finding]:
    """Yield that nobody's rights are looked at, where the operator's account is not known."""
    if whose(known) is None:
        words = "not checked: whose they are stands in the operator's Deployment, which cannot be read"
        yield unknown("rights", words, fix="ask somebody who may list deployments in all namespaces")


async def look(kube: KubeClient, who: Who, rights: Sequence[Right]) -> list[Finding]:
    """Return what is missing, each with the command that grants it."""
    try:
        return list(told(who, await lacking(kube, who, rights)))
    except KubeError as error:
        words = f"rights of {who.shown} not checked: {error}"
        return [unknown("rights", words, fix="ask somebody who may create subjectaccessreviews")]


def told(who: Who, missing: Iterable[Right]) -> Iterator[Finding]:
    """Yield a finding for each resource of which something may not be done."""
    grouped: defaultdict[Right, list[Right]] = defaultdict(list)
    for right in missing:
        grouped[right._replace(verb="")].append(right)
    for same, rights in grouped.items():
        verbs = [one.verb for one in rights]
        words = f"{who.shown} may not {', '.join(verbs)} {same.shown.strip()}"
        yield wrong(f"rights in {same.namespace}", words, "what needs it stays undone", grant(who, same, verbs))


def grant(who: Who, right: Right, verbs: list[str]) -> str:
    """Return the commands that grant it: cluster-wide as the manifests have it, a Secret in its namespace alone."""
    if not who.account:
        return f"{who.install}  # the operator's own account has it"
    if right.name:
        role = f"poolkeeper-{right.name}"
        place = f"-n {right.namespace}"
        return (
            f"kubectl create role {role} {place} --verb=get --resource=secrets --resource-name={right.name} && "
            f"kubectl create rolebinding {role} {place} --role={role} --serviceaccount={who.namespace}:{who.account}"
        )
    rule = {"apiGroups": [right.group], "resources": [right.resource], "verbs": verbs}
    patch = json.dumps([{"op": "add", "path": "/rules/-", "value": rule}])
    return f"kubectl patch clusterrole {who.role} --type=json -p '{patch}'"
