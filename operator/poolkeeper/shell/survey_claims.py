"""The fields that matter of resource claims (DRA) and of the pods that name them, as JSON holds them.

Source: resource.k8s.io/v1.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from poolkeeper.shell.kube import Metadata
from poolkeeper.shell.list_watch import HasMetadata

Claims = Mapping[tuple[str, str], int]
"""The GPUs of claims by namespace and name."""
CLAIMED = {"gpu.nvidia.com", "mig.nvidia.com", "gpu.amd.com", "gpu.intel.com", "tpu.google.com"}
"""Drivers whose devices are GPUs."""


class NamedClaim(msgspec.Struct, rename="camel"):
    """A claim that a pod's spec or status names; one made from a template has its name in the status alone."""

    resource_claim_name: str | None = None


class ClaimingStatus(msgspec.Struct, rename="camel"):
    """The part of a pod's status that names its claims."""

    resource_claim_statuses: list[NamedClaim] = []


class ClaimingSpec(msgspec.Struct, rename="camel"):
    """The part of a pod's spec that asks for claims."""

    resource_claims: list[NamedClaim] = []


class Claiming(msgspec.Struct):
    """A pod's claims."""

    spec: ClaimingSpec = msgspec.field(default_factory=ClaimingSpec)
    status: ClaimingStatus = msgspec.field(default_factory=ClaimingStatus)

    @property
    def names(self) -> list[str]:
        """The names of the claims that are there."""
        asked = (*self.spec.resource_claims, *self.status.resource_claim_statuses)
        return list(dict.fromkeys(one.resource_claim_name for one in asked if one.resource_claim_name))


class Allocated(msgspec.Struct):
    """One device that a claim got."""

    driver: str = ""


class Allocation(msgspec.Struct):
    """What a claim got."""

    class Devices(msgspec.Struct):
        """Its devices."""

        results: list[Allocated] = []

    devices: Devices = msgspec.field(default_factory=Devices)


class ClaimObject(HasMetadata):
    """A ResourceClaim, as far as it concerns devices."""

    class Status(msgspec.Struct):
        """Its status."""

        allocation: Allocation | None = None

    metadata: Metadata
    status: Status = msgspec.field(default_factory=Status)

    @property
    def gpus(self) -> int:
        """How many GPUs it got."""
        found = self.status.allocation
        return sum(one.driver in CLAIMED for one in found.devices.results) if found else 0


def claims_of(raw: msgspec.Raw, namespace: str, known: Claims | None) -> dict[str, Decimal] | None:
    """Return the GPUs of a pod's claims by their names, None where it has claims and none could be read."""
    named = msgspec.json.decode(raw, type=Claiming).names
    if known is None:
        return None if named else {}
    return {name: Decimal(gpus) for name in named if (gpus := known.get((namespace, name), 0))}
