"""Which leases are held: what those of all shards say, and for how long by our own clock they have said so.

A lease is over once it was read, by a request that was *sent* its own duration after it was first seen as it is, and
had not changed: an answer may come late, and say nothing of the time since it was given.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from poolkeeper.api.shards import Shard
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.lease import Lease, LeaseTerms


@dataclass(frozen=True, slots=True)
class Sight:
    """A lease as it was last read, and since when it has been seen like that, in seconds of a monotonic clock."""

    lease: Lease
    since: float


class HeldLeases:
    """The leases of all shards in the operator's namespace, of whatever number of shards they are.

    `renewed` says when each was last renewed by somebody else: instants that are among `ours` are left out.
    """

    def __init__(self, kube: KubeClient, terms: LeaseTerms, identity: str, monotonic: Callable[[], float]) -> None:
        self._kube, self._terms, self._identity, self._monotonic = kube, terms, identity, monotonic
        self._seen: dict[Shard, Sight] = {}
        self._asked_at = 0.0
        self.renewed: dict[Shard, datetime | None] = {}

    async def look(self, ours: Collection[datetime]) -> None:
        """Read all leases anew.

        Raises:
            KubeError: what is known stays.
        """
        asked_at = self._monotonic()
        found = await self._kube.list(self._terms.collection, item=Lease)
        answered_at = self._monotonic()
        known = ((Shard.named(one.metadata.name), one) for one in found)
        self._seen = {shard: self._sight(shard, one, answered_at) for shard, one in known if shard is not None}
        self._asked_at = asked_at
        told = ((shard, sight.lease.spec.renew_time) for shard, sight in self._seen.items())
        self.renewed |= {shard: at for shard, at in told if at not in ours}

    def _sight(self, shard: Shard, lease: Lease, now: float) -> Sight:
        before = self._seen.get(shard)
        return Sight(lease, before.since if before and before.lease.spec == lease.spec else now)

    def get(self, shard: Shard) -> Lease | None:
        """Return a lease as it was last read, None where there is none."""
        found = self._seen.get(shard)
        return found.lease if found else None

    def is_ours(self, shard: Shard) -> bool:
        """Return whether a lease is ours from before: nobody else who lives bears our name."""
        found = self.get(shard)
        return found is not None and found.spec.holder_identity == self._identity

    def is_free(self, shard: Shard) -> bool:
        """Return whether nobody else holds a lease: it is not there, was released, is ours from before, or is over."""
        found = self._seen.get(shard)
        if found is None or not found.lease.spec.holder_identity or self.is_ours(shard):
            return True
        duration = found.lease.spec.lease_duration_seconds or self._terms.duration.total_seconds()
        return self._asked_at >= found.since + duration

    def strangers(self, of: int) -> list[str]:
        """Return the names of leases that are held by others for another number of shards."""
        return [shard.lease for shard in sorted(self._seen) if shard.of != of and not self.is_free(shard)]

    def looked_until(self, uid: str) -> datetime | None:
        """Return when whoever kept the pool of that UID last renewed a lease, None where nobody ever did."""
        return max((at for shard, at in self.renewed.items() if at is not None and shard.has(uid)), default=None)
