"""R3: a bad metric never scales down.

    short samples, clock running | the fault is said; the grace becomes short | good samples again
    pools of 10 replicas           nothing may fall, for three graces           one falls after a whole grace

Faults of a pod's page are met by direct scrape, those of a series through the real Prometheus.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fleet import Fault
from rig.manifests import pool, published
from rig.space import Space
from rig.waiting import let_pass

Json = dict[str, Any]

GRACE, SLACK = 6, 0.5
LONG_GRACE = "1h"
REPLICAS = 10
HOUR = 3600
WAITING, UPDATED = "e2e_waiting", "e2e_updated_timestamp_seconds"
PAGES = {
    "refused": (Fault.REFUSED, "MetricRefused"),
    "timeout": (Fault.TIMEOUT, "MetricTimeout"),
    "http-500": (Fault.HTTP_500, "MetricServerError"),
    "empty": (Fault.EMPTY, "MetricEmpty"),
    "nan": (Fault.NAN, "MetricNotANumber"),
    "infinite": (Fault.INFINITE, "MetricInfinite"),
    "negative": (Fault.NEGATIVE, "MetricNegative"),
    "stale-page": (Fault.STALE, "MetricStale"),
    "garbage": (Fault.GARBAGE, "MetricGarbage"),
}


@dataclass(frozen=True)
class Case:
    """One fault: what the pool must say of it, its source, and how it begins and ends."""

    name: str
    reason: str
    source: Json
    begin: Callable[[], None]
    end: Callable[[], None]
    prepare: Callable[[], None] = lambda: None


def on_pages(space: Space, name: str, fault: Fault, reason: str, share: float = 1.0) -> Case:
    """A fault of the pods' own pages."""
    workload = space.workload(name)
    return Case(
        name,
        reason,
        {"name": "pods", "pods": {}},
        begin=lambda: space.fleet.fault(workload, fault, share=share),
        end=lambda: space.fleet.clear(workload),
    )


def several(space: Space) -> Case:
    """A raw query that suddenly gives two elements."""
    labels = {"case": f"{space.name}-several"}
    return Case(
        "several",
        "MetricSeveral",
        {"name": "raw", "prometheus": {"query": f'{WAITING}{{case="{labels["case"]}"}}'}},
        prepare=lambda: space.fleet.gauge(WAITING, 0, labels),
        begin=lambda: space.fleet.gauge(WAITING, 0, {**labels, "shard": "2"}),
        end=lambda: space.fleet.drop(WAITING, {**labels, "shard": "2"}),
    )


def vanished(space: Space) -> Case:
    """A raw query that suddenly gives nothing."""
    labels = {"case": f"{space.name}-vanished"}
    return Case(
        "vanished",
        "MetricEmpty",
        {"name": "raw", "prometheus": {"query": f'{WAITING}{{case="{labels["case"]}"}}'}},
        prepare=lambda: space.fleet.gauge(WAITING, 0, labels),
        begin=lambda: space.fleet.drop(WAITING, labels),
        end=lambda: space.fleet.gauge(WAITING, 0, labels),
    )


def stale(space: Space) -> Case:
    """A series whose exporter goes on serving what it saw long ago, as its own clock gauge tells."""
    labels = {"case": f"{space.name}-stale"}
    query = {name: f'{name}{{case="{labels["case"]}"}}' for name in (WAITING, UPDATED)}

    def show() -> None:
        space.fleet.gauge(WAITING, 0, labels)
        space.fleet.gauge(UPDATED, time.time() + HOUR, labels)

    return Case(
        "stale",
        "MetricStale",
        {"name": "raw", "prometheus": {"query": query[WAITING], "freshness": query[UPDATED], "maxAge": "10s"}},
        prepare=show,
        begin=lambda: space.fleet.gauge(UPDATED, time.time() - HOUR, labels),
        end=show,
    )


def dead_pod(space: Space) -> Case:
    """An exporter that serves nothing but the series of a pod that is gone."""
    name = "dead-pod"

    def live(act: Callable[[str], None]) -> None:
        for pod in space.pods(name):
            act(pod.name)

    def show() -> None:
        live(lambda pod: space.show_pod(name, pod, 0))

    def begin() -> None:
        space.show_pod(name, "dead-pod-gone", 0)
        live(lambda pod: space.hide_pod(name, pod))

    return Case(name, "MetricDeadPod", space.series_of(name), prepare=show, begin=begin, end=show)


def all_cases(space: Space) -> list[Case]:
    """The twelve faults, two of them in both of their forms."""
    pages = [on_pages(space, name, fault, reason) for name, (fault, reason) in PAGES.items()]
    half = on_pages(space, "half-silent", Fault.REFUSED, "PodsSilent", share=0.5)
    return [*pages, half, several(space), vanished(space), stale(space), dead_pod(space)]


def begin_with_short_samples(space: Space, cases: list[Case]) -> None:
    """Bring every pool to where its clock runs on good samples."""
    for case in cases:
        space.create_deployment(case.name, REPLICAS)
    for case in cases:
        space.wait_until_ready(case.name, REPLICAS)
        case.prepare()
    space.operate().wait_until_leading()
    space.create(*(pool(case.name, published(LONG_GRACE, sources=[case.source]), maxReplicas=20) for case in cases))
    for case in cases:
        space.wait_for_reason(case.name, "Grace")


def shorten_the_grace(space: Space, cases: list[Case]) -> None:
    """Make the clocks that ran before the fault count for more than a grace."""
    change = {"spec": {"queue": {"scaleDown": {"gracePeriod": f"{GRACE}s"}}}}
    for case in cases:
        space.api.patch(space.path("InferencePool", case.name), change)


@pytest.mark.lasts(50)
def test_no_fault_takes_a_replica_away(space: Space, subtests: pytest.Subtests) -> None:
    cases = all_cases(space)
    begin_with_short_samples(space, cases)
    for case in cases:
        case.begin()
    for case in cases:
        with subtests.test("is said", fault=case.name):
            space.wait_for_condition(case.name, "MetricsAvailable", case.reason)
    shorten_the_grace(space, cases)
    let_pass(3 * GRACE)
    with subtests.test("what half of the pods say may still raise"):
        space.fleet.queue(space.workload("half-silent"), 3000)
        space.wait_for_size("half-silent", REPLICAS + 1)
    ended = time.monotonic()
    for case in cases:
        case.end()
    for case in cases:
        with subtests.test("the first fall comes a whole grace after the end", fault=case.name):
            assert space.wait_for_fall(case.name).at - ended >= GRACE - SLACK


def test_an_outage_lifts_the_pool_that_asks_for_it_and_holds_the_other(space: Space) -> None:
    outages = {"lifted": {"after": "2s", "behavior": "AtLeast", "replicas": 6}, "held": {"after": "2s"}}
    for name in outages:
        space.deploy(name, 3)
        space.fleet.queue(space.workload(name), 500)
    space.operate().wait_until_leading()
    space.create(*(pool(name, published("1s", onOutage=outage)) for name, outage in outages.items()))
    for name in outages:
        space.wait_for_reason(name, "Steady")
        space.fleet.fault(space.workload(name), Fault.HTTP_500)
    space.wait_for_size("lifted", 6)
    let_pass(3)
    assert {name: space.sizes(name) for name in outages} == {"lifted": [3, 6], "held": [3]}
