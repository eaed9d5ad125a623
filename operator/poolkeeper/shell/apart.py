"""Parts that the process can do without: pools are kept at their size all the same, and what ended begins anew."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

FIRST, LONGEST = timedelta(seconds=1), timedelta(minutes=5)
"""How long a part rests that has ended: twice as long each time, unless it had lasted for the longest rest."""

log = structlog.get_logger("poolkeeper")


class Apart:
    """Runs parts beside the vital ones."""

    def __init__(self) -> None:
        self._ended: dict[str, str] = {}

    def problems(self) -> list[str]:
        """Return which parts have ended and rest, and of what, in words."""
        return list(self._ended.values())

    async def run(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a part until it is done or cancelled, however often it goes wrong."""
        rest, now = FIRST, asyncio.get_running_loop().time
        while True:
            begun = now()
            if await self._is_done(name, work):
                return
            rest = FIRST if now() - begun >= LONGEST.total_seconds() else rest
            await asyncio.sleep(rest.total_seconds())
            rest = min(LONGEST, rest * 2)

    async def _is_done(self, name: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Run a part once."""
        self._ended.pop(name, None)
        try:
            await work()
        except Exception as error:
            log.exception("a part ended", part=name)
            self._ended[name] = f"{name}: ended with {error!r}, and begins anew"
            return False
        return True
