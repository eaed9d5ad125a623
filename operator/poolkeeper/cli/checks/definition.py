"""Is the CRD that the cluster has the one of this package?"""

from collections.abc import Iterator
from typing import Any

from poolkeeper.api import names
from poolkeeper.api.crd import definition
from poolkeeper.cli.checks.finding import Finding, note, wrong
from poolkeeper.cli.checks.known import Known, name_of

Json = dict[str, Any]

FIX = "poolkeeper crd | kubectl apply --server-side --force-conflicts -f -"
OTHERS = ("inferencepools.inference.networking.k8s.io", "inferencepools.inference.networking.x-k8s.io")
NAMED = 3


def check(known: Known) -> Iterator[Finding]:
    """Yield how the CRD differs, and that another API owns a kind of the same name."""
    if "crds" in known.unread:
        return
    found = next((one for one in known.of("crds") if name_of(one) == names.RESOURCE), None)
    about = f"crd/{names.RESOURCE}"
    if found is None:
        yield wrong(about, "is not installed", "there can be no pools without it", FIX)
        return
    yield from compared(about, schema_of(found), schema_of(definition()))
    for other in (one for one in known.of("crds") if name_of(one) in OTHERS):
        words = f"the cluster also has {name_of(other)}: write ipool/NAME, for `kubectl get inferencepool` finds theirs"
        yield note(about, words)


def compared(about: str, theirs: Json, ours: Json) -> Iterator[Finding]:
    """Yield which fields the one schema has and the other has not, or that they differ otherwise."""
    have, want = set(fields(theirs)), set(fields(ours))
    if missing := sorted(want - have):
        words = f"is older than this package: it lacks {listed(missing)}"
        yield wrong(about, words, "what a pool says there is dropped in silence", FIX)
    if added := sorted(have - want):
        words = f"is newer than this package: it has {listed(added)}"
        yield note(
            about, words, "this command knows nothing of them", "install the operator's own version of this command"
        )
    if have == want and theirs != ours:
        yield wrong(about, "has other rules or defaults than this package", "pools are judged by them", FIX)


def schema_of(found: Json) -> Json:
    """Return the schema of our version of a CRD, empty where it does not serve that."""
    versions = (one for one in found["spec"]["versions"] if one["name"] == names.VERSION and one.get("served"))
    made: Json = next((one["schema"]["openAPIV3Schema"] for one in versions), {})
    return made


def fields(schema: Json, inside: str = "") -> Iterator[str]:
    """Yield the paths of all fields of a schema."""
    for name, child in (schema.get("properties") or {}).items():
        path = f"{inside}.{name}" if inside else name
        yield path
        yield from fields(child, path)
        yield from fields(child.get("items") or {}, path)
        extra = child.get("additionalProperties")
        yield from fields(extra, path) if isinstance(extra, dict) else ()


def listed(paths: list[str]) -> str:
    """Return some of them; what is inside one that is named goes without saying."""
    tops = [one for one in paths if not any(one.startswith(f"{other}.") for other in paths)]
    more = f" and {len(tops) - NAMED} more" if len(tops) > NAMED else ""
    return ", ".join(tops[:NAMED]) + more
