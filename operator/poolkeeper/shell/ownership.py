"""Which pods belong to a Deployment, by the chain of owners Pod -> ReplicaSet -> Deployment and never by label."""

from collections import defaultdict
from collections.abc import Iterator

from poolkeeper.shell.list_watch import Key
from poolkeeper.shell.views import PodView, ReplicaSetView


class Ownership:
    """An index by UID that reflectors keep up; the `on_change` of each is the method of its kind.

    Their news may come in any order: a pod whose ReplicaSet is not known yet counts as soon as that is.
    """

    def __init__(self) -> None:
        self._pods: defaultdict[str, dict[str, PodView]] = defaultdict(dict)
        self._replica_sets: defaultdict[str, set[str]] = defaultdict(set)

    def pods_of(self, deployment_uid: str) -> Iterator[PodView]:
        """Yield all pods of a Deployment, terminating and finished ones too."""
        for replica_set in self._replica_sets.get(deployment_uid, ()):
            yield from self._pods.get(replica_set, {}).values()

    def pod_changed(self, _key: Key, old: PodView | None, new: PodView | None) -> None:
        """Take in news of a pod."""
        if old is not None:
            self._pods[old.replica_set].pop(old.uid, None)
            if not self._pods[old.replica_set]:
                del self._pods[old.replica_set]
        if new is not None and new.replica_set:
            self._pods[new.replica_set][new.uid] = new

    def replica_set_changed(self, _key: Key, old: ReplicaSetView | None, new: ReplicaSetView | None) -> None:
        """Take in news of a ReplicaSet."""
        if old is not None:
            self._replica_sets[old.deployment].discard(old.uid)
            if not self._replica_sets[old.deployment]:
                del self._replica_sets[old.deployment]
        if new is not None and new.deployment:
            self._replica_sets[new.deployment].add(new.uid)
