"""The operator's own metrics. Queue depth lives here and not in the status: it changes every second."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

from poolkeeper.core.decision import Decision
from poolkeeper.core.model import CapacityType, Mode, PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.teams import Standing, Team
from poolkeeper.shell.cost_metrics import CostMetrics
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.own_metrics import SECONDS, OwnMetrics

Key = tuple[str, str]
POOL = ("namespace", "pool")
TIER = (*POOL, "tier")
WINDOW = (*POOL, "window")
TEAM = ("budget", "currency")
Shown = tuple[float | None, ...]
CHUNK = 1000
"""So many series are rendered at a time: some ten milliseconds, in which nothing else happens."""
END = b"# EOF\n"


class Telemetry:
    """Every metric, by what it measures. Names follow Prometheus' rules: base units, `_total` for counters."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._make_of_pools(self.registry)
        self._make_of_work(self.registry)
        self._make_of_money()
        self.cost = CostMetrics(self.registry)
        self.own = OwnMetrics(self.registry)
        self._shown: dict[Key, Shown] = {}
        self._tiers: dict[Key, tuple[tuple[str, int, int, int], ...]] = {}
        self._windows: dict[Key, tuple[str | None, tuple[str, ...]]] = {}
        self._counted: defaultdict[Key, set[tuple[Counter, tuple[str, ...]]]] = defaultdict(set)

    def _gauge(self, name: str, words: str, labels: tuple[str, ...] = POOL) -> Gauge:
        return Gauge(f"poolkeeper_{name}", words, labels, registry=self.registry)

    def _make_of_pools(self, registry: CollectorRegistry) -> None:
        gauge = self._gauge
        self.queue_depth = gauge("pool_queue_depth", "Requests waiting, as last read; absent while unknown.")
        self.desired = gauge("pool_desired_replicas", "The size that was decided; absent without a target.")
        self.current = gauge("pool_current_replicas", "The size that was found; absent without a target.")
        self.ready = gauge("pool_ready_replicas", "Replicas that are ready.")
        self.tier_replicas = gauge("pool_tier_replicas", "Replicas that are asked of a tier.", TIER)
        self.tier_ready = gauge(
            "pool_tier_ready_replicas", "Replicas of a tier that are ready, without those under notice.", TIER
        )
        self.tier_due = gauge("pool_tier_due_replicas", "A tier's part of the size by the split's formula.", TIER)
        self.spot_lost = gauge("pool_spot_lost_replicas", "Replicas that spot lacks; absent without spot.")
        self.fallback = gauge(
            "pool_fallback_replicas", "Replicas that on-demand has beyond its part; absent without spot."
        )
        self.minimum = gauge("pool_min_replicas", "The floor in force: minReplicas, or what the schedule makes of it.")
        self.maximum = gauge("pool_max_replicas", "The cap in force: maxReplicas, or the schedule's.")
        self.window = gauge("pool_window_in_force", "1 for the schedule's window in force, 0 for the others.", WINDOW)
        self.forecast = gauge("pool_forecast_replicas", "The floor that was learned; absent without a forecast.")
        self.metrics_available = gauge(
            "pool_metrics_available", "1 while the pool's sources answer, else 0; absent without a target."
        )
        self.startup_blocked = gauge(
            "pool_startup_blocked", "1 while new replicas do not become ready and the pool grows no more, else 0."
        )
        self.slo_inside = gauge("pool_slo_inside_ratio", "Share of the last hour's requests inside the SLO.")
        self.slo_burn_rate = gauge("pool_slo_burn_rate", "Error budget spent, 1 being exactly as allowed.")
        self.observed_saving = gauge(
            "pool_observe_saving_ratio",
            "What our sizes would have saved since Observe began, of the cost, else of the replica-hours.",
        )
        self.observed_error = gauge(
            "pool_observe_wait_error_seconds", "Mean absolute error of the wait that Observe's model predicts."
        )
        self.scales = Counter(
            "poolkeeper_pool_scales",
            "Changes of a tier's size that were written.",
            (*TIER, "direction", "reason"),
            registry=registry,
        )
        self.faults = Counter(
            "poolkeeper_source_faults", "Looks at a source that failed.", (*POOL, "reason"), registry=registry
        )
        self._of_pools = (
            self.queue_depth,
            self.desired,
            self.current,
            self.ready,
            self.minimum,
            self.maximum,
            self.forecast,
            self.spot_lost,
            self.fallback,
            self.metrics_available,
            self.startup_blocked,
            self.slo_inside,
            self.slo_burn_rate,
            self.observed_saving,
            self.observed_error,
        )

    def _make_of_work(self, registry: CollectorRegistry) -> None:
        gauge = self._gauge
        self.writes = Counter(
            "poolkeeper_api_writes", "Writes to the API server.", ("kind", "result"), registry=registry
        )
        self.decision_seconds = Histogram(
            "poolkeeper_decision_duration_seconds", "One decide().", buckets=SECONDS, registry=registry
        )
        self.look_seconds = Histogram(
            "poolkeeper_look_duration_seconds",
            "One pool's look: sources, decision, writes.",
            buckets=SECONDS,
            registry=registry,
        )
        self.lag_seconds = Histogram(
            "poolkeeper_loop_lag_seconds", "How late a look began.", buckets=SECONDS, registry=registry
        )
        self.stretch = gauge("look_interval_ratio", "How many times longer than asked looks are apart, all alike.", ())
        self.stretch.set(1)
        self.skipped = Counter(
            "poolkeeper_skipped_looks", "Looks left out because the one before was still under way.", registry=registry
        )
        self.leader = gauge("leader", "1 while this process may write.", ())
        self.shard = gauge("shard", "Which shard of the pools this process keeps, from 0; NaN while it waits.", ())
        self.shards = gauge("shards", "How many shards there are.", ())
        self.watch_age = gauge("watch_age_seconds", "Time since a watch last showed life.", ("resource",))
        self.pools = gauge("pools", "Pools that are watched.", ())

    def _make_of_money(self) -> None:
        gauge = self._gauge
        self.price_book_problems = gauge(
            "price_book_problems", "What is wrong with the price book; the last good one is in force until it is 0.", ()
        )
        self.price_book_age = gauge(
            "price_book_age_seconds", "Time since the newest price came into effect; NaN while none has a date.", ()
        )
        self.team_budget = gauge("team_budget_monthly", "What pools may cost together in a month.", TEAM)
        self.team_cost = gauge("team_cost_month_to_date", "What those pools have cost in the calendar month.", TEAM)
        self.team_used = gauge("team_budget_used_ratio", "How much of the budget is used up, 1 being all.", ("budget",))
        self.team_expected = gauge(
            "team_budget_expected_ratio", "How much of it is expected to be used up in the end.", ("budget",)
        )
        self.overhead = gauge(
            "overhead_monthly", "What is paid besides the pools, by the month.", ("overhead", "currency")
        )

    def decided(self, key: Key, spec: PoolSpec, decision: Decision) -> None:
        """Record a decision. Without a target nothing was looked at, and there is no number to show.

        Of what is as it was at the look before, nothing is touched: that is a tenth of the work, ten thousand times a
        second.
        """
        looked, bounds = bool(decision.trail), decision.bounds
        figures = decision.counterfactual.figures if spec.mode is Mode.OBSERVE else None
        values: Shown = (
            decision.depth,
            decision.size if looked else None,
            decision.current if looked else None,
            decision.ready if looked else None,
            bounds.floor if bounds else spec.min_replicas,
            bounds.cap if bounds else spec.max_replicas,
            decision.outlook.replicas if spec.forecast and looked else None,
            decision.health.lost if spec.spot and looked else None,
            covering(spec, decision) if spec.spot and looked else None,
            int(decision.health.metrics is Reason.AS_EXPECTED) if looked else None,
            int(decision.health.startup is Reason.STARTUP_BLOCKED) if looked else None,
            decision.health.slo_share,
            decision.health.slo_burn_rate,
            figures.total.saving if figures else None,
            figures.total.checked.error if figures else None,
        )
        self._show(key, values)
        self._split(key, decision)
        self._clock(key, spec, decision)
        if decision.health.metrics is not Reason.AS_EXPECTED:
            self._count(self.faults, key, decision.health.metrics.value)

    def _show(self, key: Key, values: Shown) -> None:
        """Record what has one number a pool."""
        before = self._shown.get(key)
        if values == before:
            return
        self._shown[key] = values
        for gauge, old, new in zip(self._of_pools, before or (None,) * len(values), values, strict=True):
            if new is None:
                gauge.remove(*key)
            elif new != old:
                gauge.labels(*key).set(new)

    def _split(self, key: Key, decision: Decision) -> None:
        """Record each tier; those that are gone leave no series."""
        found = tuple((share.tier, share.size, share.ready, share.due) for share in decision.shares)
        before = self._tiers.get(key, ())
        if found == before:
            return
        self._tiers[key] = found
        gauges = (self.tier_replicas, self.tier_ready, self.tier_due)
        for tier, *values in found:
            for gauge, value in zip(gauges, values, strict=True):
                gauge.labels(*key, tier).set(value)
        for gone in {tier for tier, *_ in before} - {tier for tier, *_ in found}:
            for gauge in gauges:
                gauge.remove(*key, gone)

    def _clock(self, key: Key, spec: PoolSpec, decision: Decision) -> None:
        """Record which window is in force; those that are gone leave no series."""
        bounds = decision.bounds
        known = tuple(window.name for window in spec.schedule.windows) if spec.schedule and bounds else ()
        found, before = (bounds.window if bounds else None, known), self._windows.get(key, (None, ()))
        if found == before:
            return
        self._windows[key] = found
        for name in known:
            self.window.labels(*key, name).set(found[0] == name)
        for gone in {*before[1]} - {*known}:
            self.window.remove(*key, gone)

    def scaled(self, key: Key, decision: Decision) -> None:
        """Record a change that was written: each tier that it moved."""
        for share in decision.shares:
            if share.size != share.found:
                direction = "up" if share.size > share.found else "down"
                why = decision.reason if share.reason is Reason.SPLIT else share.reason
                self._count(self.scales, key, share.tier, direction, why.value)

    def _count(self, counter: Counter, key: Key, *labels: str) -> None:
        counter.labels(*key, *labels).inc()
        self._counted[key].add((counter, labels))

    def team_stood(self, team: Team, standing: Standing) -> None:
        """Record how a budget of several pools stands."""
        self.team_budget.labels(team.name, team.currency).set(float(team.budget.monthly))
        self.team_cost.labels(team.name, team.currency).set(float(standing.cost))
        self.team_used.labels(team.name).set(float(standing.used))
        if standing.expected is None:
            self.team_expected.remove(team.name)
        else:
            self.team_expected.labels(team.name).set(float(standing.expected))

    @contextmanager
    def write(self, kind: str) -> Iterator[None]:
        """Count a write to the API server by what became of it."""
        try:
            yield
        except KubeError as error:
            self.writes.labels(kind, type(error).__name__).inc()
            raise
        self.writes.labels(kind, "Done").inc()

    def forget(self, key: Key) -> None:
        """Drop the series of a pool that is gone, by their names: a search takes longer the more pools there are."""
        for gauge in self._of_pools if self._shown.pop(key, None) else ():
            gauge.remove(*key)
        for tier, *_ in self._tiers.pop(key, ()):
            for gauge in (self.tier_replicas, self.tier_ready, self.tier_due):
                gauge.remove(*key, tier)
        for window in self._windows.pop(key, (None, ()))[1]:
            self.window.remove(*key, window)
        for counter, labels in self._counted.pop(key, ()):
            counter.remove(*key, *labels)
        self.cost.forget(key)

    def page(self) -> bytes:
        """Return the metrics page in OpenMetrics' format."""
        return b"".join(self._parts()) + END

    async def unhurried_page(self) -> bytes:
        """Return the same, and let everything else go on meanwhile: of 10,000 pools it takes seconds."""
        parts = []
        for part in self._parts():
            parts.append(part)
            await asyncio.sleep(0)
        return b"".join(parts) + END

    def _parts(self) -> Iterator[bytes]:
        for family in self.registry.collect():
            yield from _rendered(family)


def covering(spec: PoolSpec, decision: Decision) -> int:
    """Return the replicas that tiers which nobody reclaims have beyond their part."""
    kept = {tier.name for tier in spec.tiers if tier.type is CapacityType.ON_DEMAND}
    return sum(max(0, share.size - share.due) for share in decision.shares if share.tier in kept)


@dataclass(frozen=True, slots=True)
class _Alone:
    """A registry of one family of metrics."""

    family: Metric

    def collect(self) -> Iterable[Metric]:
        return (self.family,)


def _rendered(family: Metric) -> Iterator[bytes]:
    """Yield a family's lines, `CHUNK` series at a time; only the first have its heading."""
    for start in range(0, max(1, len(family.samples)), CHUNK):
        part = copy(family)
        part.samples = family.samples[start : start + CHUNK]
        text: bytes = generate_latest(_Alone(part)).removesuffix(END)  # type: ignore[no-untyped-call]
        yield b"".join(line for line in text.splitlines(keepends=True) if not line.startswith(b"# ")) if start else text
