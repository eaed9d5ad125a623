"""A week's need -> a few windows: the cheapest steps over each group of days that people have a word for.

    need      half hours of the week, in replicas
    groups    every day | Mon-Fri, Sat-Sun | ...       the days of a group share their windows; a day may be turned,
                                                       so that it begins where least is needed
    windows   at most MOST in all, each a run of half hours with one floor; elsewhere the base

A replica-slot above the need costs 1, one below it SHORT, and each window EARNS, a share of all that is needed: so a
window that saves less is merged with what is beside it. The cheapest runs are found by dynamic programming over the
day's half hours (Bellman & Roth 1969, "Curve fitting by segmented straight lines", doi 10.1080/01621459.1969.10501038).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from math import ceil, inf

from poolkeeper.api.weekdays import MIDNIGHT, WEEK, Days
from poolkeeper.core.week import HOUR, PER_DAY, SLOT
from poolkeeper.simulate.proposal import Proposed
from poolkeeper.simulate.series import Value

SHORT = 3.0
EARNS = 0.01
UNUSUAL = 0.02
"""What a grouping that needs explaining must save, as a share of the need."""
MOST = 3
LEVELS = 24
"""So many different floors are tried."""
BASES = 5

EVERY_DAY: Days = (0, 1, 2, 3, 4, 5, 6)
PLAIN: tuple[tuple[Days, ...], ...] = ((EVERY_DAY,), ((0, 1, 2, 3, 4), (5, 6)))
RARE: tuple[tuple[Days, ...], ...] = (
    ((0, 1, 2, 3, 4), (5,), (6,)),
    ((0, 1, 2, 3, 4, 5), (6,)),
    ((0, 1, 2, 3, 6), (4, 5)),
    ((0, 1, 2, 3), (4, 5, 6)),
    *(((day,), tuple(other for other in EVERY_DAY if other != day)) for day in EVERY_DAY),
)


@dataclass(frozen=True, slots=True)
class Run:
    """Half hours `begin` to `end` of a group's days, counted from Monday 00:00 of the first; `end` may be tomorrow."""

    days: Days
    begin: int
    end: int
    level: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A base and the runs above it, and what they cost in replica-slots."""

    base: int
    runs: tuple[Run, ...]
    cost: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What each level costs in each half hour of a group's days, added up from the first on, `turn` half hours in."""

    days: Days
    turn: int
    sums: dict[int, tuple[float, ...]]


def layouts(need: Sequence[Value], lowest: int, highest: int) -> tuple[Layout, ...]:
    """Return the cheapest layouts of one window, of two and so on; one that earns nothing over fewer is left out."""
    total = sum(value for value in need if value is not None)
    levels = sorted({round(lowest + (highest - lowest) * part / LEVELS) for part in range(LEVELS + 1)})
    best: dict[int, Layout] = {}
    for turn in sorted({0, quietest(need)}):
        for layout in laid_out(need, turn, levels, UNUSUAL * total):
            count = len(layout.runs)
            if count not in best or layout.cost < best[count].cost:
                best[count] = layout
    return tuple(earning(best, EARNS * total))


def laid_out(need: Sequence[Value], turn: int, levels: Sequence[int], toll: float) -> Iterator[Layout]:
    """Yield the layouts of days that begin `turn` half hours after midnight: all groups' days, or none would fit."""
    groups = {days for partition in (*PLAIN, *RARE) for days in partition}
    bases = likely_bases(need, levels)
    choices = {days: group_runs(price(need, days, turn, levels), levels, bases) for days in groups}
    for partition in (*PLAIN, *RARE):
        yield from joined([choices[days] for days in partition], 0.0 if partition in PLAIN else toll)


def earning(best: dict[int, Layout], toll: float) -> Iterator[Layout]:
    """Yield the layouts with windows that cost less, by the toll for each window, than those with fewer."""
    cheapest = best[0].cost if 0 in best else inf
    for count in range(1, MOST + 1):
        if count in best and best[count].cost + toll * count < cheapest:
            cheapest = best[count].cost + toll * count
            yield best[count]


Way = tuple[float, tuple[Run, ...]]
"""What a way through the day costs, and its runs."""
Priced = tuple[float, int]
"""What a run costs, and the level at which it costs that."""
Choices = dict[tuple[int, int], Way]
"""The cheapest runs of a group by base and number of windows."""


def joined(groups: Sequence[Choices], toll: float) -> Iterator[Layout]:
    """Yield the layouts of several groups that share their base."""
    for base in {base for base, _ in groups[0]}:
        for counts in product(range(MOST + 1), repeat=len(groups)):
            if sum(counts) <= MOST and all((base, count) in group for group, count in zip(groups, counts, strict=True)):
                parts = [group[base, count] for group, count in zip(groups, counts, strict=True)]
                runs = tuple(run for _, found in parts for run in found)
                yield Layout(base, runs, sum(cost for cost, _ in parts) + toll)


def group_runs(costs: Costs, levels: Sequence[int], bases: Sequence[int]) -> Choices:
    """Return the cheapest runs of a group of days, over each base."""
    windows = priced_windows(costs, levels)
    return {(base, count): way for base in bases for count, way in enumerate(cheapest_runs(costs, windows, base))}


