"""The course of a release: one look and one step a second until there is nothing left to fold."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from poolkeeper.api.target import DEPLOYMENT
from poolkeeper.cli.releasing.seen import Sight
from poolkeeper.cli.releasing.steps import Done, Grow, Half, Remove, Seen, Shrink, Step, Terms, Wait, next_step
from poolkeeper.core.model import PodsSource
from poolkeeper.core.plan import Resize
from poolkeeper.shell import apply, victims
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import ConflictError, NotFound, TimedOut

BEAT = 1.0
MOST_GROWTHS = 5
"""So often the target is grown: who takes the replicas away again each time will do so for ever."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a busy replica is waited for, and how long all of it may take."""

    drain: timedelta
    whole: timedelta


@dataclass(slots=True)
class Fold:
    """Folds the sibling of one target back into it; `tell` is called with each thing that was done or waited for."""

    kube: KubeClient
    sight: Sight
    total: int
    limits: Limits
    tell: Callable[[str], None]
    namespace: str
    _told: str = ""
    _growths: int = 0
    _busy_since: datetime | None = None
    _began: datetime = field(init=False)
    _seen: Seen = field(init=False)

    async def run(self) -> None:
        """Fold until nothing is left.

        Raises:
            TimedOut: it took longer than allowed, or somebody keeps taking the target's replicas away.
            KubeError: the API server refused.
        """
        self._began = self._now
        while not isinstance(step := await self._next(), Done):
            with suppress(ConflictError):  # it has changed since: the next look sees how
                await self._take(step)
            if isinstance(step, Wait):
                self._check_time(step)
            await asyncio.sleep(BEAT if isinstance(step, Wait) else 0)

    @property
    def _now(self) -> datetime:
        return self.kube.clock.now()

    async def _next(self) -> Step:
        self._seen = seen = await self.sight.halves()
        if seen.spot is not None and seen.spot.ready:
            self._seen = seen = replace(seen, idle=await self.sight.idle(seen.spot))
        step = next_step(seen, Terms(self.total, patient=not self._waited_enough))
        if isinstance(step, Wait) and step.busy and self._busy_since is None:
            self._busy_since = self._now
            return next_step(seen, Terms(self.total, patient=not self._waited_enough))
        return step

    @property
    def _waited_enough(self) -> bool:
        """Whether busy replicas go now; where nobody tells what is in flight, nobody is waited for (decision 0020)."""
        if not any(isinstance(one, PodsSource) for one in self.sight.sources):
            return True
        return self._busy_since is not None and self._now - self._busy_since >= self.limits.drain

    async def _take(self, step: Step) -> None:
        match step, self._seen:
            case Grow(size), Seen(target=target):
                await self._grow(target, size)
            case Shrink(size, names), Seen(spot=Half() as spot):
                await victims.mark(self.kube, self.namespace, [pod for pod in spot.pods if pod.live], names)
                await self._resize(spot, size)
            case Wait(words, busy), _:
                self._say(words + (f", waited for until {self._deadline}" if busy else ""))
            case Remove(), Seen(spot=Half() as spot):
                await self._remove(spot)

    async def _grow(self, target: Half, size: int) -> None:
        self._growths += 1
        if self._growths > MOST_GROWTHS:
            raise TimedOut(
                f"spec.replicas of deployment/{target.name} was set back {MOST_GROWTHS} times: end what writes it "
                "(kubectl get --show-managed-fields names the manager), then run this again"
            )
        await self._resize(target, size)

    async def _resize(self, half: Half, size: int) -> None:
        path = DEPLOYMENT.path(self.namespace, half.name)
        await apply.resize(self.kube, path, half.version, Resize("", half.replicas, size))
        self._say(f"deployment/{half.name}: {half.replicas} -> {size} replicas")

    async def _remove(self, spot: Half) -> None:
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": spot.uid}}
        with suppress(NotFound):
            await self.kube.delete(DEPLOYMENT.path(self.namespace, spot.name), options=options)
            self._say(f"deployment/{spot.name}: removed")

    @property
    def _deadline(self) -> str:
        return f"{(self._busy_since or self._now) + self.limits.drain:%H:%M:%SZ}"

    def _check_time(self, step: Wait) -> None:
        if self._now - self._began > self.limits.whole:
            raise TimedOut(
                f"not within --timeout: {step.words}; all that serves still serves. Run it again to wait longer, or "
                "with --keep-spot to leave the sibling where it is"
            )

    def _say(self, words: str) -> None:
        if words != self._told:
            self.tell(words)
            self._told = words
