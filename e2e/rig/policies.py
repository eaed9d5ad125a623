"""The admission policies of manifests/policies, held to one test's namespaces and account."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from controlplane import Cluster, KubectlError

POLICIES = Path(__file__).parents[2] / "manifests" / "policies"
ACCOUNT = "system:serviceaccount:poolkeeper:poolkeeper"
UNDONE = "--dry-run=server"

Json = dict[str, Any]


@contextmanager
def enforced(cluster: Cluster, name: str, suffix: str, namespaces: list[str], account: str = ACCOUNT) -> Iterator[None]:
    """Apply a file of policies under names that end in `suffix`, for these namespaces; take them away again."""
    text = (POLICIES / f"{name}.yaml").read_text().replace(ACCOUNT, account)
    documents = [renamed(one, suffix, namespaces) for one in yaml.safe_load_all(text)]
    made = "---\n".join(map(yaml.safe_dump, documents))
    cluster.kubectl("apply", "-f", "-", input=made)
    try:
        yield
    finally:
        cluster.kubectl("delete", "--wait=false", "-f", "-", input=made)


def renamed(document: Json, suffix: str, namespaces: list[str]) -> Json:
    """Return a policy or binding under a name of a test's own; the binding is for these namespaces."""
    spec, metadata = document["spec"], {"name": f"{document['metadata']['name']}-{suffix}"}
    if "policyName" not in spec:
        return {**document, "metadata": metadata}
    chosen = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": namespaces}
    where = {"namespaceSelector": {"matchExpressions": [chosen]}}
    spec = {**spec, "policyName": f"{spec['policyName']}-{suffix}", "matchResources": where}
    return {**document, "metadata": metadata, "spec": spec}


def refusal(cluster: Cluster, user: str, *arguments: str, body: Mapping[str, Any] | None = None) -> str:
    """Return what an admission policy says to a command of somebody's that changes nothing; empty: it lets it pass.

    Raises:
        KubectlError: it is refused, and by no policy.
    """
    try:
        cluster.kubectl(*arguments, UNDONE, f"--as={user}", input=json.dumps(body) if body else None)
    except KubectlError as error:
        if "ValidatingAdmissionPolicy" not in str(error):
            raise
        return str(error).partition("denied request: ")[2]
    return ""
