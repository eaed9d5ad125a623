"""Queue depth from the external metrics API: whatever KEDA, or another adapter, knows of a queue.

The API server passes the question on, with the operator's own rights: a metric's name is the resource, `list` the
verb, and a Role in the pool's namespace allows it. One question every EVERY for each metric, however often pools look:
adapters ask somebody else in turn, and have limits of their own.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from poolkeeper.api.quantities import parse_quantity
from poolkeeper.core.model import ExternalSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import WORDS, MetricError
from poolkeeper.shell.kept import Kept, Lasts
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Forbidden, KubeError, NotFound, ServerError, TimedOut, Unreachable, Unreadable
from poolkeeper.shell.queues.outside import Found
from poolkeeper.shell.queues.sample import judge

API = "/apis/external.metrics.k8s.io/v1beta1"
EVERY = timedelta(seconds=5)
LONGEST = 2 * WORDS
_SERVED_BY = "kubectl get apiservices v1beta1.external.metrics.k8s.io"
_PAGE = "docs/how-to/scale-by-external-metrics.md"


class Item(msgspec.Struct):
    """One series' value. An adapter that does not know how old it is leaves the timestamp out."""

    value: str
    timestamp: datetime | None = None


class Items(msgspec.Struct):
    """An ExternalMetricValueList."""

    items: list[Item] | None = None


class Question(NamedTuple):
    """What is asked for."""

    namespace: str
    metric: str
    selector: tuple[tuple[str, str], ...]


class ExternalReader:
    """Reads external metrics through the API server."""

    def __init__(self, kube: KubeClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._kept: Kept[Question, Found] = Kept(self._ask, Lasts(EVERY, EVERY), clock)

    async def depth(self, namespace: str, source: ExternalSource) -> Found:
        """Return the sum over the metric's series, as old as the oldest of them."""
        return await self._kept.get(Question(namespace, source.metric, source.selector))

    async def _ask(self, question: Question) -> Found:
        path = f"{API}/namespaces/{question.namespace}/{quote(question.metric, safe='')}"
        chosen = ",".join(f"{key}={value}" for key, value in question.selector)
        try:
            answer = await self._kube.get(path, into=Items, params={"labelSelector": chosen} if chosen else {})
        except KubeError as error:
            raise refused(question, error) from error
        if not answer.items:
            raise MetricError(Reason.METRIC_EMPTY, f"{question.metric} has no series{chosen and f' with {chosen}'}")
        return added(answer.items, self._kube.clock.now())


def added(items: Iterable[Item], now: datetime) -> Found:
    """Return the sum of the items and the instant of the oldest; raises MetricError for what no queue can be.

    What claims to be of the future is of now.
    """
    values, stamps = [], [now]
    for item in items:
        values.append(_number(item.value))
        stamps.append(item.timestamp or now)
    return Found(float(sum(values)), at=min(stamps))


def _number(text: str) -> Decimal:
    try:
        number = parse_quantity(text)
    except ValueError as error:
        raise MetricError(Reason.METRIC_GARBAGE, str(error)[:WORDS]) from error
    if reason := judge(float(number)):
        raise MetricError(reason, f"a series is {text}")
    return number


_TOLD: tuple[tuple[type[KubeError], Reason, str], ...] = (
    (
        Forbidden,
        Reason.METRIC_REFUSED,
        f"a Role in {{where}} must allow `list` on {{metric!r}} of external.metrics.k8s.io ({_PAGE}): {{error}}",
    ),
    (NotFound, Reason.METRIC_EMPTY, "the adapter knows no {metric!r} in {where}: {error}"),
    (TimedOut, Reason.METRIC_TIMEOUT, f"the adapter does not answer; `{_SERVED_BY}` shows it: {{error}}"),
    (
        ServerError,
        Reason.METRIC_SERVER_ERROR,
        f"the adapter fails with {{error.status}}; `{_SERVED_BY}` shows it: {{error}}",
    ),
    (Unreachable, Reason.METRIC_REFUSED, "{error}"),
    (Unreadable, Reason.METRIC_GARBAGE, "{error}"),
    (KubeError, Reason.METRIC_SERVER_ERROR, "{error}"),
)
_NOBODY = f"nobody serves external metrics here: install KEDA or an adapter; `{_SERVED_BY}` shows who does"


def refused(question: Question, error: KubeError) -> MetricError:
    """Return what went wrong, and what to do about it.

    A 404 of the API server's own, for a group that nobody serves, is no Status and so has no reason; an adapter's has.
    """
    if isinstance(error, NotFound) and not error.reason:
        return MetricError(Reason.METRIC_REFUSED, _NOBODY)
    reason, words = next((reason, words) for kind, reason, words in _TOLD if isinstance(error, kind))
    told = words.format(metric=question.metric, where=question.namespace, error=error)
    return MetricError(reason, told[:LONGEST])
