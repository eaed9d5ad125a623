"""What was read of the cluster, as JSON: pure values, so that what is judged can be written down in a test."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from poolkeeper.api.spec import Spec
from poolkeeper.core.model import PoolSpec
from poolkeeper.shell.views import PodView

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """Lists by name, why some could not be read, and the time: the API server's (`now`) and this machine's (`here`)."""

    now: datetime
    here: datetime
    lists: Mapping[str, tuple[Json, ...]] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> tuple[Json, ...]:
        """Return a list; nothing where it could not be read."""
        return self.lists.get(name, ())


@dataclass(frozen=True, slots=True)
class PoolSeen:
    """A pool that is there, its target as JSON (empty: it is not), and the pods of both halves that have not ended."""

    known: Known
    pool: Json
    spec: Spec
    target: Json = field(default_factory=dict)
    pods: tuple[PodView, ...] = ()

    @property
    def name(self) -> str:
        """The pool's name."""
        return str(self.pool["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The pool's namespace."""
        return str(self.pool["metadata"]["namespace"])

    @property
    def core(self) -> PoolSpec:
        """The spec as the core has it."""
        return self.spec.to_core()

    @property
    def status(self) -> Json:
        """What the operator last said."""
        return self.pool.get("status") or {}

    @property
    def shown(self) -> str:
        """How messages name the target."""
        name = self.spec.target_ref.name if self.spec.target_ref else self.name
        return self.spec.kind.shown(name)

    @property
    def template(self) -> Json:
        """The target's pod template, that of the leaders where there are groups; empty without one."""
        return template_of(self.target.get("spec") or {})

    @property
    def pod(self) -> Json:
        """The pod of that template."""
        found: Json = self.template.get("spec") or {}
        return found

    @property
    def replicas(self) -> int:
        """How many replicas the target asks for."""
        return int((self.target.get("spec") or {}).get("replicas", 0))

    def containers(self) -> Iterator[Json]:
        """Yield the pod's containers."""
        yield from self.pod.get("containers") or ()


def template_of(workload: Json) -> Json:
    """Return the pod template of a workload's spec, that of the leaders where there are groups; empty without one."""
    group = workload.get("leaderWorkerTemplate") or {}
    found: Json = workload.get("template") or group.get("leaderTemplate") or group.get("workerTemplate") or {}
    return found


def labels(thing: Mapping[str, Any]) -> dict[str, str]:
    """Return an object's labels."""
    return dict((thing.get("metadata") or {}).get("labels") or {})


def name_of(thing: Mapping[str, Any]) -> str:
    """Return an object's name."""
    return str(thing["metadata"]["name"])
