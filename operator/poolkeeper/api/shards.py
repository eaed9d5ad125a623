"""Which shard a pool is of, and what the lease of a shard is called.

One process keeps one shard. With one shard there is one lease, `poolkeeper`; with N there are `poolkeeper-0-of-N` to
`poolkeeper-(N-1)-of-N`. A name says all that is to be known of a lease: a label could be lost.
"""

import re
from typing import NamedTuple, Self
from zlib import crc32

from poolkeeper.api import names

MOST = 64
_NAME = re.compile(rf"{names.LEASE}(?:-(0|[1-9]\d?)-of-([1-9]\d?))?")


class Shard(NamedTuple):
    """One of so many (`of`) shards; `number` counts from 0."""

    number: int = 0
    of: int = 1

    @property
    def lease(self) -> str:
        """The name of its lease."""
        return names.LEASE if self.of == 1 else f"{names.LEASE}-{self.number}-of-{self.of}"

    @classmethod
    def named(cls, lease: str) -> Self | None:
        """Return the shard whose lease is called so, None where that is no shard's."""
        found = _NAME.fullmatch(lease)
        if found is None:
            return None
        number, of = (int(text) for text in (found[1] or "0", found[2] or "1"))
        made = cls(number, of)
        return made if number < of <= MOST and made.lease == lease else None

    def has(self, uid: str) -> bool:
        """Return whether a pool of that UID is of this shard."""
        return crc32(uid.encode()) % self.of == self.number


def shards(of: int) -> tuple[Shard, ...]:
    """Return all of so many shards; ValueError, which names the option, unless they are 1 to MOST."""
    if not 1 <= of <= MOST:
        raise ValueError(f"--shards: {of} is no number of shards that there can be; write 1 to {MOST}")
    return tuple(Shard(number, of) for number in range(of))
