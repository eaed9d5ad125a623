"""What the operator measures of itself: its event loop, its requests, its writes that wait, its samples, its health.

A look costs nothing here but one count for each source; all else is measured at a request, at a heartbeat, or when the
page is read.
"""

import platform
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, GCCollector, Histogram, ProcessCollector

from poolkeeper.core.observation import Reading
from poolkeeper.shell.kube_wire import Call
from poolkeeper.shell.write_budget import Priority, WriteBudget

SECONDS = (
    0.0001,
    0.00025,
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.075,
    0.1,
    0.15,
    0.2,
    0.25,
    0.5,
    1,
    2.5,
    5,
)
"""The edges of all histograms. Where latencies have limits (75, 150 and 200 ms of lag), there are edges."""
FINE = "200", "201", "202"
TOLD = "404", "409", "410"
"""Answers after which nothing is sent again: there is no such thing, somebody was faster, the version is too old."""
FAILING = 10_000
"""Of so many requests that failed, the last ones, it is known when they are sent again."""
GOOD = "Good"


class OwnMetrics:
    """The metrics. As a client's ear it counts requests and retries; `beat` is told how late each heartbeat was."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, words: str, labels: tuple[str, ...] = ()) -> Gauge:
            return Gauge(f"poolkeeper_{name}", words, labels, registry=registry)

        def counter(name: str, words: str, *labels: str) -> Counter:
            return Counter(f"poolkeeper_{name}", words, labels, registry=registry)

        def histogram(name: str, words: str, *labels: str) -> Histogram:
            return Histogram(f"poolkeeper_{name}_seconds", words, labels, registry=registry, buckets=SECONDS)

        self.event_loop_delay = histogram(
            "event_loop_delay", "How late a heartbeat came, ten a second: so long nothing else could happen either."
        )
        self.requests = counter(
            "api_requests",
            "Requests to the API server, by the HTTP status of the answer, or by what came in its place.",
            "verb",
            "code",
        )
        self.retries = counter("api_retries", "Requests but POST that were sent again after they had failed.", "verb")
        self.request_seconds = histogram("api_request_duration", "One request, without watches.", "verb")
        self.write_wait = histogram("write_queue_wait", "How long a write waited for its turn.")
        self.writes_waiting = gauge("write_queue_waiting", "Writes that wait for their turn.", ("priority",))
        self.oldest_write = gauge("write_queue_oldest_seconds", "How long the oldest of them has waited.")
        self.readings = counter("readings", "Looks at a source, by what became of them.", "result")
        self.pod_faults = counter("pod_faults", "Pods that could not be read at a look, by why.", "reason")
        self.lease_left = gauge("lease_left_seconds", "For how long this process may write without another renewal.")
        self.problems = gauge("problems", "What /readyz tells to be in the way, by the part that it is in.", ("part",))
        self.unheard = gauge("pools_unheard", "Pools whose newest generation kopf's watch has not told of.")
        self.started = gauge("start_time_seconds", "When this process began, in seconds since 1970.")
        self.build = gauge("build_info", "1, with what this process is made of.", ("version", "python", "kopf"))
        self._count_good = self.readings.labels(GOOD).inc
        self._failing: OrderedDict[tuple[str, str], None] = OrderedDict()
        self.started.set(time.time())
        self.build.labels(version("poolkeeper"), platform.python_version(), version("kopf")).set(1)
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)

    def answered(self, call: Call, code: str, seconds: float) -> None:
        """Count a request; of one that goes on, as a watch does, that it was accepted."""
        self.requests.labels(call.verb, code).inc()
        if call.verb != "WATCH":
            self.request_seconds.labels(call.verb).observe(seconds)
        self._note(call, failed=code not in FINE and code not in TOLD)

    def waited(self, seconds: float) -> None:
        """Note how long a write waited for its turn."""
        self.write_wait.observe(seconds)

    def seen(self, readings: Iterable[Reading]) -> None:
        """Count what sources have said."""
        for reading in readings:
            self.readings.labels(reading.fault.value).inc() if reading.fault else self._count_good()
            for fault in reading.faults:
                self.pod_faults.labels(fault.reason.value).inc()

    def measure_writes(self, budget: WriteBudget) -> None:
        """Show what waits in a budget, from now on."""
        for priority in Priority:
            waiting = self.writes_waiting.labels(priority.name.lower())
            waiting.set_function(partial(budget.waiting, priority))
        self.oldest_write.set_function(budget.oldest)

    def measure_problems(self, parts: Mapping[str, Callable[[], Collection[str]]]) -> None:
        """Show how many problems each part has, from now on."""
        for part, problems in parts.items():
            self.problems.labels(part).set_function(partial(_number, problems))

    def _note(self, call: Call, *, failed: bool) -> None:
        """Count what is sent again; a POST says nothing of what it makes: each to a collection may be another one."""
        what = (call.verb, call.path)
        if call.verb == "POST" or not (failed or what in self._failing):
            return
        if what in self._failing:
            self.retries.labels(call.verb).inc()
            del self._failing[what]
        if failed:
            self._failing[what] = None
        if len(self._failing) > FAILING:
            self._failing.popitem(last=False)


def _number(ask: Callable[[], Collection[str]]) -> int:
    return len(ask())
