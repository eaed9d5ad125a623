"""What a run came to: every invariant counted, how long the return took, for people and for out/chaos.json."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from chaos.evidence import Wrong

SIZES = {
    "out of bounds",
    "more than a step",
    "no grace between two steps",
    "no valid grace",
    "split not exact",
    "below the size by our own hand",
}


@dataclass
class Verdict:
    """Wrongs, and what they are counted against; `returns` are seconds from a fault's end until all was right again.

    `worth` is what they come to on a machine that has nothing else to do.
    """

    wrongs: list[Wrong] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    hits: int = 0
    kills: int = 0
    left: int = 0
    returns: dict[str, list[float]] = field(default_factory=dict)
    worth: list[float] = field(default_factory=list)
    steps: int = 0
    falls: int = 0
    writes: int = 0
    under_way: int = 0
    tenures: int = 0
    events: int = 0
    cents: float = 0.0
    off: float = 0.0
    stated: float = 0.0
    beyond: float = 0.0

    @property
    def counts(self) -> Counter[str]:
        """How many wrongs there were of each kind."""
        return Counter(wrong.what for wrong in self.wrongs)

    def content(self) -> dict[str, Any]:
        """Return the figures as their file holds them."""
        times = sorted(second for found in self.returns.values() for second in found)
        return {
            "faults injected": sum(self.faults.values()),
            "by fault": dict(sorted(self.faults.items())),
            "requests hit": self.hits,
            "operators killed": self.kills,
            "operators that left by themselves": self.left,
            "changes of size": self.steps,
            "of them smaller": self.falls,
            "wrong scales": sum(self.counts[what] for what in SIZES),
            "cents counted": round(self.cents, 1),
            "cents off, within what is stated": round(self.off, 1),
            "cents that are stated": round(self.stated, 1),
            "cents lost": round(self.beyond, 2),
            "double counts": self.counts["money counted twice"],
            "terms of leaders": self.tenures,
            "writes by leaders": self.writes,
            "writes under way when the lease was lost": self.under_way,
            "writes by non-leaders": self.counts["write by a non-leader"],
            "events": self.events,
            "events told twice": self.counts["told twice"],
            "not right again in time": self.counts["not right again"],
            "seconds until right again, median": round(median(times), 1) if times else None,
            "seconds until right again, max": round(times[-1], 1) if times else None,
            "worth on an idle machine, median": round(median(self.worth), 1) if self.worth else None,
            "worth on an idle machine, max": round(max(self.worth), 1) if self.worth else None,
            "seconds by fault, max": {name: round(max(found), 1) for name, found in sorted(self.returns.items())},
            "wrongs": [wrong._asdict() for wrong in self.wrongs],
        }


def lines(content: Mapping[str, Any], wrongs: Sequence[Wrong]) -> list[str]:
    """Return the figures for people, then each wrong."""
    plain = [f"{name:<42} {value}" for name, value in content.items() if not isinstance(value, (dict, list))]
    slow = [f"  {name:<40} {value}" for name, value in content["seconds by fault, max"].items()]
    told = [f"WRONG {wrong.what}: {wrong.name} at {wrong.at:.1f}: {wrong.words}" for wrong in wrongs]
    return [*plain, "seconds until right again, by fault, max", *slow, *told]
