"""The operator's own metrics. Queue depth lives here and not in the status: it changes every second."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.openmetrics.exposition import CONTENT_TYPE_LATEST, generate_latest

from poolkeeper.core.decision import Decision
from poolkeeper.core.model import CapacityType, Mode, PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.teams import Standing, Team
from poolkeeper.shell.cost_metrics import CostMetrics
from poolkeeper.shell.kube_errors import KubeError

Key = tuple[str, str]
POOL = ("namespace", "pool")
TIER = (*POOL, "tier")
WINDOW = (*POOL, "window")
TEAM = ("budget", "currency")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)


class Telemetry:
    """Every metric, by what it measures. Names follow Prometheus' rules: base units, `_total` for counters."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()

        def gauge(name: str, words: str, labels: tuple[str, ...] = POOL) -> Gauge:
            return Gauge(f"poolkeeper_{name}", words, labels, registry=registry)

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
        self.skipped = Counter(
            "poolkeeper_skipped_looks", "Looks left out because the one before was still under way.", registry=registry
        )
        self.leader = gauge("leader", "1 while this process may write.", ())
        self.watch_age = gauge("watch_age_seconds", "Time since a watch last showed life.", ("resource",))
        self.pools = gauge("pools", "Pools that are watched.", ())
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
        self.cost = CostMetrics(registry)
        self._tiers: dict[Key, frozenset[str]] = {}
        self._windows: dict[Key, frozenset[str]] = {}

    def decided(self, key: Key, spec: PoolSpec, decision: Decision) -> None:
        """Record a decision. Without a target nothing was looked at, and there is no number to show."""
        looked, bounds = bool(decision.trail), decision.bounds
        figures = decision.counterfactual.figures if spec.mode is Mode.OBSERVE else None
        for known, value in (
            (self.queue_depth, decision.depth),
            (self.desired, decision.size if looked else None),
            (self.current, decision.current if looked else None),
            (self.ready, decision.ready if looked else None),
            (self.minimum, bounds.floor if bounds else spec.min_replicas),
            (self.maximum, bounds.cap if bounds else spec.max_replicas),
            (self.forecast, decision.outlook.replicas if spec.forecast and looked else None),
            (self.spot_lost, decision.health.lost if spec.spot and looked else None),
            (self.fallback, covering(spec, decision) if spec.spot and looked else None),
            (self.metrics_available, int(decision.health.metrics is Reason.AS_EXPECTED) if looked else None),
            (self.startup_blocked, int(decision.health.startup is Reason.STARTUP_BLOCKED) if looked else None),
            (self.slo_inside, decision.health.slo_share),
            (self.slo_burn_rate, decision.health.slo_burn_rate),
            (self.observed_saving, figures.total.saving if figures else None),
            (self.observed_error, figures.total.checked.error if figures else None),
        ):
            _show(known, key, value)
        self._split(key, decision)
        self._clock(key, spec, decision)
        if decision.health.metrics is not Reason.AS_EXPECTED:
            self.faults.labels(*key, decision.health.metrics.value).inc()

    def _split(self, key: Key, decision: Decision) -> None:
        """Record each tier; those that are gone leave no series."""
        for share in decision.shares:
            self.tier_replicas.labels(*key, share.tier).set(share.size)
            self.tier_ready.labels(*key, share.tier).set(share.ready)
            self.tier_due.labels(*key, share.tier).set(share.due)
        known = frozenset(share.tier for share in decision.shares)
        for gone in self._tiers.get(key, frozenset()) - known:
            for gauge in (self.tier_replicas, self.tier_ready, self.tier_due):
                gauge.remove(*key, gone)
        self._tiers[key] = known

    def _clock(self, key: Key, spec: PoolSpec, decision: Decision) -> None:
        """Record which window is in force; those that are gone leave no series."""
        found = decision.bounds
        known = frozenset(window.name for window in spec.schedule.windows) if spec.schedule and found else frozenset()
        for name in known:
            self.window.labels(*key, name).set(bool(found and found.window == name))
        for gone in self._windows.get(key, frozenset()) - known:
            self.window.remove(*key, gone)
        self._windows[key] = known

    def scaled(self, key: Key, decision: Decision) -> None:
        """Record a change that was written: each tier that it moved."""
        for share in decision.shares:
            if share.size != share.found:
                direction = "up" if share.size > share.found else "down"
                why = decision.reason if share.reason is Reason.SPLIT else share.reason
                self.scales.labels(*key, share.tier, direction, why.value).inc()

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
        """Drop the series of a pool that is gone."""
        self._tiers.pop(key, None)
        self._windows.pop(key, None)
        self.cost.forget(key)
        for metric in vars(self).values():
            if isinstance(metric, Gauge | Counter) and metric._labelnames[:2] == POOL:  # noqa: SLF001  no public way
                metric.remove_by_labels(dict(zip(POOL, key, strict=True)))

    def page(self) -> bytes:
        """Return the metrics page in OpenMetrics' format."""
        return bytes(generate_latest(self.registry))  # type: ignore[no-untyped-call]


def covering(spec: PoolSpec, decision: Decision) -> int:
    """Return the replicas that tiers which nobody reclaims have beyond their part."""
    kept = {tier.name for tier in spec.tiers if tier.type is CapacityType.ON_DEMAND}
    return sum(max(0, share.size - share.due) for share in decision.shares if share.tier in kept)


def _show(gauge: Gauge, key: Key, value: float | None) -> None:
    if value is not None:
        gauge.labels(*key).set(value)
        return
    gauge.remove(*key)
