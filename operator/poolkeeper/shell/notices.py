"""What people asked of a pool beside its spec, told in events: each once in its life, however often we restart."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from poolkeeper.api.override import in_force, told
from poolkeeper.api.pin import ended
from poolkeeper.core import pin
from poolkeeper.core.reasons import Reason
from poolkeeper.core.statement import News
from poolkeeper.shell import publish
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.pools import Pool

FRESH = timedelta(hours=1)
"""How long an end is news: as long as the API server keeps the event that tells of it."""


def due(pool: Pool, now: datetime) -> Iterator[News]:
    """Yield what there is to tell now, told or not."""
    found = pool.memory.pin
    if found is not None and timedelta(0) <= now - pin.until(found) < FRESH:
        yield News(f"pin/{found.replicas}/{found.since.isoformat()}", Reason.PIN_ENDED, ended(found))
    if pool.override is not None and in_force(pool.override, now):
        key = hashlib.sha256(pool.override_text.encode()).hexdigest()
        refused = pool.override.problem
        yield News(
            f"override/{key}/{bool(refused)}",
            Reason.OVERRIDE_REFUSED if refused else Reason.OVERRIDDEN,
            refused or told(pool.override),
        )
    if pool.scaled_by:
        yield News(f"autoscaled/{pool.scaled_by}", Reason.AUTOSCALED_POOL, pool.scaled_by)


async def post(kube: KubeClient, pool: Pool, now: datetime) -> None:
    """Post what was not told yet; what is refused stands in the conditions all the same."""
    for news in due(pool, now):
        if news.key not in pool.announced:
            pool.announced.add(news.key)
            with suppress(KubeError):
                await publish.post_news(kube, pool, news, now)
