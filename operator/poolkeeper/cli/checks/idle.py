"""What `poolkeeper check` tells of an idle time that can never pass: nobody says what runs, or a floor holds."""

from collections.abc import Iterator

from poolkeeper.core.model import ExternalSource, PodsSource, PoolSpec, PrometheusSource, RedisSource, Schedule, Source

FIELD = "spec.queue.scaleDown.idleAfter"


def cautions(spec: PoolSpec) -> Iterator[str]:
    """Yield why the last replica would never leave, though an idle time is given."""
    if spec.queue.down.idle_after is None:
        return
    if (floor := lowest(spec)) > 0:
        yield f"{FIELD} does nothing: the pool keeps {floor} or more all the time; minReplicas: 0 lets the last one go"
    if silent := silent_sources(spec):
        yield (
            f"{FIELD} needs a source that tells what runs: pods, a Redis stream, RabbitMQ, a picker; "
            f"{', '.join(silent)} does not, so the last replica never counts as idle"
        )


def lowest(spec: PoolSpec) -> int:
    """Return the smallest floor that the pool ever has, in and outside of its windows."""
    schedule = spec.schedule or Schedule()
    floors = [limits.floor for limits in (schedule.outside, *(window.limits for window in schedule.windows))]
    return min(spec.min_replicas if floor is None else floor for floor in floors)


def silent_sources(spec: PoolSpec) -> list[str]:
    """Return the sources whose work may run unseen; none where the pods, which see all of it, are asked."""
    if any(isinstance(source, PodsSource) for source in spec.queue.sources):
        return []
    return [source.name for source in spec.queue.sources if not tells_what_runs(source)]


def tells_what_runs(source: Source) -> bool:
    """Return whether a source knows what is worked on, not only what waits."""
    if isinstance(source, RedisSource):
        return bool(source.group)
    return not isinstance(source, PrometheusSource | ExternalSource)
