"""The Lease of coordination.k8s.io/v1: which one, its terms, and its JSON."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from poolkeeper.shell.kube import Metadata


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Which lease, and how long things take; ValueError unless retry < renew_deadline < duration."""

    namespace: str
    name: str
    duration: timedelta = timedelta(seconds=15)
    renew_deadline: timedelta = timedelta(seconds=10)
    retry: timedelta = timedelta(seconds=2)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.retry < self.renew_deadline < self.duration:
            raise ValueError("a lease needs 0 < retry < renew_deadline < duration")

    @property
    def collection(self) -> str:
        """The path of the namespace's leases."""
        return f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"

    @property
    def path(self) -> str:
        """The path of the lease."""
        return f"{self.collection}/{self.name}"


class LeaseSpec(msgspec.Struct, rename="camel", frozen=True):
    """What a lease says. An empty holder has released it."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: datetime | None = None
    renew_time: datetime | None = None
    lease_transitions: int | None = None


class Lease(msgspec.Struct):
    """The object, as far as it matters."""

    metadata: Metadata
    spec: LeaseSpec = LeaseSpec()


def as_json(spec: LeaseSpec) -> dict[str, object]:
    """Return the lease as the API wants it: its instants have microseconds, also when they are zero."""
    return {
        "holderIdentity": spec.holder_identity,
        "leaseDurationSeconds": spec.lease_duration_seconds,
        "acquireTime": _micro_time(spec.acquire_time),
        "renewTime": _micro_time(spec.renew_time),
        "leaseTransitions": spec.lease_transitions,
    }


def _micro_time(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
