"""Decision + what exists -> Plan: the writes that carry it out; empty when nothing differs."""

from dataclasses import dataclass

from poolkeeper.core.decision import Decision
from poolkeeper.core.model import Mode, PoolSpec


@dataclass(frozen=True, slots=True)
class Resize:
    """Set the target's replicas from what was seen to what was decided."""

    before: int
    after: int

    @property
    def grows(self) -> bool:
        """Whether capacity is added: such writes go first."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class Plan:
    """What to write. Empty: nothing."""

    resize: Resize | None = None


def plan(spec: PoolSpec, decision: Decision) -> Plan:
    """Return the writes for a decision; only an Active pool has any."""
    if spec.mode is not Mode.ACTIVE or not decision.changes:
        return Plan()
    return Plan(Resize(decision.current, decision.size))
