"""A KEDA ScaledObject -> its part of a pool.

Source: `apis/keda/v1alpha1/scaledobject_types.go` and `pkg/scaling/executor/scale_scaledobjects.go` of KEDA 2.20.
"""

from collections.abc import Iterator
from datetime import datetime

from poolkeeper.cli.migration import behavior, crons, signals
from poolkeeper.cli.migration.fields import whole
from poolkeeper.cli.migration.outcome import Json, Note, Part, UnfitError, carried, differs, joined, left
from poolkeeper.cli.migration.places import Places
from poolkeeper.cli.migration.triggers import CRON, Trigger, asked, read, triggers

KIND, GROUP = "ScaledObject", "keda.sh"
PAUSED, PAUSED_REPLICAS, PAUSED_DOWN = (
    f"autoscaling.keda.sh/{name}" for name in ("paused", "paused-replicas", "paused-scale-down")
)
COOLDOWN, LOOK = 300, 15
"""Seconds: `cooldownPeriod` where nobody says, and how often the HorizontalPodAutoscaler under it looks."""


def addresses(body: Json) -> list[tuple[str, str]]:
    """Return the servers that a ScaledObject names, as kinds and addresses."""
    return [place for one in triggers(body) for place in asked(one)]


def part(body: Json, places: Places, now: datetime) -> Part:
    """Return what a ScaledObject comes to.

    Raises:
        UnfitError: a part of it is not what KEDA takes.
    """
    spec, annotations = body["spec"], body["metadata"].get("annotations") or {}
    least, most, sizes = behavior.bounds(spec, ("minReplicaCount", "maxReplicaCount"), (0, 100))
    try:
        found = triggers(body)
        demand = measured([one for one in found if one.type != CRON], places)
        clock = clocked(found, (least, most), now)
    except ValueError as error:
        raise UnfitError(str(error)) from error
    advanced = spec.get("advanced") or {}
    rules = (advanced.get("horizontalPodAutoscalerConfig") or {}).get("behavior") or {}
    parts = [
        Part({"minReplicas": least, "maxReplicas": most}, sizes),
        demand,
        behavior.speed(rules, most),
        outage(spec),
        clock,
        Part({}, tuple(others(spec, advanced))),
        paused(annotations),
    ]
    return from_zero(joined(parts), spec, only="outside" in clock.spec.get("schedule", {}))


def measured(found: list[Trigger], places: Places) -> Part:
    """Return the queue's sources and thresholds."""
    each = [read(one, places) for one in found]
    known = [one.signal for one in each if one.signal]
    made = signals.queue(known)
    return Part(made.spec, (*(note for one in each for note in one.notes), *made.notes))


def clocked(found: list[Trigger], bounds: tuple[int, int], now: datetime) -> Part:
    """Return the schedule; where nothing but the clock sizes it, all of it known here, nothing else may."""
    timed = [one for one in found if one.type == CRON]
    clock = crons.windows(timed, bounds, now)
    only = bool(timed) and len(timed) == len(found)
    return clock_only(clock, bounds) if only and crons.in_one_zone(timed) else clock


def clock_only(part: Part, bounds: tuple[int, int]) -> Part:
    """Return the schedule of who has cron triggers alone: outside of the windows exactly the least."""
    least, _ = bounds
    schedule = part.spec["schedule"] | {"outside": {"minReplicas": least, "maxReplicas": least}}
    fixed = [one | {"maxReplicas": one["minReplicas"]} for one in schedule["windows"]]
    words = (
        f"with no other trigger the clock alone sized it: {least} outside, and exactly what a window says within. "
        "Take maxReplicas out of a window, and the queue may ask for more in it"
    )
    spec = {"schedule": schedule | {"windows": fixed}}
    return Part(spec, (*part.notes, carried("triggers", words)))


def outage(spec: Json) -> Part:
    """Return what is done while the metrics are gone."""
    fallback = spec.get("fallback")
    if not fallback:
        return Part({}, (carried("fallback", "none: an error holds the size, there and here"),))
    replicas, failures = (whole(fallback, name, f"fallback.{name}") for name in ("replicas", "failureThreshold"))
    kind, after = fallback.get("behavior", "static"), behavior.seconds(failures * LOOK)
    if kind == "currentReplicas" or not replicas or kind == "currentReplicasIfLower":
        words = f"{kind}: the size is held" + (", and never made smaller" if kind != "currentReplicas" else "")
        return Part({"queue": {"onOutage": {"after": after}}}, (differs("fallback", words),))
    made = {"queue": {"onOutage": {"after": after, "behavior": "AtLeast", "replicas": replicas}}}
    words = f"{replicas} at least after {after} ({failures} looks of {LOOK} s)"
    if kind == "static":
        return Part(made, (differs("fallback", f"{words}; exactly so many there, also where that took some away"),))
    return Part(made, (carried("fallback", words),))


