"""A HorizontalPodAutoscaler -> its part of a pool."""

from poolkeeper.cli.migration import behavior, metrics, signals
from poolkeeper.cli.migration.matchers import Home
from poolkeeper.cli.migration.outcome import Json, Part, UnfitError, joined, left

KIND = "HorizontalPodAutoscaler"


def part(body: Json, home: Home) -> Part:
    """Return what a HorizontalPodAutoscaler of this workload comes to.

    Raises:
        UnfitError: a part of it is not what the API server takes.
    """
    spec = body["spec"]
    least, most, sizes = behavior.bounds(spec, ("minReplicas", "maxReplicas"), (1, 1))
    try:
        each = [metrics.read(place, one, home) for place, one in enumerate(spec.get("metrics") or ())]
    except ValueError as error:
        raise UnfitError(str(error)) from error
    demand = signals.queue([one.signal for one in each if one.signal])
    made = joined(
        (
            Part({"minReplicas": least, "maxReplicas": most}, sizes),
            Part(demand.spec, (*(note for one in each for note in one.notes), *demand.notes)),
            old(spec),
            behavior.speed(spec.get("behavior") or {}, most),
        )
    )
    if least or any("pods" not in one for one in made.spec["queue"]["sources"]):
        return made
    words = "0 needs a source besides pods: 1 it is for now (docs/how-to/scale-to-zero.md)"
    return joined((made, Part({"minReplicas": 1}, (left("minReplicas", words),))))


def old(spec: Json) -> Part:
    """Return what becomes of the one metric of autoscaling/v1."""
    percent = spec.get("targetCPUUtilizationPercentage")
    if percent is None:
        return Part()
    words = f"{percent} % of the CPU says nothing of a GPU's queue: the pods' own pages are read instead (source pods)"
    return Part({}, (left("targetCPUUtilizationPercentage", words),))
