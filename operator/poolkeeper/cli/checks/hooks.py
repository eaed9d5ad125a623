"""Does an admission webhook change what we write?"""

from collections.abc import Iterator
from itertools import product
from typing import Any

from poolkeeper.cli.checks.finding import Finding, note
from poolkeeper.cli.checks.known import Known, name_of

Json = dict[str, Any]

WATCHED = (("apps", "deployments"), ("apps", "deployments/scale"), ("apps", "statefulsets"), ("", "pods"))


def check(known: Known) -> Iterator[Finding]:
    """Yield the webhooks that may change workloads or pods: of what they change, nothing can be told from here."""
    for one in known.of("mutatingwebhookconfigurations"):
        for hook in one.get("webhooks") or ():
            if touched := [resource for group, resource in WATCHED if touches(hook, group, resource)]:
                words = f"may change {', '.join(touched)} as they are written"
                why = "one that sets spec.replicas or adds GPUs makes sizes and costs other than decided"
                yield note(f"mutatingwebhookconfiguration/{name_of(one)} ({hook['name']})", words, why)


def touches(hook: Json, group: str, resource: str) -> bool:
    """Return whether a webhook is asked about a resource."""
    return any(
        groups in {"*", group} and resources in {"*", "*/*", resource}
        for rule in hook.get("rules") or ()
        for groups, resources in product(rule.get("apiGroups") or (), rule.get("resources") or ())
    )
