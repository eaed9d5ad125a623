"""Thousands of pools in one namespace, made by many hands: what `crowd.py` does for dozens.

Each pool has a Deployment. The first `peopled` of them have a replica; the others are at zero, with nothing in their
queues: two processors carry ten thousand pools, but no ten thousand pods that are made, scheduled and made ready.
"""

import http.client
import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from stage import Stage, say, wait_until

from rig.api import _tls, collection
from rig.manifests import deployment, pool

Json = dict[str, Any]

METRIC = "queue_depth"
CALM, LONG = 500, 1500
PUBLISHED = {"thresholdsPer": "Pool", "scaleUp": {"above": 1000, "maxStep": 1}, "scaleDown": {"below": 100}}
HANDS = 6
PATIENCE = 1800.0


class Hands:
    """Creates objects over connections that stay open, several at once."""

    def __init__(self, stage: Stage) -> None:
        self._address = urlsplit(stage.cluster.server).netloc
        self._trusted = _tls(stage.cluster.ca, stage.cluster.site.pki)
        self._own = threading.local()

    def create(self, things: Sequence[Json]) -> None:
        """Create them all."""
        with ThreadPoolExecutor(HANDS) as hands:
            list(hands.map(self._create, [things[first::HANDS] for first in range(HANDS)]))

    def _create(self, things: Iterable[Json]) -> None:
        for thing in things:
            self._post(thing)

    def _post(self, thing: Json) -> None:
        connection = self._connection()
        path = collection(thing["kind"], thing["metadata"]["namespace"])
        connection.request("POST", path, json.dumps(thing), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = answer.read()
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise RuntimeError(told.decode())

    def _connection(self) -> http.client.HTTPSConnection:
        if not hasattr(self._own, "connection"):
            self._own.connection = http.client.HTTPSConnection(self._address, context=self._trusted, timeout=60)
        return self._own.connection  # type: ignore[no-any-return]


class Multitude:
    """So many pools, named pool-0, pool-1 …; `by_prometheus` tells where the operator reads their queues."""

    def __init__(self, stage: Stage, size: int, peopled: int, *, by_prometheus: bool) -> None:
        self.namespace = "multitude"
        self.names = [f"pool-{index}" for index in range(size)]
        self.peopled = self.names[:peopled]
        self.by_prometheus = by_prometheus
        self._stage = stage

    def create(self) -> None:
        """Create it all, and wait until every pod is ready."""
        hands, known = Hands(self._stage), set(self.peopled)
        self._stage.api.post("/api/v1/namespaces", {"metadata": {"name": self.namespace}})
        wait_until(self._has_account, "the namespace has its ServiceAccount", 60)
        say(f"{len(self.names)} Deployments, {len(known)} of them with a replica")
        hands.create([self._placed(deployment(name, int(name in known))) for name in self.names])
        say(f"{len(self.names)} pools")
        hands.create([self._placed(self._pool(name, int(name in known))) for name in self.names])
        say("their queues")
        for name in self.names if self.by_prometheus else self.peopled:
            self.show(name, CALM if name in known else 0)
        wait_until(self._is_ready, "every pod is ready", PATIENCE, pause=5.0)

    def show(self, name: str, waiting: int) -> None:
        """Let a pool's queue be so long."""
        if self.by_prometheus:
            self._stage.fleet.gauge(METRIC, waiting, {"namespace": self.namespace, "pool": name})
        else:
            self._stage.fleet.queue(f"{self.namespace}/{name}", waiting)

    def _pool(self, name: str, least: int) -> Json:
        found = {"name": "queue", "prometheus": {"metric": METRIC, "selector": {"pool": name}}}
        sources = {"sources": [found]} if self.by_prometheus else {}
        return pool(name, PUBLISHED | sources, minReplicas=least, maxReplicas=3)

    def _placed(self, thing: Mapping[str, Any]) -> Json:
        return {**thing, "metadata": {**thing["metadata"], "namespace": self.namespace}}

    def _has_account(self) -> bool:
        return bool(self._stage.api.get(f"/api/v1/namespaces/{self.namespace}/serviceaccounts")["items"])

    def _is_ready(self) -> bool:
        found = self._stage.api.get(collection("Deployment", self.namespace))["items"]
        return bool(sum(one.get("status", {}).get("readyReplicas", 0) for one in found) >= len(self.peopled))
