"""One run: the ground is made, faults come one after the other while queues move and operators die, and all is judged.

no queue | queues move, a fault stands | it ends: queues stand still, most long | all is right again | no queue ...
sizes fall                             |<---------- until right again ------------->|
"""

import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from chaos.evidence import Wrong
from chaos.faults import FAULTS, LEASE, Scene
from chaos.ground import boot, people
from chaos.judgement import judge
from chaos.load import HIGH, LOW
from chaos.members import Kind, Member, company
from chaos.seats import Seat, Seats
from chaos.split import Settled
from chaos.verdict import Verdict
from rig.api import ApiError, collection
from rig.strain import Strain

STANDS = (6.0, 14.0)
LULL = (11.0, 17.0)
"""Seconds: longer than most pools' grace, so that there is something to be made right after the fault."""
WITHIN = 90.0
"""Seconds in which all must be right again: a lease's 15, a start, backoff of at most 10 or 30, growth.

They are seconds of a machine that has nothing else to do; `rig.strain` tells what a span was worth.
"""
PATIENCE = 420.0
CLOSING = 240.0
LOOK = 0.1
RISE = 0.7
RENEWED = 5.0
"""Seconds since the lease was renewed in which somebody leads; it is renewed every two."""
WHOLE = 1800.0
"""Seconds of faults after which there must have been something to judge by for every invariant."""
TURN = 10.0
"""Seconds after a window's turn in which its floor need not be reached."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What to do: how long, which faults in turn, how many operators to kill, by which seed."""

    seconds: float
    kills: int
    seed: int
    faults: Sequence[str] = tuple(FAULTS)
    members: tuple[Member, ...] = field(default_factory=company)
    keep: Path | None = None
    """Where to leave the operators' logs and the audit log."""


def run(plan: Plan, say: Say) -> Verdict:
    """Play it, and judge it."""
    say(f"seed {plan.seed}: {len(plan.members)} pools, {len(plan.faults)} kinds of faults, {plan.kills} kills")
    with boot(plan.members, plan.seed) as ground:
        seats = [Seat(ground.cluster, one.seat, one.kubeconfig, ground.arguments) for one in ground.proxies]
        with Seats(seats, plan.seed, plan.kills, plan.seconds) as tended, Strain() as strain:
            scene = Scene(ground, tended, random.Random(plan.seed))  # noqa: S311  a run that can be repeated
            found = Run(plan, scene, strain, say).whole()
        if plan.keep:
            shutil.copytree(ground.cluster.directory / "logs", plan.keep, dirs_exist_ok=True)
        return found


