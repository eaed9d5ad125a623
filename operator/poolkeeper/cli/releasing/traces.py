"""What a pool has written on objects that are not its own, and how it is taken away again.

The label `poolkeeper.io/pool` on the pods of a `template` stays: the Deployment selects by it, and that cannot change.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from poolkeeper.api import names
from poolkeeper.api.fields import MAX_REPLICAS
from poolkeeper.api.workload import TEMPLATE_HASH, let_go
from poolkeeper.shell.kube import JSON_PATCH, STRATEGIC_MERGE_PATCH, KubeClient
from poolkeeper.shell.kube_errors import ConflictError, Invalid, NotFound
from poolkeeper.shell.projections import whole
from poolkeeper.shell.victims import LOWEST

Json = dict[str, Any]

ANNOTATIONS = (
    names.COST_PER_HOUR,
    names.COST_MONTH_TO_DATE,
    names.COST_FORECAST_MONTH_END,
    names.SAVINGS_MONTH_TO_DATE,
    TEMPLATE_HASH,
)
LABELS = (names.POOL_LABEL, names.TIER_LABEL, names.PROVIDER_LABEL)
TRIES = 5


def marks(thing: Json) -> Json:
    """Return the metadata that takes our annotations and labels away, empty where there are none.

    What a Deployment's selector or a set asks for stays.
    """
    metadata = thing["metadata"]
    borne = metadata.get("annotations") or {}
    unwanted = [key for key in ANNOTATIONS if key in borne]
    unwanted += [names.DELETION_COST] if _is_our_cost(borne.get(names.DELETION_COST)) else []
    is_found_by_labels = thing.get("kind") != "Deployment"  # pods and sets are; a Deployment bears ours for people
    labels = [] if is_found_by_labels else [key for key in LABELS if key in (metadata.get("labels") or {})]
    made = {"annotations": dict.fromkeys(unwanted), "labels": dict.fromkeys(labels)}
    return {part: changes for part, changes in made.items() if changes}


def _is_our_cost(text: str | None) -> bool:
    cost = whole(text or "")
    return cost is not None and cost < LOWEST + MAX_REPLICAS


def without_us(thing: Json) -> list[Json] | None:
    """Return the managed fields of an object without ours, None where we own none."""
    managed: list[Json] = thing["metadata"].get("managedFields") or []
    rest = [one for one in managed if one.get("manager") != names.FIELD_MANAGER]
    return None if len(rest) == len(managed) else rest


async def sweep(kube: KubeClient, paths: Iterable[str], kind: str = "") -> int:
    """Take our marks and our ownership of fields off the objects at these paths; return how many bore some."""
    return sum([await _clean(kube, path, kind) for path in paths])


async def _clean(kube: KubeClient, path: str, kind: str) -> bool:
    """Clean one object, again where somebody has written it meanwhile; one that is gone is clean."""
    touched = False
    for left in reversed(range(TRIES)):
        try:
            touched = await _take_off(kube, path, kind) or touched
        except NotFound:
            return touched
        except (ConflictError, Invalid):
            if not left:
                raise
        else:
            return touched
    raise AssertionError("unreachable: the last try returns or raises")


async def _take_off(kube: KubeClient, path: str, kind: str) -> bool:
    thing: Json = {"kind": kind, **await kube.get(path, into=dict)}
    uid, unwanted = thing["metadata"]["uid"], marks(thing)
    if unwanted:
        await kube.patch(path, {"metadata": {"uid": uid, **unwanted}})
        thing = await kube.get(path, into=dict)
    rest = without_us(thing)
    if rest is not None:
        await kube.patch(path, list(_disown(thing, rest)), content_type=JSON_PATCH)
    return bool(unwanted) or rest is not None


def _disown(thing: Json, rest: list[Json]) -> Iterator[Json]:
    """Yield the patch that leaves the fields that we owned to nobody, on the version that was read.

    An empty list asks the API server to begin anew, which gives all fields to one manager of its own.
    """
    yield {"op": "test", "path": "/metadata/resourceVersion", "value": thing["metadata"]["resourceVersion"]}
    yield {"op": "replace", "path": "/metadata/managedFields", "value": rest or [{}]}


async def orphan(kube: KubeClient, path: str, pool_uid: str) -> None:
    """Take the pool from the owners of its Deployment, which is to stay."""
    thing: Json = await kube.get(path, into=dict)
    if any(one["uid"] == pool_uid for one in thing["metadata"].get("ownerReferences") or ()):
        await kube.patch(path, let_go(pool_uid), content_type=STRATEGIC_MERGE_PATCH)


async def unguard(kube: KubeClient, namespace: str, pool: str) -> list[str]:
    """Delete the disruption budgets that were made for a pool; return their names."""
    collection = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    asked = {"labelSelector": f"{names.POOL_LABEL}={pool}"}
    found = await kube.list(collection, item=dict[str, Any], params=asked)
    for one in found:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": one["metadata"]["uid"]}}
        with suppress(NotFound):
            await kube.delete(f"{collection}/{one['metadata']['name']}", options=options)
    return [one["metadata"]["name"] for one in found]
