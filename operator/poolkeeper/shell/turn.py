"""One pool's turn: look -> decide -> carry out -> say. What was not carried out is decided again.

halves      how the pool can be split
decide      the core
keep        the pool's own Deployments and its disruption budget, lowered before anything shrinks; each by itself
sizes       growth first; before a shrink the pods that are to go are marked
money       the account goes on with the decision; on its own beat it is reviewed; what goes wrong there stops nothing
say         one event for a change, then the status
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

import structlog

from poolkeeper.api.names import shown
from poolkeeper.api.spec import Spec
from poolkeeper.core.decide import decide, halted
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.meter import Bill
from poolkeeper.core.model import Mode, PoolSpec
from poolkeeper.core.observation import Reading
from poolkeeper.core.plan import Resize, plan
from poolkeeper.core.reasons import Reason
from poolkeeper.core.words import message
from poolkeeper.shell import apply, covering, notices, observe, publish, victims, workload
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.diary import Deed
from poolkeeper.shell.halves import Halves, Kept
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.money import Money
from poolkeeper.shell.noting import noting
from poolkeeper.shell.pools import Key, Pool, Pools
from poolkeeper.shell.sibling import Standing
from poolkeeper.shell.sparing import Sparing
from poolkeeper.shell.telemetry import Telemetry
from poolkeeper.shell.views import WorkloadView

Versions = Mapping[str, str]

log = structlog.get_logger("poolkeeper")


def undone(after: Memory, before: Memory, decision: Decision, written: Versions) -> Memory:
    """Return the memory of a decision that was not carried out in full: what it asked for is to be asked for again."""
    if all(share.size == share.found or share.tier in written for share in decision.shares):
        return after
    shrank = decision.size < decision.current
    asked = {one.tier: one.size if one.tier in written else one.found for one in decision.shares}
    return replace(
        after,
        edits=before.edits,
        grace=before.grace if shrank else after.grace,
        tiers=replace(after.tiers, asked=asked if after.tiers.asked else {}),
    )


class Turns:
    """Takes the turns of all pools, one at a time for each. `hear` is told each decision, as it was made."""

    def __init__(self, kube: KubeClient, cluster: Cluster, pools: Pools, telemetry: Telemetry, money: Money) -> None:
        self._kube, self._cluster, self._pools, self._money = kube, cluster, pools, money
        self.telemetry = telemetry
        self.hear: Callable[[Pool, Deed], None] = lambda *_: None
        self._halves = Halves(kube, cluster)
        self._sparing = Sparing()

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        self._halves.forget(key)
        self._money.forget(key)

    async def take(self, pool: Pool, spec: PoolSpec, readings: tuple[Reading, ...]) -> None:
        """Decide and carry out. Clocks move on only with their writes."""
        now = self._kube.clock.now()
        await self._halves.look(pool)
        observe.forget_old_writes(pool, self._cluster, now)  # what is left of them, `seen` shows
        bill, spec = self._bill(pool, spec, now)
        seen = observe.observation(pool, self._cluster, self._pools, readings, now)
        seen = replace(seen, bill=bill)
        observe.note_scale(pool, self._cluster)
        with self.telemetry.decision_seconds.time():
            decision, memory = decide(spec, seen, pool.memory, now)
        self.hear(pool, Deed(seen, pool.memory, decision, memory, now))
        if seen.target is None:
            decision = replace(decision, detail=observe.absence(pool, self._cluster))
        may_write = spec.mode is Mode.ACTIVE and halted(spec, seen, now) is None
        kept = await self._keep(pool, decision, may_write=may_write)
        written = await self._resize(pool, decision, plan(spec, decision).resizes, may_shrink=kept.may_shrink)
        memory = undone(memory, pool.memory, decision, written) if spec.mode is Mode.ACTIVE else memory
        decision = covering.told(with_standing(decision, kept.standing), pool, self._cluster)
        pool.decision, pool.decided_at, pool.memory = decision, now, memory
        self.telemetry.decided(pool.key, spec, decision)
        if written:
            pool.reckoning.hurry()
        with self._sparing.spare(pool, now):
            self._money.refresh(pool, spec, now)
        await self.publish(pool, decision, written)

    def _bill(self, pool: Pool, spec: PoolSpec, now: datetime) -> tuple[Bill | None, PoolSpec]:
        """Return what is paid for now, and the spec that it is counted by.

        None where what is paid for is not known: then nothing is counted, and all else goes on.
        """
        with self._sparing.spare(pool, now):
            return self._money.bill(pool, now), self._money.settle(pool, spec, now)
        return None, spec

    async def _keep(self, pool: Pool, decision: Decision, *, may_write: bool) -> Kept:
        """Keep the pool's own Deployments and budget: what freezes its size freezes all of it, but for the way out."""
        if pool.spec is None:
            return Kept()
        if not pool.workload_rest.rests(self._kube.clock.now()):
            with noting(self._kube, pool, pool.workload_rest):
                await self._keep_workload(pool, pool.spec, decision, may_write=may_write)
        return await self._halves.keep(pool, decision) if may_write and not decision.frozen else Kept()

    async def _keep_workload(self, pool: Pool, spec: Spec, decision: Decision, *, may_write: bool) -> None:
        await workload.let_go(self._kube, pool, spec, self._cluster)
        if not (spec.owns_workload and may_write):
            return
        if decision.reason is Reason.TARGET_NOT_FOUND:
            await workload.make(self._kube, pool, spec, pool.division.provider)
        elif not decision.frozen:
            await workload.keep(self._kube, pool, spec, self._cluster, pool.division.provider)

    async def _resize(
        self, pool: Pool, decision: Decision, resizes: tuple[Resize, ...], *, may_shrink: bool
    ) -> Versions:
        """Write the tiers' sizes. Return the version that each one that was written was decided on.

        A shrink waits until all growth was written.
        """
        for tier, rest in pool.scale_rests.items():
            if tier not in {resize.tier for resize in resizes}:
                rest.succeeded()
        for tier, rest in pool.mark_rests.items():
            if tier not in {resize.tier for resize in resizes if resize.victims}:
                rest.succeeded()
        written: dict[str, str] = {}
        for resize in resizes:
            ready = resize.grows or (may_shrink and all(one.tier in written for one in resizes if one.grows))
            version = await self._resize_one(pool, decision, resize) if ready else None
            if version is not None:
                written[resize.tier] = version
        return written

    async def _resize_one(self, pool: Pool, decision: Decision, resize: Resize) -> str | None:
        """Write one tier's size; None where it was not written."""
        rest, name = pool.scale_rests[resize.tier], observe.name_of(pool, resize.tier)
        found, own = observe.workload_of(pool, self._cluster, resize.tier), pool.own_writes.get(name)
        version, path = observe.newest_version(pool, name, found), pool.kind.path(pool.key[0], name)
        if own is not None and own.replicas == resize.after:  # the sibling: it was just made at its size
            log_change(pool, decision, resize)
            return own.resource_version
        if version is None or rest.rests(self._kube.clock.now()):
            return None
        if resize.victims and (found is None or not await self._mark(pool, found, resize)):
            return None
        with noting(self._kube, pool, rest):
            with self.telemetry.write("scale"):
                pool.own_writes[name] = await apply.resize(self._kube, path, version, resize)
            log_change(pool, decision, resize)
            return version
        return None

    async def _mark(self, pool: Pool, found: WorkloadView, resize: Resize) -> bool:
        """Mark who goes first; False where they could not be marked: then nothing shrinks (R6); growth goes on.

        Where the highest ordinal goes, a mark would tell nobody anything.
        """
        if found.kind.ordered:
            return True
        rest = pool.mark_rests[resize.tier]
        if rest.rests(self._kube.clock.now()):
            return False
        with noting(self._kube, pool, rest):
            await victims.mark(self._kube, pool.key[0], self._cluster.pods_of(found), resize.victims)
            return True
        return False

    async def publish(self, pool: Pool, decision: Decision, written: Versions) -> None:
        """Say what was decided; `written` tells what was carried out, and on what."""
        now = self._kube.clock.now()
        if written:
            done = carried_out(decision, written)
            self.telemetry.scaled(pool.key, done)
            publish.note_change(pool, done, now)
            with suppress(KubeError), self.telemetry.write("event"):
                await publish.post_event(self._kube, pool, done, now, "/".join(written.values()))
        await notices.post(self._kube, pool, now)
        refused = pool.refused
        if refused and not (decision.frozen and decision.trail):  # a pool that is halted says by what
            decision = replace(decision, reason=refused[0], detail=refused[1])
        if pool.status_rest.rests(now):
            return
        budget = replace(pool.budget)
        status = publish.due_status(pool, decision, now)
        if status is None:
            return
        with noting(self._kube, pool, pool.status_rest), self.telemetry.write("status"):
            await publish.write_status(self._kube, pool, status)
            return
        pool.budget = budget  # nothing was told


def log_change(pool: Pool, decision: Decision, resize: Resize) -> None:
    """Say that a tier was resized."""
    log.info(
        "scaled",
        pool=shown(pool.key[1]),
        namespace=pool.key[0],
        tier=resize.tier,
        before=resize.before,
        after=resize.after,
        reason=decision.reason.value,
        message=message(decision),
    )


def carried_out(decision: Decision, written: Versions) -> Decision:
    """Return the decision as far as it was carried out."""
    shares = tuple(one if one.tier in written else replace(one, size=one.found) for one in decision.shares)
    return replace(decision, shares=shares)


def with_standing(decision: Decision, standing: Standing) -> Decision:
    """Return the decision with what is not as it should be of the sibling or the budget, unless worse is told."""
    if decision.health.split is not Reason.AS_EXPECTED or standing.reason is Reason.AS_EXPECTED:
        return decision
    return replace(decision, health=replace(decision.health, split=standing.reason, split_detail=standing.detail))
