"""The roles of an operator that is held to one namespace, for kustomize."""

from bundles.source import Rule, header, rules, written

NAMESPACE = "inference"
OPERATOR = "poolkeeper"
ABOUT = """\
# Of the namespace `inference`: for another write its name here and in kustomization.yaml; for more, copy the first two.
"""


def roles() -> str:
    """Return Role and binding of the pools' namespace, of nodes, and of what is said of nodes."""
    nodes, found = f"{OPERATOR}-nodes-{OPERATOR}", rules()
    documents = (
        role("Role", OPERATOR, NAMESPACE, found["pools"]),
        binding("Role", OPERATOR, NAMESPACE),
        role("ClusterRole", nodes, "", found["nodes"]),
        binding("ClusterRole", nodes, ""),
        role("Role", nodes, "default", found["nodeEvents"]),
        binding("Role", nodes, "default"),
    )
    return header("manifests/base/cluster-role.yaml") + ABOUT + "---\n".join(documents)


def role(kind: str, name: str, namespace: str, allowed: list[Rule]) -> str:
    """Return a Role or ClusterRole."""
    return f"{_head(kind, name, namespace)}rules:\n{written(allowed)}"


def binding(kind: str, name: str, namespace: str) -> str:
    """Return the binding of the operator's account to it."""
    account = f"{{kind: ServiceAccount, name: {OPERATOR}, namespace: {OPERATOR}}}"
    bound = f"roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {kind}, name: {name}}}\nsubjects:\n- {account}\n"
    return _head(f"{kind}Binding", name, namespace) + bound


def _head(kind: str, name: str, namespace: str) -> str:
    where = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: {name}{where}}}\n"