def likely_bases(need: Sequence[Value], levels: Sequence[int]) -> list[int]:
    """Return some levels about what the quieter half of the week needs, few enough to try them all."""
    known = sorted(value for value in need if value is not None)
    middle = known[len(known) // 2] if known else 0.0
    lower = [level for level in levels if level <= ceil(middle)] or [levels[0]]
    return lower[:: ceil(len(lower) / BASES)]


def quietest(need: Sequence[Value]) -> int:
    """Return the half hour of the day that needs least."""
    return min(range(PER_DAY), key=lambda time: sum(need[day * PER_DAY + time] or 0.0 for day in EVERY_DAY))


def price(need: Sequence[Value], days: Days, turn: int, levels: Sequence[int]) -> Costs:
    """Return what the levels cost; what was never measured costs nothing."""
    slots = [[(day * PER_DAY + turn + time) % len(need) for day in days] for time in range(PER_DAY)]
    needed = [[value for value in (need[number] for number in each) if value is not None] for each in slots]
    sums = {
        level: tuple(accumulate((sum(misfit(level, one) for one in each) for each in needed), initial=0.0))
        for level in levels
    }
    return Costs(days, turn, sums)


def misfit(level: int, need: float) -> float:
    """Return what a floor costs where that much is needed."""
    return level - need if level > need else SHORT * (need - level)


def priced_windows(costs: Costs, levels: Sequence[int]) -> list[list[Priced]]:
    """Return by end and begin the cheapest level of a run; all day long only where the day begins at midnight."""
    columns = [(level, costs.sums[level]) for level in levels]
    table = [
        [min((sums[end] - sums[begin], level) for level, sums in columns) for begin in range(end)]
        for end in range(PER_DAY + 1)
    ]
    if costs.turn:
        table[PER_DAY][0] = (inf, 0)
    return table


def cheapest_runs(costs: Costs, windows: list[list[Priced]], base: int) -> list[Way]:
    """Return the cheapest way through the day with no window, with one and so on, each above the base."""
    table: list[list[Way]] = [[(spent, ()) for spent in costs.sums[base]]]
    for _ in range(MOST):
        table.append(with_another(table[-1], costs, windows, base))
    return [row[-1] for row in table]


def with_another(before: list[Way], costs: Costs, windows: list[list[Priced]], base: int) -> list[Way]:
    """Return the cheapest ways to each half hour with one window more."""
    row: list[Way] = [(inf, ())]
    sums, spent = costs.sums[base], [cost for cost, _ in before]
    for end in range(1, PER_DAY + 1):
        plain = row[-1][0] + sums[end] - sums[end - 1]
        priced = zip(spent, windows[end], strict=False)
        found = min((cost + price, begin) for begin, (cost, (price, _)) in enumerate(priced))
        level = windows[end][found[1]][1]
        if found[0] < plain and level > base:
            run = Run(costs.days, costs.turn + found[1], costs.turn + end, level)
            row.append((found[0], (*before[found[1]][1], run)))
        else:
            row.append((plain, row[-1][1]))
    return row


def proposed(layout: Layout) -> tuple[Proposed, ...]:
    """Return a layout's windows in words; days are those on which a window begins."""
    names = [title(run) for run in layout.runs]
    numbered = [f"{name}-{number + 1}" if names.count(name) > 1 else name for number, name in enumerate(names)]
    return tuple(
        Proposed(name, said(begun(run)), hour(run.begin), hour(run.end) if run.end % PER_DAY else MIDNIGHT, run.level)
        for name, run in zip(numbered, layout.runs, strict=True)
    )


def begun(run: Run) -> Days:
    """Return the days on which a run begins."""
    return tuple(sorted((day + run.begin // PER_DAY) % len(WEEK) for day in run.days))


def title(run: Run) -> str:
    """Return a name for a window."""
    names = {EVERY_DAY: "daily", (0, 1, 2, 3, 4): "weekdays", (5, 6): "weekend"}
    days = begun(run)
    return names.get(days, said(days).lower().replace(",", "-"))


def hour(number: int) -> str:
    """Return a half hour's beginning on the wall."""
    minutes = number % PER_DAY * SLOT
    return f"{minutes // HOUR:02}:{ceil(minutes % HOUR / (HOUR / 60)):02}"


def said(days: Days) -> str:
    """Return days as people say them: a range where there is one, also over the week's end.

    >>> said((0, 1, 2, 3, 6))
    'Sun-Thu'
    """
    firsts = [day for day in days if (day - 1) % len(WEEK) not in days]
    if not firsts:
        return f"{WEEK[0]}-{WEEK[-1]}"
    return ",".join(stretch(first, days) for first in firsts)


def stretch(first: int, days: Days) -> str:
    """Return the days that follow each other from the first on."""
    last = first
    while (last + 1) % len(WEEK) in days:
        last = (last + 1) % len(WEEK)
    return WEEK[first] if first == last else f"{WEEK[first]}-{WEEK[last]}"
