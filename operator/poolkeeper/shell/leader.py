"""Who leads: one process at a time for each shard of the pools, by Leases of coordination.k8s.io/v1.

The rules are client-go's. Instants in a lease are for people and for the next leader's bookkeeping: whether it is
over is told by our own monotonic clock alone, one that goes on while the machine is suspended.

    standby:  a lease is over once we have seen it unchanged for its own duration, or released, or ours from before
    leading:  until `renew_deadline` after the last renewal that the server confirmed was *sent*
              renew every `retry`; each try takes half the deadline at most

`leading` turns False by itself at the deadline, whatever hangs; another may lead from `duration` on, which is later.
Leadership that was lost does not come back in this process: it must exit, and a restart is cheap.

A process takes the first lease of its shards that is free, and keeps that one. While the number of shards changes, a
pool is of two shards, and no lease alone says whose it is. So nobody leads before it has looked once more:

    take ----- look ----- no lease of another number is held: lead
                    `---- one is: hand it back, wait for a while of random length

Of two that take at the same time, one at least looks after the other has taken.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from math import ceil

from poolkeeper.api.shards import Shard, shards
from poolkeeper.shell.held import HeldLeases
from poolkeeper.shell.identity import Identity
from poolkeeper.shell.kube import KubeClient, Metadata
from poolkeeper.shell.kube_errors import ConflictError, KubeError, NotFound
from poolkeeper.shell.lease import Lease, LeaseSpec, LeaseTerms, as_json, micro_time

LABELS = {"app.kubernetes.io/name": "poolkeeper"}
"""For people and commands; whether a lease is one of ours, its name says."""
_SINCE_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot() -> float:
    """Return the seconds since the machine's start, those included in which it was suspended, if the system can."""
    return time.clock_gettime(_SINCE_BOOT)


