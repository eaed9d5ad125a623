"""Says in the log what is in the way, once when it appears and again when it changes."""

import asyncio
from collections.abc import Callable, Collection

import structlog

EVERY = 1.0

log = structlog.get_logger("poolkeeper")


async def run(problems: Callable[[], list[str]]) -> None:
    """Ask for the problems again and again, and say those that are new."""
    told: set[str] = set()
    while True:
        told = tell(problems(), told)
        await asyncio.sleep(EVERY)


def tell(problems: Collection[str], told: Collection[str]) -> set[str]:
    """Log the problems that were not told yet, and return all that there are."""
    for problem in problems:
        if problem not in told:
            log.warning("problem", problem=problem)
    return set(problems)
