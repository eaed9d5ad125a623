"""Watches of a namespace that go on over everything that befalls the API server: sizes, pods that come, are ready, go.

What happened while a watch was broken is found by listing: nothing happens while there is no API server, and a watch is
made anew within a second of its return.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from chaos.evidence import OPERATOR, Sight
from chaos.money import Stay
from rig.api import Api, ApiError, collection
from rig.record import READY
from rig.spot import owner

Json = dict[str, Any]

AGAIN = 0.3


class Witness:
    """Watches until its process ends, or `end`."""

    def __init__(self, api: Api, namespace: str) -> None:
        self.sights: list[Sight] = []
        self.stays: dict[str, Stay] = {}
        self.ready: dict[str, list[tuple[float, int]]] = defaultdict(lambda: [(0.0, 0)])
        self._api, self._namespace, self._ended = api, namespace, False
        self._there: dict[str, set[str]] = defaultdict(set)
        self._ready: dict[str, set[str]] = defaultdict(set)
        self._sizes: dict[str, int] = {}
        for kind, take in (("Deployment", self._take_deployment), ("Pod", self._take_pod)):
            threading.Thread(target=self._follow, args=(kind, take), daemon=True).start()

    def end(self) -> None:
        """Take no more notice of what happens."""
        self._ended = True

    def size(self, deployment: str) -> int:
        """Return the size that a Deployment was last seen to ask for."""
        return self._sizes.get(deployment, 0)

    def count(self, app: str) -> int:
        """Return how many pods are ready now."""
        return self.ready[app][-1][1]

    def _follow(self, kind: str, take: Callable[[str, Json], None]) -> None:
        path = collection(kind, self._namespace)
        while not self._ended:
            try:
                self._list(kind, path, take)
                for event in self._api.watch(path):
                    if self._ended:
                        return
                    if event["type"] not in {"ERROR", "BOOKMARK"}:
                        take(event["type"], event["object"])
            except (ApiError, OSError, ValueError, KeyError):
                time.sleep(AGAIN)

    def _list(self, kind: str, path: str, take: Callable[[str, Json], None]) -> None:
        found = self._api.get(path)["items"]
        there = {one["metadata"]["uid"] for one in found}
        for uid in self._there[kind] - there:
            self._gone(uid)
        self._there[kind] = there
        for one in found:
            take("ADDED", one)

    def _take_deployment(self, news: str, thing: Json) -> None:
        about, size = thing["metadata"], thing["spec"]["replicas"]
        if news == "DELETED" or self._sizes.get(about["name"]) == size:
            return
        self._sizes[about["name"]] = size
        ours = any(one["manager"] == OPERATOR for one in about.get("managedFields", ()))
        self.sights.append(Sight(about["name"], int(about["resourceVersion"]), time.time(), size, ours))

    def _take_pod(self, news: str, pod: Json) -> None:
        about, told = pod["metadata"], pod.get("status", {}).get("conditions", ())
        app = about.get("labels", {}).get("app", "")
        stays = news != "DELETED" and "deletionTimestamp" not in about
        is_ready = any((one["type"], one["status"]) == READY for one in told)
        self._count(app, about["uid"], is_ready=stays and is_ready)
        bound = next((one for one in told if (one["type"], one["status"]) == ("PodScheduled", "True")), None)
        if bound and about["uid"] not in self.stays:
            tier = "spot" if owner(pod) == f"{app}-spot" else "on-demand"
            self.stays[about["uid"]] = Stay(
                app, tier, datetime.fromisoformat(bound["lastTransitionTime"]).timestamp(), float("inf")
            )
        if news == "DELETED":
            self._gone(about["uid"])
        else:
            self._there["Pod"].add(about["uid"])

    def _count(self, app: str, uid: str, *, is_ready: bool) -> None:
        (self._ready[app].add if is_ready else self._ready[app].discard)(uid)
        if len(self._ready[app]) != self.count(app):
            self.ready[app].append((time.time(), len(self._ready[app])))

    def _gone(self, uid: str) -> None:
        self._there["Pod"].discard(uid)
        stay = self.stays.get(uid)
        if stay and stay.end == float("inf"):
            self.stays[uid] = Stay(stay.pool, stay.tier, stay.begin, time.time())
            self._count(stay.pool, uid, is_ready=False)
