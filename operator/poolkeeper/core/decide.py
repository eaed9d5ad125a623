"""decide(): the table of contents of the rules.

look      depth.py (R3), startup.py, tiers.py (R4), slo.py (R11)   what was seen, and what it means
          schedule.py (R5), forecast.py                            which bounds hold now
          account.py (R8)                                          what it has cost, and whether the budget is used up
freeze    Paused, Conflict (R10): nothing is written
pace      demand.py (R1), lead.py, grace.py, shrink.py (R2)        what the queue asks for, and the load
          idle.py, batch.py                                        to zero and from zero; work that can wait
bounds    edits.py (R10), pin.py, peer.py, bounds.py (R0)          what may be had
shares    split.py (R7), victims.py (R6)                           which tier has how much of it, and who goes
verdict   decision.py (R9), standing.py                            the size, why, and what comes next
observe   counterfactual.py                                        what our sizes would have come to
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from poolkeeper.core import batched, bounds, counterfactual, edits, grace, idle, pin, shares, standing
from poolkeeper.core.decision import Decision, Prospect, Stage
from poolkeeper.core.edits import Ruling
from poolkeeper.core.look import Look, accounted, health, look
from poolkeeper.core.memory import Edits, Grace, Memory, Tiers
from poolkeeper.core.model import Mode, PoolSpec
from poolkeeper.core.observation import FOR_GOOD, Observation
from poolkeeper.core.pace import Pace, judge, vetoed
from poolkeeper.core.prospects import ahead
from poolkeeper.core.reasons import Reason
from poolkeeper.core.shares import Settled, Terms, settle

CAPS = -4
"""Where the caps begin in the trail: budget, maximum, startup. The drain, last, is none of them."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why nothing may be written at all, in whose words, and until when if that is known."""

    reason: Reason
    detail: str
    until: datetime | None = None


def decide(spec: PoolSpec, seen: Observation, memory: Memory, now: datetime) -> tuple[Decision, Memory]:
    """Return the size to have at `now`, and what to remember for next time."""
    if seen.target is None:
        paid = accounted(spec, seen, memory.account, None, now)
        decision = Decision(0, 0, 0, Reason.TARGET_NOT_FOUND, frozen=True, counterfactual=memory.counterfactual)
        return decision, replace(memory, account=paid)
    view = watched(spec, look(spec, seen, seen.target, memory, now), memory, now)
    halt = halted(spec, seen, now)
    if halt is not None:
        return frozen(spec, view, halt, now)
    noticed = notice(spec, view, now)
    ruling = edits.rule(noticed, view.bounds.floor, spec.queue.down.grace_period, now)
    spec, ruling = bounds.in_force(spec, view), pin.over(ruling, view.pin, noticed.edit)
    if ruling.conflict:
        return frozen(spec, view, reverted(noticed, ruling), now, noticed)
    if view.capacity.blocked:
        ruling = edits.put_off(ruling)
    view = batched.watch(spec, view, now)
    pace = judge(spec, view, ruling, now)
    trail = stages(spec, view, pace, ruling, now)
    begun = idle.begin(spec, view, trail[-1].after)
    if begun is not view.memory.tiers:
        view = replace(view, memory=replace(view.memory, tiers=begun))
    done = settle(trail[-1].after, batched.placed(spec, view), view, now, terms(view, ruling, noticed))
    if done.memory is not view.memory.tiers:
        view = replace(view, memory=replace(view.memory, tiers=done.memory))
    if pace.fired and not (done.held or is_kept_up(trail, view)):
        pace = pace._replace(clock=grace.restart(pace.clock))
    decision = verdict(spec, seen, Found(view, done, pace, ruling), [*trail, done.stage], now)
    active = spec.mode is Mode.ACTIVE
    settled = edits.settle(noticed, ruling, decision.size, now) if active else noticed
    tiers = remembered(view.memory.tiers, decision, active=active)
    return decision, view.memory.decided(pace.clock, settled, tiers)


