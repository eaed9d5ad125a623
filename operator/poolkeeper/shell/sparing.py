"""What a look can do without must not end it: what goes wrong with money is said, and sizes are kept all the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import structlog

from poolkeeper.api.names import shown
from poolkeeper.shell.pools import Pool

EVERY = timedelta(minutes=1)
"""How often it is said at most: it may go wrong at each look of each pool."""

log = structlog.get_logger("poolkeeper")


class Sparing:
    """Spares pools' looks what goes wrong beside them."""

    def __init__(self) -> None:
        self._said_at: datetime | None = None

    @contextmanager
    def spare(self, pool: Pool, now: datetime) -> Iterator[None]:
        """Go on after whatever goes wrong inside."""
        try:
            yield
        except Exception:
            if self._said_at is None or now - self._said_at >= EVERY:
                self._said_at = now
                log.exception("money failed", pool=shown(pool.key[1]), namespace=pool.key[0])
