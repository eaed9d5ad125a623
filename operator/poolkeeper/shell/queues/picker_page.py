"""What an endpoint picker's metrics page says of its InferencePool, whatever the picker's version calls it.

    held        requests in flow control: they wait in the picker until a model server has room
    average     requests that wait at a model server, on average over those of which the picker has fresh figures
    ready       of how many model servers it has them
    apiece      requests that wait at model servers, one server beside the other

Older pickers cut the average off to a whole number, three waiting over four servers being none; what they tell
apiece is whole, so the larger of both counts. How saturated a pool is, is never looked at: 1.0 stands for an empty
pool, too.

Names and labels as in llm-d-router, pkg/epp/metrics/llm_d_router_metrics.go (`llm_d_epp_`; `llm_d_router_epp_` for some
weeks of 2026) and gateway-api-inference-extension, pkg/epp/metrics/metrics.go (the others, printed by both).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.exposition import MalformedError, Sample, check, mentions, read
from poolkeeper.shell.queues.sample import judge

_PREFIXES = ("llm_d_epp_", "llm_d_router_epp_")


def _names(name: str, old: str) -> tuple[str, ...]:
    return (*(prefix + name for prefix in _PREFIXES), old)


AVERAGE = _names("average_queue_size", "inference_pool_average_queue_size")
RUNNING = _names("average_running_requests", "inference_pool_average_running_requests")
READY = _names("ready_endpoints", "inference_pool_ready_pods")
APIECE = _names("per_endpoint_queue_size", "inference_pool_per_pod_queue_size")
HELD = _names("flow_control_queue_size", "inference_extension_flow_control_queue_size")
_OWN = (b"llm_d_epp_", b"llm_d_router_epp_", b"inference_extension_", b"inference_pool_", b"inference_objective_")


class PickerPage(NamedTuple):
    """One picker's page. Without fresh figures of any server, `ready` is 0 and nothing else of servers counts."""

    held: float
    ready: float = 0.0
    average: float = 0.0
    apiece: float = 0.0
    running: float | None = None

    @property
    def waiting(self) -> float:
        """How many requests wait at model servers."""
        return max(self.average * self.ready, self.apiece) if self.ready else 0.0

    @property
    def working(self) -> float | None:
        """How many requests run there, None where the picker does not tell or does not know."""
        return self.running * self.ready if self.ready and self.running is not None else None


def page_of(page: bytes, pool: str) -> PickerPage:
    """Read a picker's page for the InferencePool of this name.

    Raises:
        MetricError: it is no picker's or another pool's, it cannot be read, or holds what no queue can be.
    """
    try:
        held, ready, average = list(_values(page, HELD, pool)), _value(page, READY, pool), _value(page, AVERAGE, pool)
        if not held and ready is None and average is None:
            _check(page, pool)
        if ready and average is None:
            raise MetricError(Reason.METRIC_EMPTY, f"the page has no {AVERAGE[0]} of InferencePool {pool!r}")
        apiece, running = sum(_values(page, APIECE, pool)), _value(page, RUNNING, pool)
    except MalformedError as error:
        raise MetricError(Reason.METRIC_GARBAGE, str(error)) from error
    return PickerPage(sum(held), ready or 0.0, average or 0.0, apiece, running)


def _check(page: bytes, pool: str) -> None:
    """Raise MetricError for a page that says nothing of the pool since it is not its picker's."""
    if not any(mentions(page, prefix) for prefix in _OWN):
        check(page)
        raise MetricError(Reason.METRIC_EMPTY, "the page shows no metrics of an endpoint picker")
    shown = {_pool(one) for found in read(page, [*READY, *AVERAGE, *HELD]).values() for one in found}
    if shown and not shown & {pool, ""}:
        words = f"the picker tells of InferencePool {', '.join(map(repr, sorted(shown)))} and not of {pool!r}"
        raise MetricError(Reason.METRIC_EMPTY, words)


def _pool(one: Sample) -> str:
    """Return whose sample it is, empty where it does not say: the first pickers' flow control had no such label."""
    return one.labels.get("inference_pool", one.labels.get("name", ""))


def _value(page: bytes, names: Iterable[str], pool: str) -> float | None:
    return next(_values(page, names, pool), None)


def _values(page: bytes, names: Iterable[str], pool: str) -> Iterator[float]:
    """Yield the values of the newest name that the page has for the pool; pickers print the older ones as well."""
    for name in names:
        found = [one for one in read(page, [name]).get(name, ()) if _pool(one) in {pool, ""}]
        if found:
            yield from (_sound(name, one) for one in found)
            return


def _sound(name: str, one: Sample) -> float:
    if reason := judge(one.value):
        raise MetricError(reason, f"{name} is {one.value}")
    return one.value
