"""What a pool costs, from the bill to everything that is written of it (R8). Nothing here holds up a look.

    bill        what is paid for now, and the book that prices it: the account goes on with each decision
    refresh     on the beat: the statement is made anew, and what is to be written is noted (reckoning.py)
    attend      a task for each pool that has something to write: events, annotations, days of the ledger

What fails rests and is tried again; the account keeps a day until the ledger has it for good.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from poolkeeper.api.names import shown
from poolkeeper.api.units import format_instant
from poolkeeper.core.account import settled
from poolkeeper.core.meter import Bill
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.reasons import Reason
from poolkeeper.core.statement import News
from poolkeeper.shell import cost_marks, publish, right
from poolkeeper.shell.backoff import Backoff
from poolkeeper.shell.billing import Billing
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Forbidden, Invalid, KubeError, NotFound
from poolkeeper.shell.ledger import Heading, Ledger, borne, entries
from poolkeeper.shell.noting import noting
from poolkeeper.shell.pools import Key, Pool, Pools
from poolkeeper.shell.price_book import PriceBook
from poolkeeper.shell.reckoning import beat
from poolkeeper.shell.settings import Settings
from poolkeeper.shell.telemetry import Telemetry

Work = tuple[Callable[[Pool], Awaitable[None]], Backoff]

PATIENCE = timedelta(seconds=30)
"""How long nothing is counted while the price book was not read yet: what is counted keeps its price."""
LAST = timedelta(seconds=10)
"""How long the last days may take to be written when the process ends."""
AGAIN = timedelta(seconds=1)

log = structlog.get_logger("poolkeeper")


class Money:
    """The money of all pools. Until `begin`, nothing is written."""

    def __init__(
        self, kube: KubeClient, cluster: Cluster, pools: Pools, telemetry: Telemetry, settings: Settings
    ) -> None:
        self._kube, self._cluster, self._pools, self._telemetry = kube, cluster, pools, telemetry
        self._billing = Billing(cluster)
        self._ledger = Ledger(kube, settings.operator_namespace)
        self._heading = Heading(settings.cluster, settings.ledger_labels)
        self._began: datetime | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._gone: dict[str, Pool] = {}
        self._prune_problem = ""
        self.book = PriceBook(
            kube, settings.operator_namespace, settings.price_book, leading=lambda: self._began is not None
        )

    def begin(self, now: datetime) -> None:
        """Take in that this process leads."""
        self._began = now

    def bill(self, pool: Pool, now: datetime) -> Bill | None:
        """Return what is paid for now; None where the prices may be about to come."""
        if not self.book.is_synced and (self._began is None or now - self._began < PATIENCE):
            return None
        return self._billing.bill(pool, self.book.book, now) if self._pays(pool) else Bill((), self.book.book)

    def settle(self, pool: Pool, spec: PoolSpec, now: datetime) -> PoolSpec:
        """Make the account ready for the next look, and return the spec that it is to be counted by.

        It gets to know which of its days the ledger has, and that another pool pays for the target, where one does.
        Where it is about to begin anew in another currency, what it has is noted for the ledger.
        """
        account = pool.reckoning.settle(pool.memory.account, spec, now)
        account = pool.reckoning.part(account, spec.cost.currency, now)
        if account is not pool.memory.account:
            pool.memory = replace(pool.memory, account=account)
        if self._pays(pool):
            return spec
        pool.memory = replace(pool.memory, account=right.uncounted(pool.memory.account))
        return right.uncommitted(pool, spec)

    def _pays(self, pool: Pool) -> bool:
        return self._pools.payer(pool) is pool

    def refresh(self, pool: Pool, spec: PoolSpec, now: datetime) -> None:
        """Review the account if it is time, and start to write what there is to write."""
        found, account = pool.reckoning, pool.memory.account
        hear_lifting(pool, now)
        if account.meter.tariff is not None and found.may_be_due(now):
            at = beat(pool.uid, len(self._pools), now)
            if found.is_due(at):
                reviewed = found.review(account, spec, at, pool.lifted.until)
                pool.memory = replace(pool.memory, account=reviewed.account)
                self._telemetry.cost.told(pool.key, reviewed.statement, borne(pool, self._heading))
        if found.is_pending:
            self._attend(pool, now)

    def forget(self, key: Key) -> None:
        """Take in that a name has no pool any more."""
        self._billing.forget(key)

    def end(self, pool: Pool) -> None:
        """Write the last days of a pool that is gone: its own status is gone with it."""
        pool.reckoning.days = settled(pool.memory.account, self._kube.clock.now())
        if pool.leading and pool.reckoning.is_unfiled:
            self._gone[pool.uid] = pool
            self._start(self._close(pool))

    async def close(self) -> None:
        """Write the open days and the accounts of all pools, as far as there is time: the next leader goes on there."""
        now = self._kube.clock.now()
        if self._began is None:
            return
        for pool in self._pools:
            pool.reckoning.days = settled(pool.memory.account, now) if pool.leading else ()
        left = [pool for pool in (*self._pools, *self._gone.values()) if pool.reckoning.is_unfiled]
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST.total_seconds()):
                await asyncio.gather(*(self._do(pool, [self._days_of(pool)]) for pool in left))
                led = [pool for pool in self._pools if pool.leading and pool.reckoning.stored]
                await asyncio.gather(*(self._do(pool, [(self._store, pool.status_rest)]) for pool in led))
        for task in self._tasks:
            task.cancel()

    async def prune(self) -> None:
        """Delete what the ledger need not keep; what fails is tried again the next time."""
        now = self._kube.clock.now()
        try:
            count = await self._ledger.prune(now.date())
        except KubeError as error:
            self._prune_problem = f"old months of the ledger: {error}"
            return
        self._prune_problem = ""
        if count:
            log.info("months of the ledger deleted", count=count)

    def problems(self) -> list[str]:
        """Return what keeps prices from being known, and days from being written, in words."""
        rests = (pool.reckoning.ledger_rest for pool in (*self._pools, *self._gone.values()))
        unwritten = dict.fromkeys(f"ledger: {rest.problem}" for rest in rests if rest.problem)
        unread = ((one.key, one.lifted.problem) for one in self._pools if one.lifted.problem)
        lifted = [f"{shown(name)} in {namespace}: {words}" for (namespace, name), words in unread]
        return [*self.book.problems, *unwritten, *filter(None, [self._prune_problem]), *lifted]

    def _attend(self, pool: Pool, now: datetime) -> None:
        """Start the pool's task if something is to be written that does not rest, and none is under way."""
        found = pool.reckoning
        pending = (
            (bool(found.news), (self._tell, found.event_rest)),
            (bool(found.unwritten), (self._annotate, found.annotation_rest)),
            (found.is_unfiled, self._days_of(pool)),
            (found.is_marking, (self._mark, found.workload_rest)),
        )
        due = [work for is_due, work in pending if is_due and not work[1].rests(now)]
        if due and not found.writing.locked():
            self._start(self._do(pool, due))

    def _days_of(self, pool: Pool) -> Work:
        return self._write_days, pool.reckoning.ledger_rest

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, pool: Pool, due: list[Work]) -> None:
        """Do what is due for one pool, one after the other; whatever goes wrong stays with it."""
        try:
            async with pool.reckoning.writing:
                for work, rest in due:
                    with noting(self._kube, pool, rest):
                        await work(pool)
        except Exception:
            log.exception("money failed", pool=shown(pool.key[1]), namespace=pool.key[0])

    async def _close(self, pool: Pool) -> None:
        """Write the last days, however often that takes."""
        while pool.reckoning.is_unfiled:
            await self._do(pool, [self._days_of(pool)])
            if pool.reckoning.is_unfiled:
                await asyncio.sleep(max(AGAIN, pool.reckoning.ledger_rest.wait).total_seconds())
        del self._gone[pool.uid]

    async def _tell(self, pool: Pool) -> None:
        """Post what is news; what is refused for good is dropped, with a word in the log."""
        news = pool.reckoning.news
        while news:
            try:
                with self._telemetry.write("event"):
                    await publish.post_news(self._kube, pool, news[0], self._kube.clock.now())
            except (Forbidden, Invalid) as error:
                log.warning("event refused", pool=shown(pool.key[1]), namespace=pool.key[0], error=str(error))
            news.pop(0)

    async def _annotate(self, pool: Pool) -> None:
        """Write the pool's annotations, unless it is gone."""
        found = pool.reckoning
        changed = dict(found.unwritten)
        metadata = {"uid": pool.uid, "annotations": changed}
        with suppress(NotFound), self._telemetry.write("annotations"):
            await self._kube.patch(publish.path(pool), {"metadata": metadata})
        found.annotations = {key: value for key, value in {**found.annotations, **changed}.items() if value is not None}
        found.unwritten = {key: value for key, value in found.unwritten.items() if value != changed.get(key, "")}

    async def _write_days(self, pool: Pool) -> None:
        found = pool.reckoning
        with self._telemetry.write("ledger"):
            try:
                await self._write_former(pool)
            finally:
                await self._ledger.write(entries(pool, found.days, self._heading), found.written)

    async def _write_former(self, pool: Pool) -> None:
        """Write the days of accounts in other currencies: once each, for nothing is added to them."""
        former = pool.reckoning.former
        for currency, days in tuple(former.items()):
            await self._ledger.write(entries(pool, days, self._heading, currency))
            if former.get(currency) is days:
                del former[currency]

    async def _store(self, pool: Pool) -> None:
        if pool.core is not None and pool.status.get("memory"):
            pool.reckoning.store(pool.memory.account, pool.core, self._kube.clock.now())
            with self._telemetry.write("status"):
                await publish.write_account(self._kube, pool)

    async def _mark(self, pool: Pool) -> None:
        with self._telemetry.write("annotations"):
            await cost_marks.write(self._kube, pool, self._cluster)
        pool.reckoning.is_marking = False


def hear_lifting(pool: Pool, now: datetime) -> None:
    """Note for an event that somebody has lifted what a used-up budget holds back: who, why, until when."""
    lifting, found = pool.lifted, pool.reckoning
    if lifting.until is None or lifting.until <= now:
        return
    until = format_instant(lifting.until)
    key = f"lifted/{until}/{lifting.by}"
    if key != found.lifted:
        found.lifted = key
        words = f"until {until} the month's budget holds nothing back" + (f", by {lifting.by}" if lifting.by else "")
        found.news.append(News(key, Reason.BUDGET_LIFTED, words))
