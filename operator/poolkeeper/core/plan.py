"""Decision + what exists -> Plan: the writes that carry it out; empty when nothing differs."""

from dataclasses import dataclass

from poolkeeper.core.decision import Decision
from poolkeeper.core.model import Mode, PoolSpec


@dataclass(frozen=True, slots=True)
class Resize:
    """Set a tier's replicas from what was seen to what was decided; `victims` are the pods to go first, in order."""

    tier: str
    before: int
    after: int
    victims: tuple[str, ...] = ()

    @property
    def grows(self) -> bool:
        """Whether capacity is added: such writes go first."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write, in this order. Empty: nothing."""

    resizes: tuple[Resize, ...] = ()


def plan(spec: PoolSpec, decision: Decision) -> Plan:
    """Return the writes for a decision, growth first; only an Active pool has any."""
    if spec.mode is not Mode.ACTIVE or not decision.changes:
        return Plan()
    moves = [
        Resize(share.tier, share.found, share.size, share.victims)
        for share in decision.shares
        if share.size != share.found
    ]
    return Plan(tuple(sorted(moves, key=lambda move: not move.grows)))
