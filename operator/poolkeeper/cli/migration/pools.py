"""All that scales a workload -> its pool, with a note on each field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from poolkeeper.api.names import API_VERSION, KIND
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.api.target import KINDS
from poolkeeper.cli.migration import changeover, downscaler, hpa, keda
from poolkeeper.cli.migration.fields import whole
from poolkeeper.cli.migration.matchers import Home
from poolkeeper.cli.migration.objects import Group
from poolkeeper.cli.migration.outcome import UNREADABLE, Json, Note, Part, Step, UnfitError, carried, joined, left
from poolkeeper.cli.migration.places import Places, named

SOURCES = {"prometheus": "prometheus", "redis": "redis", "rabbitmq": "rabbitMq"}
"""Our sources by the kind of server that they name."""
OURS = ("timezone", "leadTime", "windows", "outside")


@dataclass(frozen=True, slots=True)
class Migrated:
    """A pool, what it was made of, what became of each field, and how the workload is handed over."""

    group: Group
    body: Json
    notes: tuple[Note, ...]
    servers: tuple[tuple[str, str, str], ...] = ()
    steps: tuple[Step, ...] = field(default=())

    @property
    def name(self) -> str:
        """The pool's name."""
        return str(self.body["metadata"]["name"])

    @property
    def origin(self) -> str:
        """What it was made of, as kubectl names it."""
        _, kind, workload = self.group.target
        marks = [f"{kind.lower()}/{workload}'s downscaler annotations"] if self.group.told else []
        return " and ".join([*map(changeover.shown, self.group.scalers), *marks])


def servers(groups: Sequence[Group]) -> Places:
    """Return the names of all servers that are named anywhere."""
    return named(place for one in groups for place in readable(one))


def readable(group: Group) -> list[tuple[str, str]]:
    """Return the servers that a group names; none where it cannot be read, which is said when it is migrated."""
    try:
        return [place for body in group.scalers if body["kind"] == keda.KIND for place in keda.addresses(body)]
    except UNREADABLE:
        return []


def migrated(group: Group, places: Places, now: datetime, file: str) -> Migrated:
    """Return the pool of a workload; `file` is where it will be.

    Raises:
        UnfitError: there can be none; the words say why.
    """
    space, kind, workload = group.target
    if kind not in KINDS:
        raise UnfitError(f"scaleTargetRef.kind: {kind} cannot be a pool's target; these can: {', '.join(KINDS)}")
    if len(group.scalers) > 1:
        both = " and ".join(map(changeover.shown, group.scalers))
        raise UnfitError(
            f"{both} scale the same {kind.lower()}/{workload}: two writers already; give the one that is right"
        )
    part = joined(parts(group, places, now))
    spec = {"targetRef": aimed(kind, workload), "mode": "Observe", **ordered(part.spec)}
    try:
        parse_spec(spec)
    except SpecError as error:
        raise UnfitError(f"the pool that it comes to is none: {'; '.join(error.problems)}") from error
    body = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": workload, "namespace": space}, "spec": spec}
    return Migrated(
        group, body, part.notes, tuple(used(group, spec, places)), tuple(changeover.steps(group, workload, file))
    )


def used(group: Group, spec: Json, places: Places) -> Iterator[tuple[str, str, str]]:
    """Yield the servers that a pool names: kind, address and name."""
    named = {(kind, one[kind].get("server")) for one in spec["queue"]["sources"] for kind in one if kind != "name"}
    for kind, address in dict.fromkeys(readable(group)):
        if (SOURCES[kind], places[kind, address]) in named:
            yield kind, address, places[kind, address]


def parts(group: Group, places: Places, now: datetime) -> list[Part]:
    """Return the parts of a pool: what its scaler comes to, then what the downscaler does."""
    found = [
        keda.part(one, places, now)
        if one["kind"] == keda.KIND
        else hpa.part(one, Home(group.target[0], group.target[2]))
        for one in group.scalers
    ]
    if not downscaler.schedules(group.told):
        return found
    known = joined(found or [standing(group)])
    clock = downscaler.part(group.told, known.spec["minReplicas"], known.spec["maxReplicas"])
    if "schedule" in known.spec and "schedule" in clock.spec:
        words = "the ScaledObject's own cron triggers are the pool's schedule: write these times as windows beside them"
        return [known, Part({}, (left("downscaler/uptime", words),))]
    return [known, clock]


def standing(group: Group) -> Part:
    """Return the size of a workload that nobody but the downscaler scales: up is what it has now, or had.

    Raises:
        UnfitError: it is down, and nothing tells what it had.
    """
    original = group.told.get("original-replicas")
    size = int(original.value) if original and original.value.isdecimal() else None
    size = size or whole(group.workload["spec"], "replicas", "spec.replicas", 1)
    if not size:
        raise UnfitError("spec.replicas: 0, and nothing says how many there are by day: migrate it while it is up")
    words = (
        f"{size} while it is up, exactly as today; a smaller minReplicas lets the queue decide, with no other change"
    )
    queue = {"sources": [{"name": "pods", "pods": {}}]}
    return Part({"minReplicas": size, "maxReplicas": size, "queue": queue}, (carried("spec.replicas", words),))


def aimed(kind: str, workload: str) -> Json:
    """Return the reference to a workload."""
    return {"name": workload} if kind == "Deployment" else {"kind": kind, "name": workload}


def ordered(spec: Json) -> Json:
    """Return a spec as people write it: the bounds, the queue, the schedule."""
    schedule = spec.get("schedule")
    made = {name: spec[name] for name in ("minReplicas", "maxReplicas", "queue")}
    order = ("combine", "thresholdsPer", "sources", "scaleUp", "scaleDown", "onOutage")
    made["queue"] = {name: spec["queue"][name] for name in order if name in spec["queue"]}
    return made | ({"schedule": {name: schedule[name] for name in OURS if name in schedule}} if schedule else {})
