"""The objects that were given, by the workload that each of them scales."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from poolkeeper.api.target import KINDS
from poolkeeper.cli.manifest import Loader, refusal
from poolkeeper.cli.migration import downscaler, hpa, keda
from poolkeeper.cli.migration.outcome import Json

NAMESPACE = "Namespace"
JOB = "ScaledJob"
Target = tuple[str, str, str]
"""A workload: its namespace, kind and name."""


@dataclass
class Group:
    """All that is known of one workload: who scales it, itself, and its namespace."""

    target: Target
    scalers: list[Json] = field(default_factory=list)
    workload: Json = field(default_factory=dict)
    namespace: Json = field(default_factory=dict)

    @property
    def told(self) -> dict[str, downscaler.Told]:
        """What kube-downscaler is told of it."""
        return downscaler.annotations(self.workload, self.namespace)

    @property
    def is_scaled(self) -> bool:
        """Whether anybody scales it."""
        return bool(self.scalers) or downscaler.schedules(self.told)


def read(file: Path) -> list[Json]:
    """Return the objects of a YAML file, those in lists too.

    Raises:
        typer.BadParameter: it cannot be read.
    """
    try:
        found: list[Any] = list(yaml.load_all(file.read_text(encoding="utf-8"), Loader))
    except OSError as error:
        raise refusal(f"{file}: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise refusal(f"{file}: {error}") from error
    bodies = [one for each in found if isinstance(each, dict) for one in each.get("items") or [each]]
    lacking = [words for words in map(lack, bodies) if words]
    if lacking:
        raise refusal(f"{file}: {'; '.join(lacking)}")
    return bodies


def lack(body: Json) -> str:
    """Return what an object lacks of what every one of its kind has; empty where nothing, or of any other kind."""
    kind = str(body.get("kind"))
    if kind not in {keda.KIND, hpa.KIND, JOB, NAMESPACE, *KINDS}:
        return ""
    name = (body.get("metadata") or {}).get("name")
    spec = body.get("spec") or {}
    if not name:
        return f"a {kind} has no metadata.name"
    if kind in {keda.KIND, hpa.KIND} and not (spec.get("scaleTargetRef") or {}).get("name"):
        return f"{kind} {name} has no spec.scaleTargetRef.name"
    fields = [("triggers", one) for one in spec.get("triggers") or ()] if kind == keda.KIND else []
    fields += [("metrics", one) for one in spec.get("metrics") or ()] if kind == hpa.KIND else []
    bad = next((field for field, one in fields if "type" not in one), "")
    return f"{kind} {name}: one of spec.{bad} has no type" if bad else ""


def groups(bodies: Iterable[Json], namespace: str) -> list[Group]:
    """Return what is scaled, each workload with all that is known of it; `namespace` is that of who names none."""
    found: dict[Target, Group] = {}
    spaces: dict[str, Json] = {}
    for body in bodies:
        if body.get("kind") == NAMESPACE:
            spaces[body["metadata"]["name"]] = body
        target = aim(body, namespace)
        if target is None:
            continue
        group = found.setdefault(target, Group(target))
        if body["kind"] in KINDS:
            group.workload = body
        else:
            group.scalers.append(body | {"metadata": body["metadata"] | {"namespace": target[0]}})
    for group in found.values():
        group.namespace = spaces.get(group.target[0], {})
    return sorted((one for one in found.values() if one.is_scaled), key=lambda one: one.target)


def aim(body: Json, namespace: str) -> Target | None:
    """Return the workload that an object scales or is, None where it is neither."""
    kind, metadata = body.get("kind"), body.get("metadata") or {}
    place = metadata.get("namespace") or namespace
    if kind in KINDS:
        return place, str(kind), metadata["name"]
    if kind == keda.KIND or (kind == hpa.KIND and not made_by_keda(body)):
        aimed = body["spec"]["scaleTargetRef"]
        return place, str(aimed.get("kind") or "Deployment"), aimed["name"]
    return None


def made_by_keda(body: Json) -> bool:
    """Return whether a HorizontalPodAutoscaler is a ScaledObject's own."""
    owners = body["metadata"].get("ownerReferences") or ()
    return any(owner.get("kind") == keda.KIND for owner in owners)


def jobs(bodies: Iterable[Json]) -> Iterator[str]:
    """Yield the names of the ScaledJobs: a pool scales what stays."""
    return (f"scaledjob/{body['metadata']['name']}" for body in bodies if body.get("kind") == JOB)