class Run:
    """A run under way."""

    def __init__(self, plan: Plan, scene: Scene, strain: Strain, say: Say) -> None:
        self._plan, self._scene, self._strain, self._say = plan, scene, strain, say
        self._ground, self._verdict = scene.ground, Verdict()
        self._settled: list[Settled] = []

    def whole(self) -> Verdict:
        """Play the run to its end."""
        people(self._ground)
        self._settle("start", lambda _: HIGH, self._is_right)
        self._scene.seats.unleash(self._is_led)
        until, turn = time.time() + self._plan.seconds, self._turns()
        while time.time() < until:
            self._round(next(turn))
        self._scene.seats.spare()
        self._settle("end", lambda _: LOW, self._is_small)
        until = self._close()
        judge(self._scene, self._settled, until, self._verdict)
        if self._plan.seconds >= WHOLE:
            self._verdict.wrongs += self._verdict.unjudged(until)
        return self._verdict

    def _turns(self) -> Iterator[str]:
        """Yield faults for ever, all of them before any comes again."""
        while True:
            yield from self._scene.chance.sample(list(self._plan.faults), len(self._plan.faults))

    def _round(self, name: str) -> None:
        self._lull()
        self._ground.load.move()
        before, hits = len(self._scene.blind), self._hits()
        try:
            with FAULTS[name](self._scene):
                time.sleep(self._scene.chance.uniform(*STANDS))
        except (OSError, RuntimeError, LookupError) as error:
            self._say(f"{name} could not be done: {error!r}")
            self._verdict.wrongs.append(Wrong("fault not done", name, time.time(), repr(error)))
        self._verdict.faults[name] += 1
        self._verdict.hits[name] += self._hits() - hits
        self._settle(name, lambda _: HIGH if self._scene.chance.random() < RISE else LOW, self._is_right)
        self._scene.until_now(before)

    def _hits(self) -> int:
        return sum(proxy.hit for proxy in self._ground.proxies)

    def _lull(self) -> None:
        """Let queues be short for a while, until most pools are smaller than they may be."""
        self._ground.load.settle(lambda _: LOW)
        time.sleep(self._scene.chance.uniform(*LULL))
        until, free = time.monotonic() + WITHIN, [one for one in self._ground.members if one.is_free]
        while time.monotonic() < until and 2 * sum(self._size(one) < one.most for one in free) < len(free):
            time.sleep(LOOK)

    def _settle(self, name: str, choose: Callable[[Member], int], is_so: Callable[[], list[str]]) -> None:
        """Let queues stand still, and wait until all pools are as they must be then."""
        self._ground.load.settle(choose)
        begun, limit = time.monotonic(), CLOSING if name in {"start", "end"} else WITHIN
        while (left := is_so()) and not self._is_over(begun, limit):
            time.sleep(LOOK)
        took, worth = time.monotonic() - begun, self._worth(begun)
        beside = f"worth {worth:5.1f}, {self._scene.seats.killed} killed"
        self._say(
            f"{name:<22} right again after {took:5.1f} s, {beside}" + (f"; NOT: {', '.join(left)}" if left else "")
        )
        self._verdict.wrongs += [Wrong("not right again", one, time.time(), f"after {name}") for one in left]
        if name not in {"start", "end"}:
            self._verdict.returns.setdefault(name, []).append(took)
            self._verdict.worth.append(worth)
        self._note()

    def _is_over(self, begun: float, limit: float) -> bool:
        """Return whether the time since a moment was worth a limit; to ask what it was worth takes a moment itself."""
        passed = time.monotonic() - begun
        return passed >= PATIENCE or (passed >= limit and self._worth(begun) >= limit)

    def _worth(self, begun: float) -> float:
        """Return what the time since a moment was worth."""
        return self._strain.worth(begun, time.monotonic())

    def _is_right(self) -> list[str]:
        """Return the pools that are not as they must be."""
        return [one.name for one in self._ground.members if not self._fits(one)]

    def _is_small(self) -> list[str]:
        """Return the pools that are not at their floor."""
        return [one.name for one in self._ground.members if one.is_free and self._size(one) > one.floor(time.time())]

    def _fits(self, member: Member) -> bool:
        """Return whether a pool is as it must be: at its cap by a long queue, not below its floor, all ready."""
        size, floor = self._size(member), member.floor(time.time() - TURN)
        due = member.pin if member.kind is Kind.PINNED else member.most
        if size != due and (member.kind is Kind.PINNED or (member.is_free and self._is_long(member))):
            return False
        return size >= min(floor, member.floor(time.time())) and self._ground.witness.count(member.name) >= size

    def _is_long(self, member: Member) -> bool:
        return self._ground.load.level(member) == HIGH

    def _size(self, member: Member) -> int:
        return sum(self._ground.witness.size(half) for half in member.halves)

    def _note(self) -> None:
        """Note how pools on spot are split that are at their cap, all ready, with nothing in addition."""
        for member in self._scene.on_spot:
            on_demand, spot = (self._ground.witness.size(half) for half in member.halves)
            if on_demand + spot == member.most == self._ground.witness.count(member.name):
                self._settled.append(Settled(time.time(), member.name, on_demand, spot))

    def _close(self) -> float:
        """Stop the operators, the standby first; return when the leader was asked to end."""
        seats, holder = self._scene.seats, self._holder()
        seats.rest()
        leader = seats.seat(holder)
        for seat in seats.seats:
            if seat is not leader:
                seat.leave()
        return leader.leave() if leader else time.time()

    def _is_led(self) -> bool:
        """Return whether the lease was renewed a moment ago."""
        renewed = self._lease().get("renewTime") or ""
        return bool(renewed) and time.time() - datetime.fromisoformat(renewed).timestamp() < RENEWED

    def _holder(self) -> str:
        try:
            return str(self._lease().get("holderIdentity") or "")
        except ApiError:
            return ""

    def _lease(self) -> dict[str, Any]:
        found = self._ground.api.get(f"{collection('Lease', self._ground.account.namespace)}/{LEASE}")
        spec: dict[str, Any] = found["spec"]
        return spec