def from_zero(found: Part, spec: Json, *, only: bool) -> Part:
    """Return the part with what may go to zero; a pool that only its pods tell of cannot wake from there.

    `only`: nothing but the clock sizes it, so nobody has to wake it.
    """
    idle = spec.get("idleReplicaCount")
    if found.spec["minReplicas"] and idle is None:
        return found
    cooldown = behavior.seconds(whole(spec, "cooldownPeriod", "cooldownPeriod", COOLDOWN))
    field = "idleReplicaCount" if idle is not None else "minReplicaCount"
    sources = found.spec["queue"]["sources"]
    if only:
        words = "0 outside of the windows; the pool itself says 1, which counts nowhere"
        return joined((found, Part({"minReplicas": 1}, (carried(field, words),))))
    if all("pods" in one for one in sources):
        kept = max(1, found.spec["minReplicas"])
        words = f"0 needs who knows the queue without pods, as a gateway: {kept} for now (docs/how-to/scale-to-zero.md)"
        return joined((found, Part({"minReplicas": kept}, (left(field, words),))))
    words = f"the last replica leaves when nothing waits or runs for {cooldown} (cooldownPeriod; scaleDown.idleAfter)"
    if idle is not None and found.spec["minReplicas"]:
        words += f"; there, work brought {found.spec['minReplicas']} at once, here as many as it needs"
    made: Json = {"minReplicas": 0, "queue": {"scaleDown": {"idleAfter": cooldown}}}
    if not any("pods" in one for one in sources) and not all(tells_what_runs(one) for one in sources):
        made["queue"] |= {"sources": [*sources, {"name": "pods", "pods": {}}], "combine": "Max"}
        words += ". What runs only the pods tell, so they are asked too"
    return joined((found, Part(made, (differs(field, words),))))


def tells_what_runs(source: Json) -> bool:
    """Return whether a source tells, without the pods, what is worked on."""
    return "stream" in source.get("redis", {}) or "rabbitMq" in source


def others(spec: Json, advanced: Json) -> Iterator[Note]:
    """Yield notes on the fields that no part of a pool comes from."""
    if "pollingInterval" in spec:
        words = f"{spec['pollingInterval']} s was for zero alone, else 15 s; here every second (queue.interval)"
        yield differs("pollingInterval", words)
    if spec.get("initialCooldownPeriod"):
        yield left(
            "initialCooldownPeriod", "a new pool starts from the size that it finds, and takes nothing away at once"
        )
    if advanced.get("restoreToOriginalReplicaCount"):
        words = (
            "deleting a pool never changes the size; take this out before the ScaledObject is deleted, or KEDA sets it"
        )
        yield left("advanced.restoreToOriginalReplicaCount", words)
    if advanced.get("scalingModifiers"):
        words = (
            "a formula of triggers is not known: write it as one query of Prometheus. The triggers stand as they are"
        )
        yield left("advanced.scalingModifiers", words)
    if spec["scaleTargetRef"].get("envSourceContainerName"):
        yield left("scaleTargetRef.envSourceContainerName", "a pool reads no environment: servers are the operator's")


def paused(annotations: Json) -> Part:
    """Return what becomes of a pause."""
    notes = []
    if PAUSED in annotations or PAUSED_REPLICAS in annotations:
        name = PAUSED_REPLICAS if PAUSED_REPLICAS in annotations else PAUSED
        words = "it is paused: mode: Observe is no more than that; what size it stands at now is where the pool begins"
        notes.append(differs(name, words))
    if str(annotations.get(PAUSED_DOWN, "false")).lower() == "true":
        return Part(
            {"queue": {"scaleDown": {"below": 0}}},
            (*notes, carried(PAUSED_DOWN, "no shrink, as scaleDown.below: 0")),
        )
    return Part({}, tuple(notes))
