"""Who wrote what of a pool, as far as Kubernetes keeps it: its managed fields (R9, R10).

They tell the program that wrote a field (`kubectl-edit`, `argocd-controller`), never the person behind it: of that only
the API server's audit log knows.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from poolkeeper.api.names import BUDGET_LIFTED_UNTIL, OVERRIDE, PAUSED_UNTIL
from poolkeeper.api.pin import SCALE

ASKED = (OVERRIDE, PAUSED_UNTIL, BUDGET_LIFTED_UNTIL)
"""The annotations by which people ask something of a pool."""
PIN = "replicas"


class Writer(msgspec.Struct, frozen=True, array_like=True):
    """A field manager, how and when it last wrote (RFC 3339, empty: nobody knows), and the fields that it holds.

    Fields are as in `queue.scaleUp.above`, of a list as far as it is one; annotations by their names.
    """

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    at: str = ""
    fields: tuple[str, ...] = ()


def writers(managed: Iterable[Mapping[str, Any]]) -> tuple[Writer, ...]:
    """Return who holds fields of the spec, or asks something of the pool by an annotation."""
    found = (_writer(one) for one in managed)
    return tuple(one for one in found if one.fields)


def _writer(entry: Mapping[str, Any]) -> Writer:
    held = entry.get("fieldsV1") or {}
    annotations = (held.get("f:metadata") or {}).get("f:annotations") or {}
    asked = [name for name in ASKED if f"f:{name}" in annotations]
    manager, operation, subresource, at = (
        str(entry.get(key) or "") for key in ("manager", "operation", "subresource", "time")
    )
    return Writer(manager, operation, subresource, at, (*_paths(held.get("f:spec") or {}), *asked))


def _paths(held: Mapping[str, Any], inside: str = "") -> Iterator[str]:
    """Yield the fields that are held; a list ends a path."""
    for key, below in held.items():
        name = f"{inside}{key.removeprefix('f:')}"
        if key.startswith("f:"):
            deeper = [one for one in below or () if one.startswith("f:")]
            yield from _paths(below, f"{name}.") if deeper else (name,)


def who_wrote(path: str, known: Iterable[Writer]) -> Writer:
    """Return who wrote a field last, or something within it or around it; without a name where nobody holds it.

    Of `kubectl scale` the API server keeps no name unless somebody held the field before.
    """
    held = [one for one in known if any(_touch(path, field) for field in one.fields)]
    unknown = Writer(SCALE) if path == PIN else Writer()
    return max(held, key=lambda one: one.at, default=unknown)


def _touch(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
