"""What to do next while spot is folded back: pure. Whoever leaves is replaced first (R7).

target smaller than the total      grow it, once
more ready than the total          so many of the sibling go, idle ones first; busy ones once the deadline has passed
some of the sibling not ready      they go as far as the target replaces them: they may be ready again in a moment
the sibling asks for none          wait until its pods have ended, then remove it
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from poolkeeper.cli.counted import counted
from poolkeeper.shell.views import PodView


@dataclass(frozen=True, slots=True)
class Half:
    """One Deployment of a pool: the size that it is asked for, and all of its pods that have not ended."""

    name: str
    uid: str
    version: str
    replicas: int
    pods: tuple[PodView, ...] = ()

    @property
    def ready(self) -> tuple[PodView, ...]:
        """The pods that serve and are not about to end."""
        return tuple(pod for pod in self.pods if pod.live and pod.ready_at)

    @property
    def trouble(self) -> str:
        """The scheduler's or the kubelet's own words on the first pod that does not start."""
        return next((pod.trouble for pod in self.pods if pod.live and not pod.ready_at and pod.trouble), "")


@dataclass(frozen=True, slots=True)
class Seen:
    """Both halves; `spot` is None once the sibling is gone. `idle`: UIDs of the sibling's pods that serve nobody."""

    target: Half
    spot: Half | None = None
    idle: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grow:
    """Give the target this size."""

    size: int


@dataclass(frozen=True, slots=True)
class Shrink:
    """Give the sibling this size; `victims`, by name, go first."""

    size: int
    victims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again in a moment; `busy`: what is waited for is that somebody becomes idle."""

    words: str
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete the sibling, which is empty."""


@dataclass(frozen=True, slots=True)
class Done:
    """There is nothing to fold."""


Step = Grow | Shrink | Wait | Remove | Done


@dataclass(frozen=True, slots=True)
class Terms:
    """How many replicas are to serve at every moment, and whether the busy have been waited for long enough."""

    total: int
    patient: bool = field(default=True, kw_only=True)


def next_step(seen: Seen, terms: Terms) -> Step:
    """Return what to do next."""
    if seen.spot is None:
        return Done()
    if seen.target.replicas < terms.total:
        return Grow(terms.total)
    if seen.spot.replicas == 0:
        ending = len(seen.spot.pods)
        return Wait(f"{counted(ending, 'replica')} of {seen.spot.name} ending") if ending else Remove()
    return hand_over(seen.target, seen.spot, seen.idle, terms)


def hand_over(target: Half, spot: Half, idle: Collection[str], terms: Terms) -> Shrink | Wait:
    """Return how many of the sibling can go now, or what has to be waited for."""
    spare = max(0, len(target.ready) + len(spot.ready) - terms.total)
    leaving = [pod for pod in spot.ready if pod.uid in idle]
    if not terms.patient:
        leaving += [pod for pod in spot.ready if pod.uid not in idle]
    victims = tuple(pod.name for pod in leaving[:spare])
    size = max(len(spot.ready) - len(victims), terms.total - len(target.ready))
    if size < spot.replicas:
        return Shrink(size, victims)
    if spare:
        return Wait(f"{counted(len(spot.ready), 'replica')} of {spot.name} busy", busy=True)
    trouble = f": {target.trouble}" if target.trouble else ""
    return Wait(f"{len(target.ready)} of {terms.total} of {target.name} ready{trouble}")
