"""Sizes of a soak's pools held to the bounds that their specs had then, as the driver set them (R0, R2).

    grows       to no more than the maximum; while a pin counts, to no more than that or the floor
    shrinks     to no less than the floor: the pool's own, the window's, the override's; while a pin counts, the pin
                by one step, and not within the grace period after the shrink before; a pin's shrink waits for none
    stays       above a maximum that was lowered: it leaves by steps, each of which is a shrink
    is found    as it is: the first size is whoever made it

What the operator may not have heard yet counts as before and as now: an order of the driver's for SLACK, what ends by
the clock for STRIDE, a leap. A pool whose spec cannot be accepted keeps the one before. A pool on spot has two halves:
each of them grows within the bounds, both together are no fewer than the floor, and on-demand keeps its base.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

SLACK, STRIDE = timedelta(seconds=15), timedelta(minutes=16)
PINNED, OVERRIDDEN = timedelta(hours=4), timedelta(hours=2)
GRACE = timedelta(minutes=4, seconds=30)
"""The pools' five minutes, but for a leap of the walk between a decision and its news."""
LEAST, RAISED, BASE = 1, 3, 1
"""The pools' minimum, while it is overridden, and what those on spot have on demand."""
OPENS, CLOSES, FRIDAY, OPEN = time(8), time(18), 4, 2
"""The pools' window on weekdays, and its minimum."""


class Sized(NamedTuple):
    """A size, and when it was seen first."""

    at: datetime
    size: int


@dataclass(frozen=True)
class Order:
    """What the driver asked of a pool: `most` and `pin` to so many; `override`, `spoil`, `mend`."""

    at: datetime
    kind: str
    size: int = 0


@dataclass(frozen=True)
class Orders:
    """All orders of one pool, oldest first, whose window is in a zone."""

    zone: str
    given: list[Order]

    def most(self, at: datetime) -> int:
        """Return the highest maximum that may be in force."""
        given = self._of("most", at)
        late = self._spoilt_at(at) or at - SLACK
        current = [one.size for one in given if one.at <= late][-1:]
        return max([*current, *(one.size for one in given if one.at > late)])

    def floor(self, at: datetime) -> int:
        """Return the lowest minimum that may be in force."""
        if self._spoilt_at(at):
            return LEAST
        overridden = [one for one in self._of("override", at - SLACK) if at < one.at + OVERRIDDEN - SLACK]
        sure = [RAISED for one in overridden[-1:] if not self._spoilt_at(one.at)]
        return max([LEAST, *sure, *([OPEN] if self._is_open(at) and self._is_open(at - STRIDE) else [])])

    def pin(self, at: datetime) -> int | None:
        """Return the pin that surely counts, None where there may be none."""
        last = self._of("pin", at)[-1:]
        sure = [one for one in last if one.at + SLACK <= at < one.at + PINNED - SLACK]
        told = [one.size for one in sure if not self._spoilt_at(one.at)]
        return told[0] if told else None

    def may_be_pinned(self, at: datetime) -> bool:
        """Return whether a pin may count, or have counted a leap ago."""
        mends = (one.at for one in self._of("mend", at))
        return any(at - PINNED - STRIDE <= since for one in self._of("pin", at) for since in (one.at, *mends))

    def _of(self, kind: str, at: datetime) -> list[Order]:
        return [one for one in self.given if one.kind == kind and one.at <= at]

    def _spoilt_at(self, at: datetime) -> datetime | None:
        """Return since when the spec may not be accepted, None where it surely is."""
        spoils, mends = self._of("spoil", at), self._of("mend", at - SLACK)
        mended = mends[-1].at if mends else None
        return next((one.at for one in spoils if mended is None or one.at > mended), None)

    def _is_open(self, at: datetime) -> bool:
        local = at.astimezone(ZoneInfo(self.zone))
        return local.weekday() <= FRIDAY and OPENS <= local.time() < CLOSES


def wrong_sizes(sizes: Sequence[Sized], orders: Orders, spot: Sequence[Sized] = ()) -> list[str]:
    """Return what was wrong about the sizes of a pool, and of its half on spot where it has one."""
    found = [*_grown(sizes, orders), *_grown([*(Sized(one.at, 0) for one in spot[:1]), *spot], orders)]
    halves = sorted([*((one, 0) for one in sizes), *((one, 1) for one in spot)], key=lambda each: each[0].at)
    both, total = [0, 0], list[Sized]()
    for one, half in halves:
        both[half] = one.size
        total.append(Sized(one.at, sum(both)))
    found += _shrunk(total, orders)
    if spot:
        return found + [f"{one.at} {one.size} on demand" for one in sizes if one.size < BASE]
    return found + list(_hurried(sizes, orders))


def _grown(sizes: Sequence[Sized], orders: Orders) -> Iterator[str]:
    """Yield growth beyond what may be asked for."""
    for before, after in pairwise(sizes):
        pin, most = orders.pin(after.at), orders.most(after.at)
        limit = most if pin is None else min(most, max(pin, orders.floor(after.at)))
        if after.size > before.size and after.size > limit:
            yield f"{after.at} {before.size} to {after.size}, over {limit}"


def _shrunk(sizes: Sequence[Sized], orders: Orders) -> Iterator[str]:
    """Yield shrinks below what must stay."""
    for before, after in pairwise(sizes):
        floor = min(orders.most(after.at), orders.pin(after.at) or orders.floor(after.at))
        if after.size < before.size and after.size < floor:
            yield f"{after.at} {before.size} to {after.size}, below {floor}"


def _hurried(sizes: Sequence[Sized], orders: Orders) -> Iterator[str]:
    """Yield shrinks by more than a step, or too soon after the one before, where no pin may have asked for them."""
    last: datetime | None = None
    for before, after in pairwise(sizes):
        if after.size > before.size:
            continue
        hurried = last is not None and after.at - last < GRACE
        if (before.size - after.size > 1 or hurried) and not orders.may_be_pinned(after.at):
            yield f"{after.at} {before.size} to {after.size}, without grace"
        last = after.at


def wrong_by_pool(
    sizes: Mapping[str, Sequence[Sized]], orders: Mapping[str, Orders], sibling: str = "{}-spot"
) -> dict[str, list[str]]:
    """Return what was wrong, by pool; of pools all was right of, nothing."""
    found = {
        name: wrong_sizes(sizes.get(name, ()), each, sizes.get(sibling.format(name), ()))
        for name, each in orders.items()
    }
    return {name: wrong for name, wrong in found.items() if wrong}
