"""The other group's InferencePools, those of the Gateway API inference extension: which pods are theirs, who picks.

    InferencePool --endpointPickerRef (v1), extensionRef (v1alpha2)--> Service --selector--> the picker's pods

They are read one by one, as pools name them, and kept for a while: a watch would want the right to see them all in
every cluster, also where nobody uses them. Nothing of theirs is ever written.
Source of the fields: kubernetes-sigs/gateway-api-inference-extension, api/v1 and apix/v1alpha2, inferencepool_types.go.
"""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

import msgspec

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kept import Kept, Lasts
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Forbidden, KubeError, NotFound
from poolkeeper.shell.list_watch import Key

GROUP, OLD_GROUP = "inference.networking.k8s.io", "inference.networking.x-k8s.io"
LASTS = Lasts(answer=timedelta(seconds=30), refusal=timedelta(seconds=5))


class _Reference(msgspec.Struct):
    """Who picks."""

    name: str = ""
    kind: str = "Service"


class _Selector(msgspec.Struct, rename="camel"):
    """Which pods, in v1."""

    match_labels: dict[str, str] = {}


class _Spec(msgspec.Struct, rename="camel"):
    """A v1 InferencePool's spec, as far as we read it."""

    selector: _Selector
    endpoint_picker_ref: _Reference | None = None


class _OldSpec(msgspec.Struct, rename="camel"):
    """A v1alpha2 InferencePool's spec."""

    selector: dict[str, str]
    extension_ref: _Reference | None = None


class _Pool(msgspec.Struct):
    """An inference.networking.k8s.io/v1 InferencePool."""

    spec: _Spec


class _OldPool(msgspec.Struct):
    """An inference.networking.x-k8s.io/v1alpha2 InferencePool."""

    spec: _OldSpec


class _ServiceSpec(msgspec.Struct):
    """A Service's spec, as far as we read it."""

    selector: dict[str, str] | None = None


class _Service(msgspec.Struct):
    """A v1 Service."""

    spec: _ServiceSpec


class Picked(NamedTuple):
    """One InferencePool: by which labels it selects its pods, and by which its picker's pods are found."""

    selector: Mapping[str, str]
    picker: str
    picker_labels: Mapping[str, str]


class Gateway:
    """Reads InferencePools and their pickers' Services. What was read of selectors, `cluster.picked` keeps."""

    def __init__(self, kube: KubeClient, cluster: Cluster, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube, self._cluster = kube, cluster
        self._kept: Kept[Key, Picked] = Kept(self._ask, LASTS, clock)

    async def pool(self, namespace: str, name: str) -> Picked:
        """Return an InferencePool; raises MetricError, in words that name what is missing."""
        return await self._kept.get((namespace, name))

    async def _ask(self, key: Key) -> Picked:
        selector, picker = await self._found(key)
        self._cluster.picked[key] = selector
        where = f"InferencePool {key[1]!r} in {key[0]}"
        if picker is None:
            raise MetricError(Reason.METRIC_REFUSED, f"{where} names no endpoint picker")
        if picker.kind != "Service":
            raise MetricError(Reason.METRIC_REFUSED, f"{where} names a {picker.kind} as its picker, and no Service")
        return Picked(selector, picker.name, await self._labels(key[0], picker.name))

    async def _found(self, key: Key) -> tuple[Mapping[str, str], _Reference | None]:
        """Return the selector and the picker of an InferencePool, of the newer version where both have one."""
        namespace, name = key
        where, inside = f"InferencePool {name!r} in {namespace}", f"namespaces/{namespace}/inferencepools/{name}"
        try:
            new = await self._kube.get(f"/apis/{GROUP}/v1/{inside}", into=_Pool)
        except NotFound:
            pass
        except KubeError as error:
            raise _unread(where, error) from error
        else:
            return new.spec.selector.match_labels, new.spec.endpoint_picker_ref
        try:
            old = await self._kube.get(f"/apis/{OLD_GROUP}/v1alpha2/{inside}", into=_OldPool)
        except NotFound as error:
            self._cluster.picked.pop(key, None)
            raise MetricError(Reason.METRIC_REFUSED, f"there is no {where} ({GROUP})") from error
        except KubeError as error:
            raise _unread(where, error) from error
        return old.spec.selector, old.spec.extension_ref

    async def _labels(self, namespace: str, name: str) -> Mapping[str, str]:
        where = f"service {name!r} in {namespace}, the picker,"
        try:
            service = await self._kube.get(f"/api/v1/namespaces/{namespace}/services/{name}", into=_Service)
        except NotFound as error:
            raise MetricError(Reason.METRIC_REFUSED, f"{where} does not exist") from error
        except KubeError as error:
            raise _unread(where, error) from error
        if not service.spec.selector:
            raise MetricError(Reason.METRIC_REFUSED, f"{where} selects no pods")
        return service.spec.selector


def _unread(where: str, error: KubeError) -> MetricError:
    if isinstance(error, Forbidden):
        words = f"{where} may not be read: the operator's role must allow `get` on it ({error})"
        return MetricError(Reason.METRIC_REFUSED, words)
    return MetricError(Reason.METRIC_SERVER_ERROR, f"{where} could not be read: {error}")