def watched(spec: PoolSpec, view: Look, before: Memory, now: datetime) -> Look:
    """Return the look with what is known of its work, or what our sizes would have come to beside somebody else's."""
    if spec.batch is not None:  # without arrivals there is no load to live through
        return batched.remember(spec, spec.batch, view, now)
    known = counterfactual.follow(decide, spec, view, before.load, now)
    if known is view.memory.counterfactual:
        return view
    return replace(view, memory=replace(view.memory, counterfactual=known))


def terms(view: Look, ruling: Ruling, noticed: Edits) -> Terms:
    """Return what the tiers' shares must leave alone; a foreign growth stays where it was put."""
    edit = noticed.edit if ruling.keep else None
    return Terms(keeps(view, ruling), min(view.current, edit.theirs - edit.ours) if edit else 0)


def keeps(view: Look, ruling: Ruling) -> bool:
    """Return whether no tier may lose a replica: at the first decision, in a rollout, while a foreign shrink stands."""
    return view.memory.edits.asked is None or view.target.rolling or ruling.waiting or ruling.keep


def remembered(tiers: Tiers, decision: Decision, *, active: bool) -> Tiers:
    """Return the tiers' memory with what each is asked for from now on; a pool of one needs none."""
    if len(decision.shares) == 1:
        return replace(tiers, asked={}) if tiers.asked else tiers
    return replace(tiers, asked={share.tier: share.size if active else share.found for share in decision.shares})


def notice(spec: PoolSpec, view: Look, now: datetime) -> Edits:
    """Return the foreign writes as they stand; a pool that only observes follows what it finds."""
    if spec.mode is Mode.OBSERVE:
        return edits.follow(view.memory.edits, view.target)
    return edits.notice(view.memory.edits, view.target, now)


def halted(spec: PoolSpec, seen: Observation, now: datetime) -> Halt | None:
    """Return what forbids every write, None when nothing does. Observe never refuses."""
    if spec.mode is Mode.PAUSED:
        return Halt(Reason.PAUSED, "spec.mode is Paused")
    if seen.paused_until == FOR_GOOD:
        return Halt(Reason.PAUSED, "for good: the end that was given cannot be read; write it as 2026-03-08T07:30:00Z")
    if seen.paused_until is not None and now < seen.paused_until:
        return Halt(Reason.PAUSED, f"until {seen.paused_until.isoformat()}", seen.paused_until)
    if seen.conflict is not None and spec.mode is Mode.ACTIVE:
        return Halt(seen.conflict.reason, seen.conflict.detail)
    return None


def reverted(noticed: Edits, ruling: Ruling) -> Halt:
    """Return the Conflict of a size that somebody keeps changing back."""
    writer = noticed.edit.writer if noticed.edit else ""
    words = f"{writer or 'somebody'} keeps writing spec.replicas; drop it there or ignore it"
    return Halt(Reason.CONFLICT_REVERTS, words, ruling.until)


def frozen(
    spec: PoolSpec, view: Look, halt: Halt, now: datetime, noticed: Edits | None = None
) -> tuple[Decision, Memory]:
    """Return the decision to leave everything as it is; clocks start anew afterwards."""
    current = view.current
    followed = noticed or edits.follow(view.memory.edits, view.target)
    decision = Decision(
        current=current,
        wanted=current,
        size=current,
        reason=halt.reason,
        ready=view.capacity.ready,
        depth=view.depth.waiting,
        frozen=True,
        trail=(Stage("freeze", current, current, halt.reason, {"detail": halt.detail}),),
        prospects=(Prospect(halt.until, "writing is allowed again"),) if halt.until else (),
        health=health(spec, view, now),
        detail=halt.detail,
        shares=shares.found(spec, view),
        bounds=view.bounds,
        outlook=view.outlook,
        counterfactual=view.memory.counterfactual,
        pin=view.memory.pin,
        needs=current,
        tied=view.tied,
    )
    tiers = remembered(view.memory.tiers, decision, active=False)
    return decision, view.memory.decided(Grace(sampled_at=view.depth.at), followed, tiers)


