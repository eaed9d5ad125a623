"""What the cloud behind Karpenter sells: instances, where, on which terms, for how much, and what is in stock."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

CAPACITY_TYPES = ("spot", "on-demand")
_CAPACITY_TYPE, _ZONE = "karpenter.sh/capacity-type", "topology.kubernetes.io/zone"


def _prices() -> dict[str, Decimal]:
    return {"on-demand": Decimal("3.00"), "spot": Decimal("0.90")}


@dataclass(frozen=True)
class InstanceType:
    """A type of instance. `prices`: dollars an hour for the whole of it, by capacity type; the same in each zone."""

    name: str = "g6e.2xlarge"
    gpus: int = 1
    zones: tuple[str, ...] = ("zone-a", "zone-b", "zone-c")
    prices: Mapping[str, Decimal] = field(default_factory=_prices)

    def entry(self) -> dict[str, Any]:
        """Return what the instance types file of Karpenter's KWOK provider says of it; all is in stock."""
        room = {"cpu": "8", "memory": "64Gi", "ephemeral-storage": "450Gi", "pods": "58"}
        return {
            "name": self.name,
            "architecture": "amd64",
            "operatingSystems": ["linux"],
            "resources": {**room, "nvidia.com/gpu": str(self.gpus)},
            "offerings": [_offering(zone, *price) for zone in self.zones for price in self.prices.items()],
        }


def _offering(zone: str, capacity_type: str, price: Decimal) -> dict[str, Any]:
    where = {_CAPACITY_TYPE: capacity_type, _ZONE: zone}
    requirements = [{"key": key, "operator": "In", "values": [value]} for key, value in where.items()]
    return {"Price": float(price), "Available": True, "Requirements": requirements}


@dataclass(frozen=True)
class Stock:
    """The instance types file: Karpenter's menu, read once, and the cloud's stock, read at every launch."""

    path: Path

    def fill(self, types: Sequence[InstanceType]) -> None:
        """Write the file anew, with everything in stock."""
        self._write([each.entry() for each in types])

    def change(self, capacity_type: str, zones: Sequence[str], *, available: bool) -> None:
        """Let the offerings of a capacity type in these zones, in all without any, be or not be in stock.

        Raises:
            LookupError: there is no such offering.
        """
        types = json.loads(self.path.read_text(encoding="utf-8"))
        offerings = [each for entry in types for each in entry["offerings"] if _is(each, capacity_type, zones)]
        if not offerings:
            raise LookupError(f"no offering is {capacity_type} in {', '.join(zones) or 'any zone'}")
        for offering in offerings:
            offering["Available"] = available
        self._write(types)

    def _write(self, types: list[dict[str, Any]]) -> None:
        unfinished = self.path.with_suffix(".new")
        unfinished.write_text(json.dumps(types), encoding="utf-8")
        unfinished.replace(self.path)  # at once: a launch may read it this moment


def _is(offering: Mapping[str, Any], capacity_type: str, zones: Sequence[str]) -> bool:
    terms = {each["key"]: each["values"][0] for each in offering["Requirements"]}
    return terms[_CAPACITY_TYPE] == capacity_type and (not zones or terms[_ZONE] in zones)
