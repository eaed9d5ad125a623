"""A pool whose grace clock is under way: whatever befalls it, it must end neither early nor late, and never be lost.

queue short ------- clock stored --- what must move nothing ---------- one replica goes
0                   10               11                                20
                                     a clock that began anew here ends at 31
"""

from dataclasses import dataclass

from rig.manifests import pool, published
from rig.operators import Operator
from rig.space import Space
from rig.strain import Strain
from rig.waiting import eventually

STEADY, SHORT = 500, 0
GRACE = 20.0


@dataclass(frozen=True)
class Waning:
    """The pool, of two replicas and a minimum of one; `short` is the moment at which its queue became so."""

    space: Space
    leader: Operator
    name: str
    short: float

    def is_under_way(self) -> bool:
        """Return whether its grace runs, and nothing has shrunk."""
        reason = self.leader.explain(self.space.name, self.name).get("reason")
        return (reason, self.space.sizes(self.name)) == ("Grace", [2])

    def falls(self, strain: Strain) -> tuple[float, float]:
        """Return how many seconds too early a replica went, and how many too late by what they were worth.

        Where its metrics were bad meanwhile its clock began anew, as it must, so nothing is too late.
        """
        at, due = self.space.wait_for_fall(self.name).at, self.short + GRACE
        late = strain.worth(due, at)
        print(f"{self.name}: fell {at - due:.1f} s after its grace, which were worth {late:.1f} s")
        return due - at, 0.0 if self.leader.faults(self.space.name, self.name) else late


def wane(space: Space, leader: Operator, name: str) -> Waning:
    """Make such a pool; its clock is stored when this returns."""
    space.deploy(name)
    space.fleet.queue(space.workload(name), STEADY)
    space.create(pool(name, published(f"{GRACE:g}s"), minReplicas=1, maxReplicas=3))
    eventually(lambda: leader.explain(space.name, name).get("reason") == "Steady", f"{name} is steady")
    made = Waning(space, leader, name, space.shorten(name, SHORT))
    eventually(lambda: "shortSince" in space.status(name).get("memory", {}), "its grace clock is stored")
    return made
