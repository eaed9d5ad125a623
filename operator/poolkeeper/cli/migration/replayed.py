"""The scaler that a pool takes the place of, as it would have sized the same traffic (simulate/peers has its rules).

What a metric measures is told by its name alone: an engine's waiting or running requests. Any other is taken for the
requests that wait, which is said; what measures no request at all, as the CPU, is left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from poolkeeper.api.spec import parse_spec
from poolkeeper.cli.explain import plain as bare_table
from poolkeeper.cli.load_history import telling
from poolkeeper.cli.migration import behavior, crons, keda, metrics, triggers
from poolkeeper.cli.migration.matchers import Home
from poolkeeper.cli.migration.outcome import Json
from poolkeeper.cli.migration.pools import Migrated
from poolkeeper.cli.migration.signals import POOL, RUNNING, WAITING, Signal, counts
from poolkeeper.cli.migration.written import MOST, wrapped
from poolkeeper.cli.question import SLA, STARTUP
from poolkeeper.cli.simulate_traffic import of_file
from poolkeeper.core.engine import Engine
from poolkeeper.core.zones import zone
from poolkeeper.simulate.beside import Stage, lived
from poolkeeper.simulate.peers import Peer, Seen
from poolkeeper.simulate.peers.hpa import HPA, External, Metric, Pods
from poolkeeper.simulate.peers.keda import Fallback, Keda
from poolkeeper.simulate.peers.rules import BUILT_IN, Behavior, Direction, Limit, Rule
from poolkeeper.simulate.peers.terms import Read, Sample, running, waiting
from poolkeeper.simulate.replay import Played
from poolkeeper.simulate.trace import UNTOLD

ALWAYS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Clock:
    """A cron trigger, as KEDA asks it: so many replicas while it is active, else one."""

    starts: Sequence[datetime]
    ends: Sequence[datetime]
    begin: datetime
    size: int

    def proposal(self, seen: Seen, _: Sample) -> int:
        """Return the size at this moment."""
        now = self.begin + timedelta(seconds=seen.now)
        return self.size if crons.is_active(self.starts, self.ends, now) else 1


@dataclass(frozen=True, slots=True)
class Replayed:
    """What both came to, in the order original, pool; and what was assumed."""

    rows: Sequence[Played]
    notes: tuple[str, ...]


def replayed(found: Migrated, trace: Path, peak: float | None) -> Replayed | None:
    """Return what a migrated workload's scaler and its pool make of a trace; None where no scaler's rules are known."""
    body = found.group.scalers[0] if found.group.scalers else None
    signals = read(body, Home(found.group.target[0], found.group.target[2])) if body else []
    if body is None or not (signals or clocks(body)):
        return None
    spec = parse_spec(found.body["spec"]).to_core()
    lead = any("pods" in one for one in found.body["spec"]["queue"]["sources"])
    sizes = bounds(body)
    with telling() as told:
        stage = Stage(
            of_file(trace, UNTOLD), peak or sizes[1], STARTUP, spec.slo.queue_time if spec.slo else SLA, Engine()
        )
        rows = lived(
            stage, peer(body, signals), sizes, replace(spec, lead=lead), lambda share: told("living both", share)
        )
    return Replayed(rows, tuple(assumed(signals, stage, lead=lead)))


def read(body: Json, home: Home) -> list[Signal]:
    """Return what a scaler measures of the requests."""
    spec = body["spec"]
    if body["kind"] == keda.KIND:
        found = [one for one in triggers.triggers(body) if one.type != triggers.CRON]
        each = [triggers.read(one, dict.fromkeys(triggers.asked(one), "")) for one in found]
    else:
        each = [metrics.read(place, one, home) for place, one in enumerate(spec.get("metrics") or ())]
    return [one.signal for one in each if one.signal and one.signal.per != POOL]


def clocks(body: Json) -> list[triggers.Trigger]:
    """Return the cron triggers."""
    return [one for one in triggers.triggers(body) if one.type == triggers.CRON]


def bounds(body: Json) -> tuple[int, int]:
    """Return the sizes that a scaler keeps to."""
    if body["kind"] == keda.KIND:
        return behavior.bounds(body["spec"], ("minReplicaCount", "maxReplicaCount"), (0, 100))[:2]
    return behavior.bounds(body["spec"], ("minReplicas", "maxReplicas"), (1, 1))[:2]


def peer(body: Json, signals: Sequence[Signal]) -> Callable[[datetime], Peer]:
    """Return how the scaler is made, once it is known when its traffic begins."""
    least, most = bounds(body)
    name = str(body["kind"])
    if body["kind"] != keda.KIND:
        made = [metric(one) for one in signals]
        return lambda _: HPA(name, least, most, made, limit(body["spec"].get("behavior")))
    advanced = (body["spec"].get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    given = body["spec"].get("fallback")
    fallback = Fallback(int(given["replicas"]), int(given["failureThreshold"])) if given else None
    measured = [External(read_by(one), float(one.target)) for one in signals]
    return lambda begin: Keda(
        HPA(name, max(1, least), most, [*measured, *timed(body, begin)], limit(advanced.get("behavior"))),
        least,
        fallback=fallback,
    )


def timed(body: Json, begin: datetime) -> list[Metric]:
    """Return the cron triggers as metrics."""
    return [clock(one, begin) for one in clocks(body)]


def clock(trigger: triggers.Trigger, begin: datetime) -> Metric:
    """Return a cron trigger as a metric."""
    place = zone(crons.timezone(trigger))
    starts, ends = (crons.fired(one, place, begin) for one in crons.crons(trigger))
    return Clock(starts, ends, begin, crons.desired(trigger))


def metric(signal: Signal) -> Metric:
    """Return a HorizontalPodAutoscaler's metric."""
    external = "externalMetric" in signal.source
    return (External if external else Pods)(read_by(signal), float(signal.target))


