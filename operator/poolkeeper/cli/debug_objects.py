"""What of each kind of object goes into a bug report. It is said what is taken: whatever else there is, stays.

Environment variables keep their names, commands and arguments their options and numbers: `--api-key` is there, its
value is not.
"""

import json
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from poolkeeper.api import names
from poolkeeper.cli.debug_secrets import LEFT_OUT, scrubbed

Json = dict[str, Any]

METADATA = (
    *("name", "namespace", "uid", "generation", "resourceVersion", "creationTimestamp", "deletionTimestamp"),
    *("labels", "ownerReferences", "finalizers"),
)
OURS = f"{names.GROUP}/"
WORKLOAD = ("replicas", "selector", "strategy", "updateStrategy", "podManagementPolicy", "minReadySeconds", "paused")
POD = (
    *("nodeName", "nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "priorityClassName"),
    *("terminationGracePeriodSeconds", "schedulerName", "runtimeClassName", "resourceClaims", "hostNetwork"),
)
CONTAINER = ("name", "image", "ports", "resources")
EVENT = ("type", "reason", "message", "count", "firstTimestamp", "lastTimestamp", "eventTime", "reportingComponent")
_OPTION = re.compile(r"(-{1,2}[a-zA-Z][\w.-]*)(=.*)?", re.DOTALL)
_NUMBER = re.compile(r"[0-9.]{1,9}[a-zA-Z%]{0,2}")


def picked(found: Json, fields: Iterable[str]) -> Json:
    """Return those fields that are there."""
    return {field: found[field] for field in fields if field in found}


def metadata(found: Json) -> Json:
    """Return who an object is, our annotations alone, and who has written to it."""
    given = found.get("metadata") or {}
    ours = {key: value for key, value in (given.get("annotations") or {}).items() if key.startswith(OURS)}
    writers = [picked(one, ("manager", "operation", "subresource", "time")) for one in given.get("managedFields") or ()]
    return picked(given, METADATA) | {"annotations": ours, "managedFields": writers}


def pool(found: Json) -> Json:
    """Return a pool: its whole spec but for its pod template, of which what a workload has; and its status."""
    status = found.get("status") or {}
    if "acceptedSpec" in status:
        status = status | {"acceptedSpec": pool_spec(status["acceptedSpec"])}
    made = {"metadata": metadata(found), "spec": pool_spec(found.get("spec") or {}), "status": status}
    return scrubbed(made)  # type: ignore[no-any-return]


def pool_spec(found: Json) -> Json:
    """Return a pool's spec with what is told of a pod template in its place."""
    return found | {"template": template(found["template"])} if found.get("template") else found


def workload(found: Json) -> Json:
    """Return what a workload says of its size and of its pods."""
    spec = found.get("spec") or {}
    made = picked(spec, WORKLOAD) | {"template": template(spec.get("template") or {})}
    return scrubbed({"metadata": metadata(found), "spec": made, "status": found.get("status") or {}})  # type: ignore[no-any-return]


def template(found: Json) -> Json:
    """Return what a pod template says of where its pods run and what they need."""
    labels = (found.get("metadata") or {}).get("labels") or {}
    return {"metadata": {"labels": labels}, "spec": pod_spec(found.get("spec") or {})}


def pod_spec(found: Json) -> Json:
    """Return what a pod says of where it runs and what it needs."""
    kinds = [kind for kind in ("containers", "initContainers") if kind in found]
    return picked(found, POD) | {kind: [container(one) for one in found[kind] or ()] for kind in kinds}


def container(found: Json) -> Json:
    """Return a container with the names of its variables, and the options and numbers of its command."""
    said = {field: [word(one) for one in found[field] or ()] for field in ("command", "args") if field in found}
    return picked(found, CONTAINER) | said | {"env": [one.get("name") for one in found.get("env") or ()]}


def word(text: object) -> str:
    """Return an option's name, or a number; of all else that it was left out.

    >>> [word(one) for one in ("--model", "llama", "--max-num-seqs=64", "--api-key=hunter2", "8080")]
    ['--model', '(left out)', '--max-num-seqs=64', '--api-key=(left out)', '8080']
    """
    said = str(text)
    if _NUMBER.fullmatch(said):
        return said
    option = _OPTION.fullmatch(said)
    if option is None:
        return LEFT_OUT
    value = (option[2] or "")[1:]
    return said if not option[2] or _NUMBER.fullmatch(value) else f"{option[1]}={LEFT_OUT}"


def pod(found: Json) -> Json:
    """Return where a pod runs and how it is."""
    made = {"metadata": metadata(found), "spec": pod_spec(found.get("spec") or {}), "status": found.get("status") or {}}
    return scrubbed(made)  # type: ignore[no-any-return]


def event(found: Json) -> Json:
    """Return an event."""
    about = picked(found.get("involvedObject") or {}, ("kind", "namespace", "name", "uid"))
    return scrubbed(picked(found, EVENT) | {"involvedObject": about})  # type: ignore[no-any-return]


def definition(found: Json) -> Json:
    """Return the CRD with its versions; of each one's schema, which is long, what tells whether two are the same."""
    versions = (found.get("spec") or {}).get("versions") or ()
    made = [
        picked(one, ("name", "served", "storage")) | {"schemaSHA256": digest(one.get("schema"))} for one in versions
    ]
    return scrubbed({"metadata": metadata(found), "versions": made, "status": found.get("status") or {}})  # type: ignore[no-any-return]


def digest(value: object) -> str:
    """Return a hash of JSON, the same however its keys are ordered."""
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def lease(found: Json) -> Json:
    """Return a lease."""
    return scrubbed({"metadata": metadata(found), "spec": found.get("spec") or {}})  # type: ignore[no-any-return]
