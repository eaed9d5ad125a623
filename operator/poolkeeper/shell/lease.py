"""The Lease of coordination.k8s.io/v1: which ones, their terms, and their JSON."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

import msgspec

from poolkeeper.api.shards import Shard
from poolkeeper.api.units import parse_duration
from poolkeeper.shell.kube import Metadata

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)
"""A lease tells its duration in whole seconds; for that of a leader that died, nobody decides."""


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """Where the leases are, for how many `shards`, and how long things take.

    Raises:
        ValueError: not retry < renew_deadline < duration.
    """

    namespace: str
    shards: int = 1
    duration: timedelta = timedelta(seconds=15)
    renew_deadline: timedelta = timedelta(seconds=10)
    retry: timedelta = timedelta(seconds=2)

    def __post_init__(self) -> None:
        if not timedelta(0) < self.retry < self.renew_deadline < self.duration:
            raise ValueError("a lease needs 0 < retry < renew_deadline < duration")

    @classmethod
    def lasting(cls, duration: timedelta, namespace: str, shards: int = 1) -> Self:
        """Return terms in the proportions of client-go's own: 15, 10 and 2 seconds."""
        return cls(namespace, shards, duration, duration * 2 / 3, duration * 2 / 15)

    @property
    def collection(self) -> str:
        """The path of the namespace's leases."""
        return f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"

    def path(self, shard: Shard) -> str:
        """Return the path of a shard's lease."""
        return f"{self.collection}/{shard.lease}"


def read_duration(text: str) -> timedelta:
    """Return what `--lease-duration` means; ValueError, which names the option, unless it is SHORTEST to LONGEST."""
    try:
        duration = parse_duration(text)
    except ValueError as error:
        raise ValueError(f"--lease-duration: {error}") from error
    if not SHORTEST <= duration <= LONGEST:
        raise ValueError(f"--lease-duration: {text} is no time that a lease can have; write 1s to 1h")
    return duration


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
        "acquireTime": micro_time(spec.acquire_time),
        "renewTime": micro_time(spec.renew_time),
        "leaseTransitions": spec.lease_transitions,
    }


def micro_time(at: datetime | None) -> str | None:
    """Return an instant as the API wants it in a lease."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
