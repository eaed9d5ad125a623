"""What a replay cost and how well it served, from what stood when: plain sums over time, no world and no policy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

HOUR, MINUTE = 3600, 60
ON_DEMAND_PRICE, SPOT_PRICE = Decimal("3.00"), Decimal("0.90")
"""Dollars an hour for a replica of one GPU: examples, for the proportion of the two is what counts."""


LINE = "{:<13} {:<27} {:>9} {:>7} {:>8} {:>7} {:>9} {:>8} {:>9} {:>6} {:>6}"
HEADER = "\n".join(
    [
        LINE.format(
            *(
                "zone",
                "policy",
                "all there",
                "served",
                "missing",
                "worst",
                "on-demand",
                "spot",
                "cost",
                "cost",
                "writes",
            )
        ),
        LINE.format("", "", "% of time", "%", "repl.-h", "minute", "repl.-h", "repl.-h", "$", "%", ""),
    ]
)


class Moment(NamedTuple):
    """What stands from this second on, until the next moment: ready replicas, machines that are paid, writes so far."""

    at: float
    ready: int
    on_demand: int
    spot: int
    writes: int


@dataclass(frozen=True)
class Account:
    """Sums over a time: replica-seconds wanted, missing and paid; seconds with all that is wanted; the worst minute.

    `worst_minute` is the smallest number of ready replicas, of those wanted, as the mean of a minute.
    """

    seconds: float
    wanted: float
    whole: float
    missing: float
    on_demand: float
    spot: float
    writes: int
    worst_minute: float

    @property
    def availability(self) -> float:
        """The share of the time with as many ready as wanted."""
        return self.whole / self.seconds

    @property
    def served(self) -> float:
        """The share of the wanted replica-seconds that were ready."""
        return 1 - self.missing / self.wanted

    @property
    def cost(self) -> Decimal:
        """Dollars for all machines, from the moment they are there to their end."""
        hours = [Decimal(round(seconds * 1000)) / (HOUR * 1000) for seconds in (self.on_demand, self.spot)]
        return hours[0] * ON_DEMAND_PRICE + hours[1] * SPOT_PRICE


@dataclass(frozen=True)
class Row:
    """An account as it is shown and written down: percents, replica-hours, dollars; `worst_minute` in replicas."""

    zone: str
    policy: str
    available_percent: float
    served_percent: float
    missing_hours: float
    worst_minute: float
    on_demand_hours: float
    spot_hours: float
    cost_dollars: float
    cost_percent: float
    writes: int

    @classmethod
    def of(cls, zone: str, policy: str, one: Account, baseline: Account) -> "Row":
        """Return the row of an account, its cost beside that of the baseline."""
        return cls(
            zone=zone,
            policy=policy,
            available_percent=round(100 * one.availability, 2),
            served_percent=round(100 * one.served, 2),
            missing_hours=round(one.missing / HOUR, 2),
            worst_minute=round(one.worst_minute, 2),
            on_demand_hours=round(one.on_demand / HOUR, 2),
            spot_hours=round(one.spot / HOUR, 2),
            cost_dollars=float(round(one.cost, 2)),
            cost_percent=float(round(100 * one.cost / baseline.cost, 1)),
            writes=one.writes,
        )

    def line(self) -> str:
        """Return it as a line under HEADER."""
        shares = (f"{self.available_percent:.2f}", f"{self.served_percent:.2f}", f"{self.missing_hours:.1f}")
        machines = (f"{self.worst_minute:.2f}", f"{self.on_demand_hours:.0f}", f"{self.spot_hours:.0f}")
        cost = (f"{self.cost_dollars:.2f}", f"{self.cost_percent:.1f}")
        return LINE.format(self.zone, self.policy, *shares, *machines, *cost, self.writes)


def account(moments: Sequence[Moment], wanted: int, end: float) -> Account:
    """Return the sums from the first moment to `end`, with so many replicas wanted all the time.

    Raises:
        ValueError: there is no moment before the end.
    """
    if not moments or moments[0].at >= end:
        raise ValueError("nothing was played")
    spans = list(pairwise([*moments, moments[-1]._replace(at=end)]))
    return Account(
        seconds=end - moments[0].at,
        wanted=wanted * (end - moments[0].at),
        whole=integral((now.ready >= wanted, now, then) for now, then in spans),
        missing=integral((max(0, wanted - now.ready), now, then) for now, then in spans),
        on_demand=integral((now.on_demand, now, then) for now, then in spans),
        spot=integral((now.spot, now, then) for now, then in spans),
        writes=moments[-1].writes - moments[0].writes,
        worst_minute=wanted - worst_minute(spans, wanted) / MINUTE,
    )


def together(accounts: Sequence[Account]) -> Account:
    """Return the account of several pools as one."""
    summed = {name: sum(getattr(one, name) for one in accounts) for name in Account.__dataclass_fields__}
    return Account(**summed | {"worst_minute": min(one.worst_minute for one in accounts)})


def integral(spans: Iterable[tuple[float, Moment, Moment]]) -> float:
    """Return a quantity summed over the seconds for which it stood."""
    return sum(quantity * (then.at - now.at) for quantity, now, then in spans)


def worst_minute(spans: Iterable[tuple[Moment, Moment]], wanted: int) -> float:
    """Return the most replica-seconds that were missing in any minute of the clock."""
    missing: dict[int, float] = {}
    for now, then in spans:
        short, at = max(0, wanted - now.ready), now.at
        while short and at < then.at:
            minute = int(at // MINUTE)
            until = min(then.at, (minute + 1) * MINUTE)
            missing[minute] = missing.get(minute, 0) + short * (until - at)
            at = until
    return max(missing.values(), default=0)