class Elector:
    """Contends for a shard: `await elector.run()` returns once leadership was lost or released.

    Give it a client of its own, so that its renewals never wait behind other requests. `on_lost` is called once, at
    the deadline, from the event loop. `shard` is the one that this process leads: None before `acquired`, where there
    are several. `previous_renewal` says when whoever led it before, perhaps an earlier life of ours, last renewed:
    None before `acquired`, and for the first leader ever. `problem` is what went wrong with the last try.
    """

    def __init__(
        self,
        kube: KubeClient,
        terms: LeaseTerms,
        identity: Identity,
        *,
        on_lost: Callable[[], None],
        monotonic: Callable[[], float] = since_boot,
    ) -> None:
        self.identity = identity.name
        self.shard = Shard() if terms.shards == 1 else None
        self.previous_renewal: datetime | None = None
        self.problem = ""
        self._kube = kube
        self._terms = terms
        self._on_lost = on_lost
        self._monotonic = monotonic
        self._acquired = asyncio.Event()
        self._ended = asyncio.Event()
        self._one_try = asyncio.Lock()
        self._leads_until: float | None = None
        self._lease = Lease(Metadata())
        self._held = HeldLeases(kube, terms, self.identity, monotonic)
        self._order = random.sample(shards(terms.shards), terms.shards)  # so that not all contend for the same one
        self._was_in_the_way = False
        self._sent: deque[datetime] = deque(maxlen=100)

    @property
    def leading(self) -> bool:
        """Whether this process may write, now."""
        return not self._ended.is_set() and self._leads_until is not None and self._monotonic() < self._leads_until

    def left(self) -> float:
        """Return for how many seconds this process may write without another renewal."""
        return max(0.0, self._leads_until - self._monotonic()) if self.leading and self._leads_until else 0.0

    def looked_until(self, uid: str) -> datetime | None:
        """Return when whoever led before for the pool of that UID last renewed: nobody has looked at it since.

        That may have been a process of another number of shards. None where nobody ever did.
        """
        return self._held.looked_until(uid)

    async def acquired(self) -> None:
        """Wait until this process leads."""
        await self._acquired.wait()

    async def run(self) -> None:
        """Contend, then lead until that is lost or released."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._keep_trying()), group.create_task(self._watch_deadline())]
            await self._ended.wait()
            for task in tasks:
                task.cancel()

    async def release(self) -> None:
        """Stop leading and say so in the lease, so that the next leader need not wait. Stop all writes before."""
        self._ended.set()
        async with self._one_try:
            if self._acquired.is_set():
                await self._bounded(self._release())

    async def attempt(self) -> str:
        """Make one try to renew, or to acquire; return what is in its way, in words.

        Raises:
            KubeError: it failed.
        """
        if self.leading:
            return await self._renew()
        return "" if self._acquired.is_set() else await self._contend()

    async def _keep_trying(self) -> None:
        while True:
            async with self._one_try:
                await self._bounded(self.attempt())
            least, most = (1, 4) if self._was_in_the_way else (0.8, 1)  # two that met must not meet again
            self._was_in_the_way = False
            await asyncio.sleep(self._terms.retry.total_seconds() * random.uniform(least, most))  # noqa: S311  spreads load

    async def _watch_deadline(self) -> None:
        await self._acquired.wait()
        while self.leading and self._leads_until is not None:
            left = timedelta(seconds=self._leads_until - self._monotonic())
            await asyncio.sleep(max(timedelta(0), min(left, self._terms.retry / 4)).total_seconds())
        self._lose()

    def _lose(self) -> None:
        if not self._ended.is_set():
            self._ended.set()
            self._on_lost()

    async def _bounded(self, attempt: Awaitable[str]) -> None:
        """Make one attempt within half of the deadline; if it fails, another follows and the deadline stands."""
        try:
            async with asyncio.timeout(self._terms.renew_deadline.total_seconds() / 2):
                self.problem = await attempt
        except TimeoutError:
            self.problem = f"lease {self._shown}: no answer in time"
        except KubeError as error:
            self.problem = f"lease {self._shown}: {error}"

    @property
    def _shown(self) -> str:
        """The lease that we mean, for words."""
        return self.shard.lease if self.shard else f"of {self._terms.shards} shards"

    async def _renew(self) -> str:
        """Renew without a look, which halves the requests; look only when somebody else wrote."""
        shard = self.shard or Shard()
        try:
            self._confirm(shard, *await self._take(shard, self._lease))
        except (ConflictError, NotFound):
            await self._held.look(self._sent)
            if not self._held.is_free(shard):
                self._lose()
                return ""
            return await self._claim(shard)
        return ""

    async def _contend(self) -> str:
        """Take the first lease that is free, those of our own from before first."""
        await self._held.look(self._sent)
        free = [shard for shard in self._order if self._held.is_free(shard)]
        for shard in sorted(free, key=self._held.is_ours, reverse=True):
            if found := self._strangers():
                return found
            try:
                return await self._claim(shard)
            except ConflictError:
                continue
        return ""

    def _strangers(self) -> str:
        """Return which leases of another number of shards are held, in words."""
        found = self._held.strangers(self._terms.shards)
        return f"held for another number of shards: {', '.join(found)}" if found else ""

    async def _claim(self, shard: Shard) -> str:
        """Take a lease, and lead if nobody leads for another number of shards: that is to be looked up afterwards."""
        found = self._held.get(shard)
        lease, sent = await (self._create(shard) if found is None else self._take(shard, found))
        await self._held.look(self._sent)
        in_the_way = self._strangers()
        if not in_the_way:
            self._confirm(shard, lease, sent)
        elif self._acquired.is_set():
            self._lose()
        else:
            self._was_in_the_way = True
            await self._hand_back(shard, lease)
        return in_the_way

    async def _create(self, shard: Shard) -> tuple[Lease, float]:
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": shard.lease, "namespace": self._terms.namespace, "labels": LABELS},
        }
        sent, spec = self._monotonic(), self._renewed(LeaseSpec())
        written = await self._kube.post(self._terms.collection, {**body, "spec": as_json(spec)})
        return Lease(written.metadata, spec), sent

    async def _take(self, shard: Shard, found: Lease) -> tuple[Lease, float]:
        sent, spec = self._monotonic(), self._renewed(found.spec)
        written = await self._kube.patch(
            self._terms.path(shard), {"spec": as_json(spec)}, resource_version=found.metadata.resource_version
        )
        return Lease(written.metadata, spec), sent

    def _renewed(self, old: LeaseSpec) -> LeaseSpec:
        now = self._kube.clock.now()
        self._sent.append(now)
        same = old.holder_identity == self.identity
        return LeaseSpec(
            holder_identity=self.identity,
            lease_duration_seconds=ceil(self._terms.duration.total_seconds()),
            acquire_time=old.acquire_time if same else now,
            renew_time=now,
            lease_transitions=(old.lease_transitions or 0) + (not same),
        )

    def _confirm(self, shard: Shard, lease: Lease, sent: float) -> None:
        """Lead on, counted from when the request was sent; an answer after the deadline brings nothing back."""
        if self._acquired.is_set() and not self.leading:
            return
        if not self._acquired.is_set():
            self.shard, self.previous_renewal = shard, self._held.renewed.get(shard)
        self._lease = lease
        self._leads_until = sent + self._terms.renew_deadline.total_seconds()
        self._acquired.set()

    async def _hand_back(self, shard: Shard, lease: Lease) -> None:
        """Release a lease under which nobody has led: its last renewal is that of whoever did."""
        before = self._held.renewed.get(shard)
        spec = {"holderIdentity": "", "renewTime": micro_time(before)}
        await self._kube.patch(
            self._terms.path(shard), {"spec": spec}, resource_version=lease.metadata.resource_version
        )

    async def _release(self) -> str:
        shard = self.shard or Shard()
        await self._held.look(self._sent)
        found = self._held.get(shard)
        if found is not None and self._held.is_ours(shard):
            version = found.metadata.resource_version
            await self._kube.patch(self._terms.path(shard), {"spec": {"holderIdentity": ""}}, resource_version=version)
        return ""