def read_by(signal: Signal) -> Read:
    """Return what a signal measures."""
    return running if measures(signal) in RUNNING else waiting


def measures(signal: Signal) -> str | None:
    """Return the metric that a signal is about, None where it does something else."""
    source = signal.source.get("prometheus", {})
    return source.get("metric") or counts(source.get("query", ""))


def limit(rules: Json | None) -> Limit:
    """Return how fast a scaler may go."""
    if not rules:
        return BUILT_IN
    usual = Behavior()
    return Behavior(
        direction(rules.get("scaleUp") or {}, usual.up), direction(rules.get("scaleDown") or {}, usual.down)
    )


def direction(rules: Json, usual: Direction) -> Direction:
    """Return one direction of a behavior, as the API server fills it in."""
    window = rules.get("stabilizationWindowSeconds")
    policies = [
        Rule(
            timedelta(seconds=int(one["periodSeconds"])),
            pods=int(one["value"]) if one["type"] == "Pods" else None,
            percent=float(one["value"]) if one["type"] == "Percent" else 0.0,
        )
        for one in rules.get("policies") or ()
    ]
    if rules.get("selectPolicy") == behavior.DISABLED:
        policies = [Rule(ALWAYS, pods=0)]
    return Direction(usual.window if window is None else timedelta(seconds=window), policies or usual.rules)


def assumed(signals: Sequence[Signal], stage: Stage, *, lead: bool) -> list[str]:
    """Return what the figures rest on."""
    notes = [
        f"{one.field} is taken for the requests that wait: what it measures is not known"
        for one in signals
        if not one.is_pods and measures(one) not in WAITING | RUNNING
    ]
    notes.append(
        f"the trace's busiest ten minutes were made to need {stage.peak_replicas:g} replicas, which load for "
        f"{stage.startup.total_seconds():g} s; more is said, and asked, by poolkeeper simulate"
    )
    return notes if lead else [*notes, "the pool has no source pods, so it does not follow the load ahead of time"]


def show(console: Console, found: Replayed, names: tuple[str, str]) -> None:
    """Print both as a table."""
    shown = bare_table("on the same traffic", "replica hours", "in SLA", "wait p95", "changes", "peak")
    for column in shown.columns[1:]:
        column.justify = "right"
    for name, one in zip(names, found.rows, strict=True):
        figures = (f"{one.replica_hours:,.0f}", f"{100 * one.in_sla:.2f} %", f"{one.wait_p95:,.1f} s")
        shown.add_row(name, *figures, f"{one.changes:,}", f"{one.peak}")
    console.print(shown)
    for note in found.notes:
        console.print(wrapped(note, min(MOST, console.width), "  "), markup=False)
    console.print()


def as_json(found: Replayed, names: tuple[str, str]) -> Json:
    """Return both as JSON; hours are replica-hours, waits seconds, `inSla` a share from 0 to 1."""
    rows = [
        {
            "policy": name,
            "replicaHours": round(one.replica_hours, 2),
            "inSla": round(one.in_sla, 6),
            "waitP95": round(one.wait_p95, 3),
            "changes": one.changes,
            "peak": one.peak,
        }
        for name, one in zip(names, found.rows, strict=True)
    ]
    return {"rows": rows, "notes": list(found.notes)}
