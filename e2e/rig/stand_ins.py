"""Stand-ins for the controllers of LeaderWorkerSet and Argo Rollouts, which no local control plane has.

They make exactly the objects that their documents describe, with the same owners, labels and statuses; what they make
is run by the real controllers of Kubernetes.

    LeaderWorkerSet   StatefulSet NAME of leaders; for each leader a StatefulSet of its name, which it owns, of workers
                      from index 1 on; labels and size as the webhook of sigs.k8s.io/lws v0.7.0 puts them
    Rollout           a ReplicaSet for each template; a new one has one pod, the canary, until it is promoted
"""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rig.api import Api, ApiError, collection

Json = dict[str, Any]

BEAT = 0.2
GROUPS = "leaderworkerset.sigs.k8s.io"
ROLLOUT_HASH = "rollouts-pod-template-hash"
PROMOTED = "rig/promoted"
"""The annotation of a Rollout that names the template that is to have all pods."""
GONE = 404


@contextmanager
def standing_in(api: Api, namespace: str) -> Iterator[None]:
    """Keep the groups and the Rollouts of a namespace while the block runs."""
    ended = threading.Event()
    thread = threading.Thread(target=_run, args=(Keeper(api, namespace), ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _run(keeper: "Keeper", ended: threading.Event) -> None:
    while not ended.wait(BEAT):
        try:
            keeper.look()
        except (ApiError, OSError) as error:  # as any controller: the next look is a new one
            print(f"stand-in: {error}")


class Keeper:
    """Brings what is there to what is asked for, again and again."""

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._namespace = api, namespace

    def look(self) -> None:
        """Look once."""
        for found in self._all("LeaderWorkerSet"):
            self._keep_groups(found)
        for found in self._all("Rollout"):
            self._keep_rollout(found)

    def _keep_groups(self, found: Json) -> None:
        name, spec = found["metadata"]["name"], found["spec"]
        self._keep("StatefulSet", leaders(found), spec["replicas"])
        size = spec["leaderWorkerTemplate"]["size"]
        pods = [one for one in self._all("Pod") if one["metadata"]["labels"].get(f"{GROUPS}/name") == name]
        led = [one for one in pods if one["metadata"]["labels"].get(f"{GROUPS}/worker-index") == "0"]
        for leader in led:
            self._label(leader, "group-index")
            if "deletionTimestamp" not in leader["metadata"] and size > 1:
                self._keep("StatefulSet", workers_of(found, leader), size - 1)
        for worker in pods:
            if worker not in led:
                self._label(worker, "worker-index")
        self._tell(found, group_status(found, led, pods))

    def _keep_rollout(self, found: Json) -> None:
        name, replicas = found["metadata"]["name"], found["spec"].get("replicas", 1)
        newest = digest(found["spec"]["template"])
        sets = [one for one in self._all("ReplicaSet") if owned(one, found)]
        older = [one for one in sets if one["metadata"]["name"] != f"{name}-{newest}" and one["spec"]["replicas"]]
        promoted = not older or found["metadata"].get("annotations", {}).get(PROMOTED) == newest
        self._keep("ReplicaSet", replica_set(found, newest), replicas if promoted else 1)
        for one in older:
            self._size("ReplicaSet", one, 0 if promoted else replicas)
        self._tell(found, rollout_status(found, sets, f"{name}-{newest}"))

    def _all(self, kind: str) -> list[Json]:
        found: list[Json] = self._api.get(collection(kind, self._namespace))["items"]
        return found

    def _keep(self, kind: str, wanted: Json, replicas: int) -> None:
        """Make an object at a size, or bring the one that is there to it."""
        path = f"{collection(kind, self._namespace)}/{wanted['metadata']['name']}"
        try:
            self._size(kind, self._api.get(path), replicas)
        except ApiError as error:
            if error.status != GONE:
                raise
            wanted["spec"]["replicas"] = replicas
            self._api.create(wanted | {"metadata": wanted["metadata"] | {"namespace": self._namespace}})

    def _size(self, kind: str, found: Json, replicas: int) -> None:
        if found["spec"]["replicas"] != replicas:
            path = f"{collection(kind, self._namespace)}/{found['metadata']['name']}"
            self._api.patch(path, {"spec": {"replicas": replicas}})

    def _label(self, pod: Json, key: str) -> None:
        """Give a pod the index that its name ends in."""
        name, labels = pod["metadata"]["name"], pod["metadata"]["labels"]
        if f"{GROUPS}/{key}" not in labels:
            path = f"{collection('Pod', self._namespace)}/{name}"
            self._api.patch(path, {"metadata": {"labels": {f"{GROUPS}/{key}": name.rpartition("-")[2]}}})

    def _tell(self, found: Json, status: Json) -> None:
        told = {key: found.get("status", {}).get(key) for key in status}
        if told != status:
            path = f"{collection(found['kind'], self._namespace)}/{found['metadata']['name']}/status"
            self._api.patch(path, {"status": status})


def owner(found: Json) -> list[Json]:
    """Return the reference to the object that controls another."""
    metadata = found["metadata"]
    named = {"apiVersion": found["apiVersion"], "kind": found["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    return [named | {"controller": True, "blockOwnerDeletion": True}]


def owned(one: Json, found: Json) -> bool:
    """Return whether an object belongs to another."""
    return any(ref["uid"] == found["metadata"]["uid"] for ref in one["metadata"].get("ownerReferences", ()))


def digest(template: Mapping[str, Any]) -> str:
    """Return a short name for a template."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:10]


def labelled(template: Json, labels: Mapping[str, str], annotations: Mapping[str, str]) -> Json:
    """Return a pod template with more labels and annotations."""
    metadata = template["metadata"]
    return template | {
        "metadata": {
            "labels": metadata["labels"] | dict(labels),
            "annotations": metadata["annotations"] | dict(annotations),
        }
    }


def leaders(found: Json) -> Json:
    """Return the StatefulSet of a LeaderWorkerSet's leaders."""
    group, name = found["spec"]["leaderWorkerTemplate"], found["metadata"]["name"]
    chosen = {f"{GROUPS}/name": name, f"{GROUPS}/worker-index": "0"}
    revision = {f"{GROUPS}/template-revision-hash": digest(group)}
    given = group.get("leaderTemplate") or group["workerTemplate"]
    template = labelled(given, chosen | revision, {f"{GROUPS}/size": str(group["size"])})
    return stateful(name, found, chosen, template)


def workers_of(found: Json, leader: Json) -> Json:
    """Return the StatefulSet of a leader's workers."""
    group, metadata = found["spec"]["leaderWorkerTemplate"], leader["metadata"]
    index = metadata["name"].rpartition("-")[2]
    chosen = {f"{GROUPS}/name": found["metadata"]["name"], f"{GROUPS}/group-index": index}
    told = {f"{GROUPS}/size": str(group["size"]), f"{GROUPS}/leader-name": metadata["name"]}
    template = labelled(group["workerTemplate"], chosen, told)
    made = stateful(metadata["name"], {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}, chosen, template)
    made["spec"]["ordinals"] = {"start": 1}
    return made


def stateful(name: str, controller: Json, chosen: Mapping[str, str], template: Json) -> Json:
    """Return a StatefulSet that something controls."""
    spec = {"serviceName": name, "podManagementPolicy": "Parallel", "selector": {"matchLabels": dict(chosen)}}
    metadata = {"name": name, "labels": dict(chosen), "ownerReferences": owner(controller)}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": spec | {"template": template}}


def replica_set(found: Json, hash_: str) -> Json:
    """Return the ReplicaSet of a Rollout's template."""
    labels = found["spec"]["selector"]["matchLabels"] | {ROLLOUT_HASH: hash_}
    metadata = {"name": f"{found['metadata']['name']}-{hash_}", "labels": labels, "ownerReferences": owner(found)}
    spec = {"selector": {"matchLabels": labels}, "template": labelled(found["spec"]["template"], labels, {})}
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}


def is_ready(pod: Json) -> bool:
    """Return whether a pod is ready."""
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ()))


def group_status(found: Json, led: list[Json], pods: list[Json]) -> Json:
    """Return what is told of groups; one is ready when all its pods are."""
    size, name = found["spec"]["leaderWorkerTemplate"]["size"], found["metadata"]["name"]
    ready = 0
    for leader in led:
        group = [one for one in pods if one["metadata"]["name"].startswith(f"{leader['metadata']['name']}-")]
        ready += len(group) == size - 1 and all(map(is_ready, [leader, *group]))
    return {
        "replicas": len(led),
        "readyReplicas": ready,
        "updatedReplicas": len(led),
        "hpaPodSelector": f"{GROUPS}/name={name},{GROUPS}/worker-index=0",
    }


def rollout_status(found: Json, sets: list[Json], newest: str) -> Json:
    """Return what is told of a Rollout."""

    def counted(key: str) -> int:
        return sum(one.get("status", {}).get(key, 0) for one in sets)

    updated = next((one.get("status", {}).get("replicas", 0) for one in sets if one["metadata"]["name"] == newest), 0)
    return {
        "observedGeneration": str(found["metadata"]["generation"]),
        "replicas": counted("replicas"),
        "updatedReplicas": updated,
        "readyReplicas": counted("readyReplicas"),
        "availableReplicas": counted("availableReplicas"),
        "HPAReplicas": counted("replicas"),
        "selector": f"app={found['metadata']['name']}",
    }