def stages(spec: PoolSpec, view: Look, pace: Pace, ruling: Ruling, now: datetime) -> list[Stage]:
    """Return R0's formula, term by term."""
    trail = wishes(spec, view, pace, ruling, now)
    trail.append(bounds.hold(trail[-1].after, view))
    trail.append(bounds.maximum(trail[-1].after, spec, view))
    trail.append(bounds.startable(trail[-1].after, view))
    return trail


def wishes(spec: PoolSpec, view: Look, pace: Pace, ruling: Ruling, now: datetime) -> list[Stage]:
    """Return the part of the trail that says what is wanted, before anything caps it."""
    if view.pin is not None:
        held = Reason.OUTAGE if view.is_outage else vetoed(spec, view, ruling, now)
        return [bounds.pinned(spec, view, view.pin, pace.down, held)]
    trail = [pace.up, pace.ahead, pace.down]
    trail.append(bounds.edited(trail[-1].after, ruling))
    trail.append(bounds.outage(trail[-1].after, spec, view, now))
    trail.append(bounds.floor(trail[-1].after, spec, view))
    if view.tied is not None:
        trail.append(bounds.beside(trail[-1].after, spec, view, view.tied))
    return trail


def is_kept_up(trail: list[Stage], view: Look) -> bool:
    """Return whether the peer alone keeps the pool from a shrink whose time has come: it follows once that is over."""
    return any(stage.reason is Reason.PEER_MINIMUM and stage.before < view.current for stage in trail)


def needs(spec: PoolSpec, found: "Found", trail: list[Stage]) -> int:
    """Return the size that the pool would have for its own sake: what it wants without its peer, grace or not."""
    own = [stage for stage in trail[:CAPS] if stage.name != "peer"][-1].after
    settled = found.view.pin is not None or own != found.view.current
    return min(spec.max_replicas, own if settled else max(spec.min_replicas, found.pace.least))


class Found(NamedTuple):
    """What the verdict stands on."""

    view: Look
    done: Settled
    pace: Pace
    ruling: Ruling


def verdict(spec: PoolSpec, seen: Observation, found: Found, trail: list[Stage], now: datetime) -> Decision:
    """Return the decision: the size, why, and what comes next."""
    view, done = found.view, found.done
    return Decision(
        current=view.current,
        wanted=trail[CAPS].before,
        size=done.size,
        reason=why(trail, view, done),
        ready=view.capacity.ready,
        depth=view.depth.waiting,
        clamps=tuple([stage.reason for stage in trail[:-1] if stage.after < stage.before and is_cap(stage, trail)]),
        trail=tuple(trail),
        prospects=ahead(spec, found.view, found.pace, found.ruling, now),
        health=standing.told(health(spec, view, now), spec, seen, found.view, found.done),
        shares=done.shares,
        bounds=view.bounds,
        outlook=view.outlook,
        counterfactual=view.memory.counterfactual,
        plan=view.plan,
        pin=view.memory.pin,
        needs=needs(spec, found, trail),
        tied=view.tied,
    )


def is_cap(stage: Stage, trail: list[Stage]) -> bool:
    """Return whether a stage of the whole trail caps what is wanted."""
    return stage in trail[CAPS:] or stage.reason is Reason.PEER_MAXIMUM


def why(trail: list[Stage], view: Look, done: Settled) -> Reason:
    """Return what moved the size or its split, or what held it; that a busy replica goes is said before all else."""
    if done.stage.reason is Reason.FORCED_DRAIN:
        return Reason.FORCED_DRAIN
    moved = [share.reason for share in done.shares if share.size != share.found]
    return moved[0] if moved and done.size == view.current else leading(trail, view, done.size)


def leading(trail: list[Stage], view: Look, size: int) -> Reason:
    """Return the reason of the last stage that moved the size the way it went, or of the last that held it."""
    if size > view.current:
        return [stage.reason for stage in trail if stage.after > stage.before][-1]
    if size < view.current:
        return [stage.reason for stage in trail if stage.after < stage.before][-1]
    if view.memory.edits.asked is None:
        return Reason.ADOPTED
    held = [
        stage.reason for stage in trail if stage.reason is not Reason.AS_EXPECTED and stage.reason is not Reason.STEADY
    ]
    return held[-1] if held else Reason.STEADY
