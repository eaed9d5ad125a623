"""What of a study's setting means less, or more, than whoever asked for it may think."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from poolkeeper.api.units import format_duration
from poolkeeper.cli.simulate_setting import Asked
from poolkeeper.cli.simulate_text import long
from poolkeeper.core.depth import STALE, STALE_INTERVALS
from poolkeeper.simulate.study import Pool
from poolkeeper.simulate.trace import Trace

LATE = timedelta(hours=1)
"""A market that is known for so much less than the traffic needs a word."""


def remarks(pools: Sequence[Pool], asked: Asked, trace: Trace) -> Iterator[str]:
    """Yield what of the setting means less than whoever asked may think."""
    lasted = len(trace.bins) * trace.width
    for pool in pools:
        yield from of_pool(pool, asked)
    setting = pools[0].setting
    if setting.stock.ticks and (known_for := timedelta(seconds=setting.stock.ticks[-1][0])) < lasted - LATE:
        ends = f"--spot: the file ends {long(known_for)} after the start, the traffic {long(lasted)}"
        yield f"{ends}: what there was last stays"
    for begin, end in setting.silences:
        if begin >= lasted.total_seconds():
            told = "-".join(format_duration(timedelta(seconds=second)) for second in (begin, end))
            yield f"--silence: the traffic ends after {long(lasted)}, so that of {told} is never lived"


def of_pool(pool: Pool, asked: Asked) -> Iterator[str]:
    """Yield what means nothing to a pool, or more than it seems."""
    if asked.of_spot and pool.spec.spot is None:
        yield (
            f"{pool.name}: has no spot tier, so nothing comes of {' and '.join(asked.of_spot)}; capacity.tiers "
            "gives it one, as in {name: spot, type: Spot}"
        )
    stale = max(STALE, STALE_INTERVALS * pool.spec.queue.interval)
    if pool.setting.metric_delay > stale:
        yield (
            f"{pool.name}: figures of its pods that are older than {format_duration(stale)} are stale to it, so with "
            "this --metric-delay it holds its size all the time"
        )
