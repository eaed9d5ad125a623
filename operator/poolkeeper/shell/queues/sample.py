"""What one pod's page says, in the core's terms."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from poolkeeper.core.model import Slo
from poolkeeper.core.observation import PodSample
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.engines import UNSERVED, Engine, Gauge, escaped
from poolkeeper.shell.queues.exposition import MalformedError, Sample, check, read

Page = dict[str, list[Sample]]

STALE = timedelta(seconds=30)
HOUR = timedelta(hours=1).total_seconds()


def sample(uid: str, engine: Engine, page: bytes, slo: Slo | None, now: datetime) -> PodSample:
    """Read a pod's load off the page that it showed at `now`.

    What is wrong with `waiting` is a MetricError; running, KV usage, the SLO's counts, requests, tokens and the time
    spent with them are None where they are absent or no usable numbers.
    """
    seen = _seen(engine, page)
    if engine.waiting.name not in seen and (other := escaped(engine, page)):
        engine, seen = other, _seen(other, page)
    _check_age(engine.waiting, seen, now)
    inside, finished = _waits(engine, page, slo) if slo else (None, None)
    prompt_tokens, generation_tokens = _pair(engine, engine.tokens, seen)
    prefill, decode = _pair(engine, engine.phases, seen)
    return PodSample(
        uid,
        waiting=_waiting(engine, seen, page),
        running=_running(engine, seen),
        kv_usage=_kv_usage(engine, seen),
        inside=inside,
        finished=finished,
        requests=_counted(engine, engine.done, seen),
        prompt_tokens=prompt_tokens,
        generation_tokens=generation_tokens,
        prefill_hours=None if prefill is None else prefill / HOUR,
        decode_hours=None if decode is None else decode / HOUR,
    )


def judge(value: float) -> Reason | None:
    """Return why a queue cannot have this length, or None."""
    if math.isnan(value):
        return Reason.METRIC_NOT_A_NUMBER
    if math.isinf(value):
        return Reason.METRIC_INFINITE
    return Reason.METRIC_NEGATIVE if value < 0 else None


def inside(buckets: Iterable[Sample], unit: timedelta, slo: Slo, mirrors: frozenset[str]) -> float | None:
    """Return how many requests certainly waited no longer than the SLO's queue time.

    That is the count of the largest bucket whose bound is at most the queue time: what lies between that bound and
    the queue time is counted as late. None if every bound is larger, or there is no bucket.
    """
    bounds: defaultdict[float, list[Sample]] = defaultdict(list)
    for one in buckets:
        bounds[float(one.labels.get("le", "nan"))].append(one)
    within = [bound for bound in bounds if bound * unit.total_seconds() <= slo.queue_time.total_seconds()]
    return sum(_apart(bounds[max(within)], mirrors)) if within else None


def _seen(engine: Engine, page: bytes) -> Page:
    """Return what the page shows of the engine's metrics, under their names in the table."""
    gauges = [engine.waiting, *engine.held, *([engine.running] if engine.running else ()), *engine.kv_usage]
    counters = dict.fromkeys([*engine.tokens, *engine.phases, *filter(None, [engine.done])])
    seen = _read(page, [*dict.fromkeys(gauge.name for gauge in gauges), *counters])
    twins = {_twin(name): name for name in counters if name not in seen}
    return seen | {twins[twin]: samples for twin, samples in _read(page, twins).items()}


def _twin(counter: str) -> str:
    """Return a counter's other name: OpenMetrics wants `_total`, Prometheus' text format does not care."""
    return counter.removesuffix("_total") if counter.endswith("_total") else f"{counter}_total"


def _read(page: bytes, names: Iterable[str]) -> Page:
    try:
        return read(page, names)
    except MalformedError as error:
        raise MetricError(Reason.METRIC_GARBAGE, str(error)) from error


