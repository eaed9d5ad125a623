"""The API server's audit log, as one user left it: an independent witness of every request."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controlplane import Cluster

WRITES = {"create", "update", "patch", "delete", "deletecollection"}


@dataclass(frozen=True)
class Request:
    """One request for a resource, once it was answered; `resource` has its subresource after a slash."""

    at: datetime
    verb: str
    group: str
    resource: str
    namespace: str
    name: str
    status: int

    @property
    def writes(self) -> bool:
        """Whether it asked for a change."""
        return self.verb in WRITES


def requests(cluster: Cluster, user: str) -> list[Request]:
    """Return a user's requests for resources, in order of their answers; discovery and /version are none."""
    told = [line for line in _lines(cluster, user) if line["user"]["username"] == user]
    return [_request(line) for line in told if line.get("objectRef", {}).get("resource")]


def answered(cluster: Cluster, word: str) -> list[Request]:
    """Return everybody's requests for resources whose line in the log holds a word, in order of their answers."""
    return [_request(line) for line in _lines(cluster, word) if line.get("objectRef", {}).get("resource")]


def _lines(cluster: Cluster, word: str) -> Iterator[dict[str, Any]]:
    assert cluster.audit_log, "the ground keeps an audit log"
    with cluster.audit_log.open(encoding="utf-8") as lines:
        for line in lines:
            if word in line and line.endswith("}\n"):
                yield json.loads(line)


def _request(line: dict[str, Any]) -> Request:
    asked = line["objectRef"]
    return Request(
        at=datetime.fromisoformat(line["requestReceivedTimestamp"]),
        verb=line["verb"],
        group=asked.get("apiGroup", ""),
        resource="/".join(filter(None, (asked["resource"], asked.get("subresource")))),
        namespace=asked.get("namespace", ""),
        name=asked.get("name", ""),
        status=line["responseStatus"]["code"],
    )
