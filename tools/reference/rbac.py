"""rbac.md: what the operator may do and why, from the manifests that grant it."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from reference.markdown import code, headed, table

BASE = Path(__file__).parents[2] / "manifests" / "base"
INTRO = """What `manifests/base` and the chart grant, and what for. There is no wildcard, and no Secret: where a source
needs one, [a Role of its namespace](../how-to/read-secrets.md) allows that one by its name. A test runs the operator
on exactly these permissions and looks into the API server's audit log for anything refused."""
FILES = {
    "cluster-role.yaml": (
        "Where there are pools",
        "The ClusterRole `poolkeeper`; a namespaced installation has Roles.",
    ),
    "lease-role.yaml": ("The leader's lease", "The Role `poolkeeper-lease`, in the operator's own namespace."),
    "money-role.yaml": ("Prices and the ledger", "The Role `poolkeeper-money`, in the operator's own namespace."),
    "users.yaml": ("For people", "Added to the ClusterRoles `view` and `edit` that come with Kubernetes."),
}
RULE = re.compile(r"- (?P<rule>\{apiGroups.*\})")


def page() -> str:
    """Return the page."""
    parts = [f"## {title}\n\n{words}\n\n{granted(BASE / name)}" for name, (title, words) in FILES.items()]
    return headed("Permissions", INTRO, parts)


def granted(path: Path) -> str:
    """Return a manifest's rules as a table, each with the comment above it."""
    return table(("API group", "resources", "verbs", "what for"), rows(path.read_text(encoding="utf-8")))


def rows(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield a row for each rule of a manifest."""
    words = list[str]()
    for line in text.splitlines():
        if found := RULE.fullmatch(line):
            yield row(yaml.safe_load(found["rule"]), " ".join(words))
        words = [*words, line[2:]] if line.startswith("# ") else []


def row(rule: dict[str, list[str]], words: str) -> tuple[str, str, str, str]:
    """Return the cells of a rule.

    Raises:
        ValueError: it has no comment of its own.
    """
    if not words:
        raise ValueError(f"no comment above {rule}: it says what the rule is for")
    named = [f"{code(name)} only" for name in rule.get("resourceNames", ())]
    groups = ", ".join(code(group or "core") for group in rule["apiGroups"])
    resources = ", ".join([*map(code, rule["resources"]), *named])
    return groups, resources, ", ".join(rule["verbs"]), words