def _waiting(engine: Engine, seen: Page, page: bytes) -> float:
    totals = _totals(engine, engine.waiting, seen)
    if not totals:
        raise _missing(engine, page)
    return sum(_sound(engine.waiting, totals)) + sum(
        value for gauge in engine.held for value in _sound(gauge, _totals(engine, gauge, seen))
    )


def _check_age(gauge: Gauge, seen: Page, now: datetime) -> None:
    """Refuse what was stamped long ago; what bears no stamp is as young as its page."""
    stamps = [one.stamp for one in seen.get(gauge.name, ()) if one.stamp is not None]
    age = now.timestamp() - min(stamps, default=now.timestamp())
    if not age <= STALE.total_seconds():
        raise MetricError(Reason.METRIC_STALE, f"{gauge.name} is {age:.0f} s old")


def _missing(engine: Engine, page: bytes) -> MetricError:
    try:
        check(page)
    except MalformedError as error:
        return MetricError(Reason.METRIC_GARBAGE, str(error))
    return MetricError(Reason.METRIC_EMPTY, f"the page has no {engine.waiting.name}")


def _totals(engine: Engine, gauge: Gauge, seen: Page) -> list[float]:
    """Return the gauge's values, one for each process that has a queue of its own."""
    meant = (one for one in seen.get(gauge.name, ()) if _bears(one, gauge))
    return _apart(meant, engine.mirrors)


def _bears(one: Sample, gauge: Gauge) -> bool:
    return all(one.labels.get(name, "") == wanted for name, wanted in gauge.labels)


def _apart(samples: Iterable[Sample], mirrors: frozenset[str]) -> list[float]:
    """Return one value for all the processes that report the same thing: the largest."""
    found: dict[frozenset[tuple[str, str]], float] = {}
    for labels, value, _ in samples:
        key = frozenset(pair for pair in labels.items() if pair[0] not in mirrors)
        found[key] = _larger(found.get(key, value), value)
    return list(found.values())


def _larger(one: float, other: float) -> float:
    """Return the larger, or NaN if either is: max() would let the order decide."""
    return math.nan if math.isnan(one) or math.isnan(other) else max(one, other)


def _sound(gauge: Gauge, values: Sequence[float]) -> Sequence[float]:
    """Return a gauge's values: one that cannot be is a fault (R3), not "unknown"."""
    for value in values:
        if reason := judge(value):
            raise MetricError(reason, f"{gauge.name} is {value}")
    return values


def _usable(values: Sequence[float]) -> float | None:
    return sum(values) if values and not any(judge(value) for value in values) else None


def _running(engine: Engine, seen: Page) -> float | None:
    if engine.running is None:
        return None
    values = _totals(engine, engine.running, seen)
    return sum(_sound(engine.running, values)) if values else None


def _kv_usage(engine: Engine, seen: Page) -> float | None:
    for gauge in engine.kv_usage:
        if values := _totals(engine, gauge, seen):
            return max(_sound(gauge, values))
    return None


def _pair(engine: Engine, names: tuple[str, ...], seen: Page) -> tuple[float | None, float | None]:
    """Return what two counters say since the engine began: of prompts, and of what was generated."""
    prompt, generation = names or ("", "")
    return _counted(engine, prompt, seen), _counted(engine, generation, seen)


def _counted(engine: Engine, name: str, seen: Page) -> float | None:
    """Return a counter's value, one of each process that counts for itself added up."""
    served = (one for one in seen.get(name, ()) if not UNSERVED & one.labels.items())
    return _usable(_apart(served, engine.mirrors))


def _waits(engine: Engine, page: bytes, slo: Slo) -> tuple[float | None, float | None]:
    for histogram in engine.waits:
        buckets, count = f"{histogram.name}_bucket", f"{histogram.name}_count"
        seen = _read(page, (buckets, count))
        finished = _usable(_apart(seen.get(count, ()), engine.mirrors))
        early = inside(seen.get(buckets, ()), histogram.unit, slo, engine.mirrors)
        if finished is not None and early is not None and not judge(early):
            return early, finished
    return None, None
