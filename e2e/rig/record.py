"""Real watches of a namespace: the newest of each object, and every size that a Deployment was ever given.

A size that stood for a moment only is there too: the API server sends each version of an object.
"""

import threading
import time
from collections import defaultdict
from typing import Any, NamedTuple

from rig.api import Api, ApiError, collection

Json = dict[str, Any]

READY = ("Ready", "True")


class Change(NamedTuple):
    """A size that a Deployment was given, and when the watch told (seconds of the monotonic clock)."""

    at: float
    replicas: int


class Record:
    """Watches the Deployments and the pools of a namespace until its process ends."""

    def __init__(self, api: Api, namespace: str) -> None:
        self.namespace = namespace
        self.broken: Exception | None = None
        self._api = api
        self._ended = False
        self._newest: dict[tuple[str, str], Json] = {}
        self._changes: dict[str, list[Change]] = defaultdict(list)
        for kind in ("Deployment", "InferencePool"):
            threading.Thread(target=self._follow, args=(kind,), daemon=True).start()

    def newest(self, kind: str, name: str) -> Json:
        """Return an object as the watch last showed it; empty while it has not, or once it is gone."""
        return self._newest.get((kind, name), {})

    @property
    def deployments(self) -> list[str]:
        """The names of the Deployments that were seen."""
        return list(self._changes)

    def changes(self, deployment: str) -> list[Change]:
        """Return every size that a Deployment had, the one it was made with first.

        Raises:
            RuntimeError: the watch broke, so that a size may be missing.
        """
        if self.broken is not None:
            raise RuntimeError(f"the watch of {self.namespace} broke") from self.broken
        return list(self._changes.get(deployment, ()))

    def end(self) -> None:
        """Take no more notice of what happens."""
        self._ended = True

    def _follow(self, kind: str) -> None:
        try:
            for event in self._api.watch(collection(kind, self.namespace)):
                if self._ended:
                    return
                self._take(kind, event["type"], event["object"])
        except (ApiError, OSError, ValueError) as error:
            self.broken = error

    def _take(self, kind: str, news: str, thing: Json) -> None:
        name = thing["metadata"]["name"]
        if news == "DELETED":
            self._newest.pop((kind, name), None)
            return
        self._newest[kind, name] = thing
        if kind == "Deployment":
            self._note(name, thing["spec"]["replicas"])

    def _note(self, name: str, replicas: int) -> None:
        sizes = self._changes[name]
        if not sizes or sizes[-1].replicas != replicas:
            sizes.append(Change(time.monotonic(), replicas))


class ReadyPods:
    """Watches how many pods with a label `app` are ready and not on their way out, until its process ends."""

    def __init__(self, api: Api, namespace: str, app: str) -> None:
        self._pods = collection("Pod", namespace), app
        self._api = api
        self._ready: set[str] = set()
        self._counts = [(time.monotonic(), 0)]
        self._broken: Exception | None = None
        threading.Thread(target=self._follow, daemon=True).start()

    @property
    def count(self) -> int:
        """How many are ready now."""
        return self._counts[-1][1]

    @property
    def counts(self) -> list[tuple[float, int]]:
        """Every number that was ready, and from when on."""
        return list(self._counts)

    def least_since(self, moment: float) -> int:
        """Return the smallest number that was ever ready from then on.

        Raises:
            RuntimeError: the watch broke, so that one may be missing.
        """
        if self._broken is not None:
            raise RuntimeError("the watch of the pods broke") from self._broken
        counts = self.counts
        before = [count for at, count in counts if at <= moment]
        return min([before[-1], *(count for at, count in counts if at > moment)])

    def reached(self, count: int) -> float | None:
        """Return the moment at which so many were first ready, None while they never were."""
        return next((at for at, ready in self.counts if ready >= count), None)

    def _follow(self) -> None:
        path, app = self._pods
        try:
            for event in self._api.watch(path, labels=f"app={app}"):
                self._take(event["type"], event["object"])
        except (ApiError, OSError, ValueError) as error:
            self._broken = error

    def _take(self, news: str, pod: Json) -> None:
        told = {(one["type"], one["status"]) for one in pod.get("status", {}).get("conditions", ())}
        stays = news != "DELETED" and "deletionTimestamp" not in pod["metadata"]
        change = self._ready.add if stays and READY in told else self._ready.discard
        change(pod["metadata"]["uid"])
        if len(self._ready) != self.count:
            self._counts.append((time.monotonic(), len(self._ready)))
