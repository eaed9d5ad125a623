"""What a run came to: every invariant counted, how long the return took, for people and for out/chaos.json."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from chaos.evidence import Wrong
from chaos.money import Line
from chaos.troubles import STORMS

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

    `worth` is what they come to on a machine that has nothing else to do, `terms` are the seconds of each leader's, and
    `judged` is how much there was to hold against each invariant.
    """

    wrongs: list[Wrong] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    left: int = 0
    returns: dict[str, list[float]] = field(default_factory=dict)
    worth: list[float] = field(default_factory=list)
    steps: int = 0
    falls: int = 0
    under_way: int = 0
    terms: list[float] = field(default_factory=list)
    money: list[Line] = field(default_factory=list)
    judged: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> Counter[str]:
        """How many wrongs there were of each kind."""
        return Counter(wrong.what for wrong in self.wrongs)

    def unjudged(self, at: float) -> list[Wrong]:
        """Return for which invariants there was nothing to judge by, and which storms hit nothing: that is no proof."""
        hits = {f"requests hit by {name}": self.hits[name] for name in self.faults if name in STORMS}
        return [Wrong("nothing judged", name, at, "") for name, count in (self.judged | hits).items() if not count]

    def content(self) -> dict[str, Any]:
        """Return the figures as their file holds them."""
        return {
            "faults injected": sum(self.faults.values()),
            "by fault": dict(sorted(self.faults.items())),
            "requests hit": sum(self.hits.values()),
            "requests hit, by fault": {name: self.hits[name] for name in sorted(self.faults) if name in STORMS},
            "operators killed": self.kills,
            "operators that left by themselves": self.left,
            "terms of leaders": len(self.terms),
            "seconds that a leader led, median": _median(self.terms),
            "seconds that a leader led, max": _max(self.terms),
            "changes of size": self.steps,
            "of them smaller": self.falls,
            "wrong scales": sum(self.counts[what] for what in SIZES),
            **self._money(),
            "writes under way when the lease was lost": self.under_way,
            "writes by non-leaders": self.counts["write by a non-leader"],
            "events told twice": self.counts["told twice"],
            "events that cannot be read": self.counts["event not read"],
            "not right again in time": self.counts["not right again"],
            **self._times(),
            "judged": self.judged,
            "judged by nothing": self.counts["nothing judged"],
            "wrongs": [wrong._asdict() for wrong in self.wrongs],
        }

    def _money(self) -> dict[str, float]:
        """Return what the ledger was off by, too much and too little apart, each beside what is stated of it."""
        over = sum(max(0.0, one.off) for one in self.money)
        under = sum(max(0.0, -one.off) for one in self.money)
        lost = sum(one.beyond for one in self.money if one.off < 0)
        return {
            "cents counted": round(sum(one.account.due for one in self.money), 1),
            "cents too many": round(over, 1),
            "cents too many that are stated": round(sum(one.account.over for one in self.money), 1),
            "cents too few": round(under, 1),
            "cents too few that are stated": round(sum(one.account.under for one in self.money), 1),
            "cents lost": round(lost, 2),
            "cents counted twice": round(sum(one.beyond for one in self.money) - lost, 2),
            "double counts": self.counts["money counted twice"],
        }

    def _times(self) -> dict[str, Any]:
        times = [second for found in self.returns.values() for second in found]
        return {
            "seconds until right again, median": _median(times),
            "seconds until right again, max": _max(times),
            "worth on an idle machine, median": _median(self.worth),
            "worth on an idle machine, max": _max(self.worth),
            "seconds by fault, max": {name: _max(found) for name, found in sorted(self.returns.items())},
        }


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 1) if values else None


def _max(values: Sequence[float]) -> float | None:
    return round(max(values), 1) if values else None


def lines(content: Mapping[str, Any], wrongs: Sequence[Wrong]) -> list[str]:
    """Return the figures for people, then what there was to judge by, then each wrong."""
    plain = [f"{name:<42} {value}" for name, value in content.items() if not isinstance(value, (dict, list))]
    apart = [
        row
        for title in ("seconds by fault, max", "requests hit, by fault", "judged")
        for row in (title, *(f"  {name:<50} {value}" for name, value in content[title].items()))
    ]
    told = [f"WRONG {wrong.what}: {wrong.name} at {wrong.at:.1f}: {wrong.words}" for wrong in wrongs]
    return [*plain, *apart, *told]
