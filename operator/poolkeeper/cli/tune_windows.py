"""The windows that recommend proposes for a pool, found in the days that are searched alone."""

from poolkeeper.cli.load_history import Told
from poolkeeper.cli.question import Today
from poolkeeper.cli.recommended_pool import Json, schedule
from poolkeeper.simulate.proposal import Question
from poolkeeper.simulate.recommend import recommend
from poolkeeper.simulate.series import Series, SeriesError
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.traffic import factor, multiplied, seconds
from poolkeeper.simulate.tune_lives import Days

AUTO = "auto"


def proposed(today: Json, trace: Trace, days: Days, told: Told) -> Json | None:
    """Return the pool's schedule with proposed windows; None where none help, or the days are too few to know."""
    pool = days.pool
    found = Today(today, pool.spec)
    kept = found.kept
    zone = pool.spec.schedule.timezone if pool.spec.schedule else "UTC"
    question = Question(pool.spec, 1.0, pool.startup, pool.sla, zone, kept=kept)
    try:
        answer = recommend(work(trace, days), question, told)
    except SeriesError:
        return None
    return schedule(today["spec"].get("schedule") or {}, question, answer, AUTO) if answer.helps else None


def work(trace: Trace, days: Days) -> Series:
    """Return the searched days as the replicas that they keep busy."""
    engine, peak = days.scene.engine, days.scene.peak_replicas
    scaled = multiplied(trace.bins, factor(trace, peak, engine) if peak else 1.0)[: days.searched // trace.width]
    width = trace.width.total_seconds()
    return Series(trace.start, trace.width, tuple(max(seconds(engine, one)) / width for one in scaled))
