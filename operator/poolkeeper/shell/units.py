"""What pools are there for, counted by queries on the administrator's servers (R8): off the hot path, one task for all.

What cannot be counted has words and no number: an old count beside new cost would be a wrong price.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from poolkeeper.core.economics import Count
from poolkeeper.core.model import PrometheusSource
from poolkeeper.core.observation import Reading
from poolkeeper.shell.pools import Pool
from poolkeeper.shell.queues.batch import Readings
from poolkeeper.shell.queues.demultiplex import Ask, Roster

EVERY = timedelta(minutes=5)
"""How often each query is asked: it is of a whole day."""
NOBODY = Roster()


class Reader(Protocol):
    """What asks the servers: BatchReader, or a stand-in."""

    async def read(self, asks: Sequence[Ask], now: datetime) -> Readings:
        """Return a reading for every ask, faults included; never raises for what a server does."""


def asks(pools: Iterable[Pool]) -> list[Ask]:
    """Return what is to be asked for pools' units."""
    return [
        Ask(pool.uid, pool.key[0], PrometheusSource(unit.name, unit.server, query=unit.query), NOBODY)
        for pool in pools
        if pool.core is not None
        for unit in pool.core.cost.units
    ]


async def count(reader: Reader, pools: Iterable[Pool], now: datetime) -> None:
    """Count the units of all pools, and let each pool know its own."""
    known = tuple(pools)
    found = await reader.read(asks(known), now)
    for pool in known:
        units = pool.core.cost.units if pool.core else ()
        readings = ((unit.name, found.get((pool.uid, unit.name))) for unit in units)
        pool.reckoning.counts = {name: counted(reading) for name, reading in readings if reading is not None}


def counted(reading: Reading) -> Count:
    """Return what a reading counts."""
    if reading.fault is not None:
        return Count(words=f"{reading.fault.sentence}: {reading.detail}" if reading.detail else reading.fault.sentence)
    return Count(reading.waiting, words="")


async def run(reader: Reader, pools: Iterable[Pool], now: Callable[[], datetime]) -> None:
    """Count every few minutes until cancelled."""
    while True:
        await count(reader, pools, now())
        await asyncio.sleep(EVERY.total_seconds())
