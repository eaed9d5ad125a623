"""Who leads: one process at a time, by a Lease of coordination.k8s.io/v1.

The rules are client-go's. Instants in the lease are for people and for the next leader's bookkeeping: whether it is
over is told by our own monotonic clock alone.

    standby:  a lease is over once we have seen it unchanged for its own duration, or released, or ours from before
    leading:  until `renew_deadline` after the last renewal that the server confirmed was *sent*
              renew every `retry`; each try takes half the deadline at most

`leading` turns False by itself at the deadline, whatever hangs; another may lead from `duration` on, which is later.
Leadership that was lost does not come back in this process: it must exit, and a restart is cheap.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from math import ceil

from poolkeeper.shell.identity import Identity
from poolkeeper.shell.kube import KubeClient, Metadata
from poolkeeper.shell.kube_errors import ConflictError, KubeError, NotFound
from poolkeeper.shell.lease import Lease, LeaseSpec, LeaseTerms, as_json


class Elector:
    """Contends for a lease: `await elector.run()` returns once leadership was lost or released.

    Give it a client of its own, so that its renewals never wait behind other requests. `on_lost` is called once, at
    the deadline, from the event loop. `previous_renewal` says when whoever led before, perhaps an earlier life of
    ours, last renewed: nobody has looked since. It is None before `acquired`, and for the first leader ever.
    `problem` is what went wrong with the last try.
    """

    def __init__(
        self,
        kube: KubeClient,
        terms: LeaseTerms,
        identity: Identity,
        *,
        on_lost: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.identity = identity.name
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
        self._seen_at = 0.0
        self._sent: deque[datetime] = deque(maxlen=100)

    @property
    def leading(self) -> bool:
        """Whether this process may write, now."""
        return not self._ended.is_set() and self._leads_until is not None and self._monotonic() < self._leads_until

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
                await self._bounded(self._hand_back())

    async def _keep_trying(self) -> None:
        while True:
            async with self._one_try:
                await self._bounded(self._renew() if self.leading else self._contend())
            await asyncio.sleep(self._terms.retry.total_seconds() * random.uniform(0.8, 1))  # noqa: S311  spreads load

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

    async def _bounded(self, attempt: Awaitable[None]) -> None:
        """Make one attempt within half of the deadline; if it fails, another follows and the deadline stands."""
        try:
            async with asyncio.timeout(self._terms.renew_deadline.total_seconds() / 2):
                await attempt
            self.problem = ""
        except TimeoutError:
            self.problem = f"lease {self._terms.name}: no answer in time"
        except KubeError as error:
            self.problem = f"lease {self._terms.name}: {error}"

    async def _renew(self) -> None:
        """Renew without a look, which halves the requests; look only when somebody else wrote."""
        try:
            await self._take(self._lease)
        except (ConflictError, NotFound):
            await self._contend()

    async def _contend(self) -> None:
        found = await self._look()
        if found is None:
            await self._create()
        elif self._is_ours_to_take(found.spec):
            await self._take(found)
        elif self._acquired.is_set():
            self._lose()

    async def _look(self) -> Lease | None:
        try:
            found = await self._kube.get(self._terms.path, into=Lease)
        except NotFound:
            return None
        if found.spec != self._lease.spec:
            self._seen_at = self._monotonic()
        self._lease = found
        return found

    def _is_ours_to_take(self, spec: LeaseSpec) -> bool:
        if spec.holder_identity in (None, "", self.identity):
            return True
        duration = spec.lease_duration_seconds or self._terms.duration.total_seconds()
        return self._monotonic() >= self._seen_at + duration

    async def _create(self) -> None:
        body = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self._terms.name, "namespace": self._terms.namespace},
        }
        sent, spec = self._monotonic(), self._renewed(LeaseSpec())
        written = await self._kube.post(self._terms.collection, {**body, "spec": as_json(spec)})
        self._confirm(Lease(written.metadata, spec), sent)

    async def _take(self, found: Lease) -> None:
        if not self._acquired.is_set() and found.spec.renew_time not in self._sent:  # else a late one of our own tries
            self.previous_renewal = found.spec.renew_time
        sent, spec = self._monotonic(), self._renewed(found.spec)
        written = await self._kube.patch(
            self._terms.path, {"spec": as_json(spec)}, resource_version=found.metadata.resource_version
        )
        self._confirm(Lease(written.metadata, spec), sent)

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

    def _confirm(self, lease: Lease, sent: float) -> None:
        """Lead on, counted from when the request was sent; an answer after the deadline brings nothing back."""
        if self._acquired.is_set() and not self.leading:
            return
        self._lease = lease
        self._leads_until = sent + self._terms.renew_deadline.total_seconds()
        self._acquired.set()

    async def _hand_back(self) -> None:
        found = await self._look()
        if found is not None and found.spec.holder_identity == self.identity:
            version = found.metadata.resource_version
            await self._kube.patch(self._terms.path, {"spec": {"holderIdentity": ""}}, resource_version=version)
