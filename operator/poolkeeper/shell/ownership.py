"""Which pods belong to a workload, by the chain of owners and never by label.

A Deployment and a Rollout have ReplicaSets, which have pods; a StatefulSet has its pods. A LeaderWorkerSet has a
StatefulSet of leaders, and each leader a StatefulSet of its workers.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Protocol

from poolkeeper.shell.list_watch import Key
from poolkeeper.shell.views import PodView


class Owned(Protocol):
    """A ReplicaSet or a StatefulSet: who it is, and who controls it."""

    @property
    def uid(self) -> str:
        """Its UID."""

    @property
    def controller(self) -> str:
        """The UID of what controls it, empty where nothing does."""


class Ownership:
    """An index by UID that reflectors keep up; the `on_change` of each is the method of its kind.

    Their news may come in any order: a pod whose ReplicaSet is not known yet counts as soon as that is.
    """

    def __init__(self) -> None:
        self._pods: defaultdict[str, dict[str, PodView]] = defaultdict(dict)
        self._sets: defaultdict[str, set[str]] = defaultdict(set)

    def pods_of(self, uid: str) -> Iterator[PodView]:
        """Yield all pods of a workload, those of whole groups, terminating and finished ones too."""
        for replica in self.replicas_of(uid):
            yield from replica

    def replicas_of(self, uid: str) -> Iterator[tuple[PodView, ...]]:
        """Yield the pods of each of a workload's replicas, the one that leads the others first."""
        for pod in self._controlled(uid):
            yield (pod, *self._controlled(pod.uid)) if pod.uid in self._sets else (pod,)

    def again(self, pod: PodView) -> PodView | None:
        """Return a pod as it is now, also where nothing leads to it any more; None once it is gone."""
        return self._pods.get(pod.controller, {}).get(pod.uid)

    def _controlled(self, uid: str) -> Iterator[PodView]:
        """Yield the pods that this controls, or that its sets do."""
        yield from self._pods.get(uid, {}).values()
        for owned in self._sets.get(uid, ()):
            yield from self._pods.get(owned, {}).values()

    def pod_changed(self, _key: Key, old: PodView | None, new: PodView | None) -> None:
        """Take in news of a pod."""
        if old is not None:
            self._pods[old.controller].pop(old.uid, None)
            if not self._pods[old.controller]:
                del self._pods[old.controller]
        if new is not None and new.controller:
            self._pods[new.controller][new.uid] = new

    def set_changed(self, _key: Key, old: Owned | None, new: Owned | None) -> None:
        """Take in news of a ReplicaSet or a StatefulSet."""
        if old is not None:
            self._sets[old.controller].discard(old.uid)
            if not self._sets[old.controller]:
                del self._sets[old.controller]
        if new is not None and new.controller:
            self._sets[new.controller].add(new.uid)
