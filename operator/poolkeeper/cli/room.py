"""How many more pods a namespace's quotas take: pure arithmetic on ResourceQuotas and a pod template.

Source: a quota counts `requests.X`, plain `cpu` and `memory` (both are requests), `limits.X`, and `pods`. An
extended resource (a GPU) has the same request as limit. Quotas with scopes count some pods only and are left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from poolkeeper.api.quantities import parse_quantity

Json = Mapping[str, Any]

PLAIN = ("cpu", "memory", "ephemeral-storage")
PODS = ("pods", "count/pods")


@dataclass(frozen=True, slots=True)
class Shortage:
    """A quota that has `left` of a resource where `wanted` is asked for; with a limit of `needed` it would do."""

    quota: str
    resource: str
    wanted: Decimal
    left: Decimal
    needed: Decimal

    @property
    def shown(self) -> str:
        """How messages name the quota."""
        return f"resourcequota/{self.quota}"


def requests(template: Json) -> dict[str, Decimal]:
    """Return what one pod of a template counts for, by a quota's names for it.

    >>> asked = {"limits": {"nvidia.com/gpu": "2"}}
    >>> requests({"spec": {"containers": [{"resources": asked}]}})["requests.nvidia.com/gpu"]
    Decimal('2')
    """
    made: Counter[str] = Counter()
    for container in (template.get("spec") or {}).get("containers") or ():
        resources = container.get("resources") or {}
        limits = resources.get("limits") or {}
        for name, amount in {**limits, **(resources.get("requests") or {})}.items():
            made[f"requests.{name}"] += parse_quantity(str(amount))  # type: ignore[assignment]
            if name in PLAIN:
                made[name] += parse_quantity(str(amount))  # type: ignore[assignment]
        for name, amount in limits.items():
            made[f"limits.{name}"] += parse_quantity(str(amount))  # type: ignore[assignment]
    return {**{name: Decimal(amount) for name, amount in made.items()}, **dict.fromkeys(PODS, Decimal(1))}


def shortages(quotas: Iterable[Json], each: Mapping[str, Decimal], more: int) -> Iterator[Shortage]:
    """Yield what keeps so many more pods, that ask for this `each`, from being made."""
    for quota in quotas:
        spec, used = quota.get("spec") or {}, (quota.get("status") or {}).get("used") or {}
        if spec.get("scopes") or spec.get("scopeSelector"):
            continue
        for name, hard in (spec.get("hard") or {}).items():
            limit, taken = parse_quantity(str(hard)), parse_quantity(used.get(name, "0"))
            wanted = each.get(name, Decimal(0)) * more
            if wanted > limit - taken:
                yield Shortage(quota["metadata"]["name"], name, wanted, limit - taken, taken + wanted)
