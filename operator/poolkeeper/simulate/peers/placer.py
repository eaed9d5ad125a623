"""SkyServe's dynamic placer: which zone gets the next spot replica (SpotHedge, section 4.2).

Zones are thought good until they lose a replica, and again when one of theirs becomes ready; when fewer than two are
good, all are. A new replica goes to the good zone with the fewest; what a zone has and keeps stays where it is.
"""

from dataclasses import dataclass, field

from poolkeeper.simulate.peers.terms import Seen

FEWEST = 2
"""How many good zones there are at least."""


@dataclass
class Placer:
    """The zones in order of preference, each the name of a tier."""

    zones: tuple[str, ...]
    bad: set[str] = field(default_factory=set, init=False)
    placed_before: dict[str, int] = field(default_factory=dict, init=False)
    ready_before: dict[str, int] = field(default_factory=dict, init=False)

    def placed(self, spot: int, seen: Seen) -> dict[str, int]:
        """Return the size of each zone: so many in all."""
        ready = {zone: seen.by_tier.get(zone, (0, 0))[1] for zone in self.zones}
        self.learn(ready)
        sizes = {zone: self.kept(zone, ready[zone]) for zone in self.zones}
        while sum(sizes.values()) > spot:
            sizes[max(self.zones, key=lambda zone: (sizes[zone], zone in self.bad))] -= 1
        good = [zone for zone in self.zones if zone not in self.bad]
        while sum(sizes.values()) < spot:
            sizes[min(good, key=sizes.__getitem__)] += 1
        self.placed_before, self.ready_before = dict(sizes), ready
        return sizes

    def kept(self, zone: str, ready: int) -> int:
        """Return what a zone goes on with: what is on its way to a bad one is given up."""
        return ready if zone in self.bad else self.placed_before.get(zone, ready)

    def learn(self, ready: dict[str, int]) -> None:
        """Take note of who lost a replica that was not given up, and of who got one."""
        for zone in self.zones:
            before = min(self.ready_before.get(zone, 0), self.placed_before.get(zone, 0))
            if ready[zone] < before:
                self.bad.add(zone)
            elif ready[zone] > before:
                self.bad.discard(zone)
        if len(self.zones) - len(self.bad) < min(FEWEST, len(self.zones)):
            self.bad.clear()
