"""Whether requests leave the queue in time (R11): counter increases per pod, added up minute by minute.

The share inside is taken over HOUR for the condition, and over VETO for the right to refuse a shrink. The burn
rate is the share outside over the share allowed outside (Google SRE workbook, chapter 5): 1 spends the error
budget exactly, more overspends it.
"""

from datetime import datetime, timedelta

from poolkeeper.core.memory import Served
from poolkeeper.core.model import Slo
from poolkeeper.core.observation import PodSample

HOUR = timedelta(hours=1)
VETO = timedelta(minutes=5)


def count(served: Served, samples: tuple[PodSample, ...], live: frozenset[str], now: datetime) -> Served:
    """Return the counts after this look. A pod seen for the first time sets its starting point and adds nothing."""
    counters = {
        pod.uid: (pod.inside, pod.finished) for pod in samples if pod.inside is not None and pod.finished is not None
    }
    if not counters:
        return served
    inside = finished = 0.0
    for uid, (in_now, all_now) in counters.items():
        in_before, all_before = served.counters.get(uid, (in_now, all_now))
        again = all_now < all_before  # the engine restarted inside its pod: its counters began at zero
        inside += in_now - (0 if again else in_before)
        finished += all_now - (0 if again else all_before)
    silent = {uid: pair for uid, pair in served.counters.items() if uid in live}
    return Served(silent | counters, added(served.minutes, now, inside, finished))


def added(
    minutes: tuple[tuple[datetime, float, float], ...], now: datetime, inside: float, finished: float
) -> tuple[tuple[datetime, float, float], ...]:
    """Return the minutes with this look's increase, the ones older than HOUR dropped."""
    minute = now.replace(second=0, microsecond=0)
    if minutes and minutes[-1][0] == minute:
        last = minutes[-1]
        return (*minutes[:-1], (minute, last[1] + inside, last[2] + finished))
    recent = tuple(entry for entry in minutes if now - entry[0] < HOUR)
    return (*recent, (minute, inside, finished))


def share(served: Served, window: timedelta, now: datetime) -> float | None:
    """Return the share of requests inside, from 0 to 1, over the window; None when none finished."""
    recent = [entry for entry in served.minutes if now - entry[0] < window]
    finished = sum(entry[2] for entry in recent)
    return sum(entry[1] for entry in recent) / finished if finished > 0 else None


def burn_rate(slo: Slo, inside: float) -> float:
    """Return how many times as fast as allowed the error budget is being spent."""
    allowed = 1 - slo.objective_percent / 100
    return (1 - inside) / allowed if allowed > 0 else float(inside < 1)


def vetoes(slo: Slo | None, served: Served, now: datetime) -> bool:
    """Return whether too few requests of the last minutes were inside to give capacity away."""
    if slo is None:
        return False
    inside = share(served, VETO, now)
    return inside is not None and inside < slo.objective_percent / 100
