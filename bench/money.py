"""How well money is judged and foretold, on half years of days made from the traces' weeks (money_weeks.py).

Alarms: how many ordinary days are told as unusual, by kind; how many of the others are: holidays, days without spot for
hours, and how often a day is missed that costs a quarter more, or less, or two fifths more: each ordinary day once so.
How many days are told after all costs rose by 40 % for good.

Forecasts: the mean error of what the next 1, 7, 30 and 90 days come to together, and how many of the days at that
distance fall into their intervals; the same of a month's end, from its 3rd, 10th and 20th day at noon. Intervals are
made to hold 90 %. Figures are printed, not judged.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from statistics import mean
from zoneinfo import ZoneInfo

from figures import save
from money_weeks import CALM, DAYS, LEARNED, RESTLESS, SUNDAY, Level, Made, Week, dispersion, made, week_of
from stage import leave_with, say

from fleet import trace
from poolkeeper.core.account import PAST, Past
from poolkeeper.core.days import Amount, Line, month_of, next_month
from poolkeeper.core.spending import Expected, coming, month_end
from poolkeeper.core.unusual import judge

PERCENT = 20
SEEDS = 20
EVERY = 5
JUDGED = 7 * 7
"""Days until fourteen at the weekend are known; before that nothing is said of one."""
HORIZONS = (1, 7, 30, 90)
SEEN_FROM = (3, 10, 20)
PLANTED = {"+25 % missed": Decimal("1.25"), "-25 % missed": Decimal("0.75"), "+40 % missed": Decimal("1.4")}
STEP = Decimal("1.4")
STEPS_AT = 16 * 7
NOON = 12
BEGINS = {"azure2024_conv_digitised": SUNDAY, "servegen_m_small": 0}
"""The weekday of each trace's first day; that of the second is not disclosed."""
NOISY = "servegen_m_small"
LEVELS = {"calm": CALM, "restless": RESTLESS}


@dataclass(frozen=True)
class World:
    """Half years of one trace's week, one for each seed."""

    name: str
    week: Week
    noise: float
    level: Level

    def years(self) -> Iterator[list[Made]]:
        """Yield them."""
        for seed in range(SEEDS):
            yield made(self.week, self.noise, self.level, seed)


def known(days: Sequence[Made], end: int) -> tuple[Past, ...]:
    """Return what is remembered of days before one of them."""
    return tuple(day.past for day in days[max(0, end - PAST.days) : end])


def alarms(world: World) -> dict[str, float]:
    """Return the shares of days that are told, or missed."""
    told: dict[str, list[bool]] = {}
    steps = []
    for days in world.years():
        for end in range(JUDGED, len(days)):
            history, day = known(days, end), days[end]
            told.setdefault(kind(day), []).append(is_told(history, day.past))
            if not (day.holiday or day.spike):
                for name, factor in PLANTED.items():
                    told.setdefault(name, []).append(not is_told(history, times(day.past, factor)))
        steps.append(days_told_after_a_step(days))
    shares = {f"{name}, %": round(100 * mean(found), 2) for name, found in sorted(told.items())}
    return {**shares, "days told after a step": round(mean(steps), 2), "at most": max(steps)}


def kind(day: Made) -> str:
    """Return what a day is, for the table."""
    if day.holiday or day.spike:
        return "holidays told" if day.holiday else "spikes told"
    return "weekends told" if day.past.on.isoweekday() > SUNDAY - 1 else "workdays told"


def is_told(history: tuple[Past, ...], day: Past) -> bool:
    """Return whether a day is told as unusual."""
    return judge((*history, day), PERCENT) is not None


def times(day: Past, factor: Decimal) -> Past:
    """Return a day that cost so many times as much."""
    lines = tuple((name, hours * factor, cost * factor) for name, hours, cost in day.lines)
    return replace(day, cost=day.cost * factor, lines=lines)


def days_told_after_a_step(days: Sequence[Made]) -> int:
    """Return how many ordinary days are told once all costs have risen for good."""
    stepped = [replace(day, past=times(day.past, STEP)) if end >= STEPS_AT else day for end, day in enumerate(days)]
    ordinary = [end for end in range(STEPS_AT, len(days)) if not (days[end].holiday or days[end].spike)]
    return sum(is_told(known(stepped, end), stepped[end].past) for end in ordinary)


def forecasts(world: World) -> dict[str, float]:
    """Return the errors of sums, and the shares of days within their intervals, by horizon."""
    errors: dict[int, list[float]] = {days: [] for days in HORIZONS}
    held: dict[int, list[bool]] = {days: [] for days in HORIZONS}
    for days in world.years():
        for end in range(LEARNED, len(days), EVERY):
            expected = [one for _, one in coming(known(days, end), days[end].past.on)]
            for horizon in HORIZONS:
                came = [day.past.cost for day in days[end : end + horizon]]
                if len(came) == horizon:
                    errors[horizon].append(error(sum(one.amount for one in expected[:horizon]), sum(came)))
                    held[horizon].append(within(expected[horizon - 1], came[-1]))
    return rows({f"{days} days": (errors[days], held[days]) for days in HORIZONS})


def months(world: World) -> dict[str, float]:
    """Return the errors of a month's end, and the shares of ends within their intervals, by the day seen from."""
    found: dict[str, tuple[list[float], list[bool]]] = {f"month, day {day}": ([], []) for day in SEEN_FROM}
    for days in world.years():
        for first in months_of(days):
            came = sum(day.past.cost for day in days if month_of(day.past.on) == first)
            for day in SEEN_FROM:
                expected = seen_from(days, first.replace(day=day))
                errors, held = found[f"month, day {day}"]
                errors.append(error(expected.amount, came))
                held.append(within(expected, came))
    return rows(found)


def months_of(days: Sequence[Made]) -> list[date]:
    """Return the first days of the months that are whole."""
    firsts = sorted({month_of(day.past.on) for day in days})
    return [first for first in firsts if days[0].past.on <= first and next_month(first) <= days[-1].past.on]


def seen_from(days: Sequence[Made], on: date) -> Expected:
    """Return a month's end as it is expected at noon of a day of it."""
    end = (on - days[0].past.on).days
    spent = sum((day.past.cost for day in days[:end] if month_of(day.past.on) == month_of(on)), Decimal(0))
    hours = days[end].hours
    noon = datetime(on.year, on.month, on.day, NOON, tzinfo=UTC)
    found = month_end(known(days, end), of(spent + sum(hours[:NOON])), of(hours[NOON]), noon, ZoneInfo("UTC"))
    if found is None:
        raise RuntimeError(f"nothing is expected of {on:%Y-%m}")
    return found


def of(cost: Decimal) -> Amount:
    """Return an amount of money."""
    return Amount({"pool": Line(effective=cost)})


def error(expected: Decimal | int, came: Decimal | int) -> float:
    """Return how far off an amount was, as a share of what came."""
    return float(abs(expected - came) / came)


def within(expected: Expected, came: Decimal | int) -> bool:
    """Return whether an amount is in its interval."""
    return expected.low <= came <= expected.high


def rows(found: dict[str, tuple[list[float], list[bool]]]) -> dict[str, float]:
    """Return errors and coverage by name, in percent."""
    shown: dict[str, float] = {}
    for name, (errors, held) in found.items():
        shown[f"{name}: error, %"] = round(100 * mean(errors), 1)
        shown[f"{name}: in the interval, %"] = round(100 * mean(held), 1)
    return shown


def play(world: World) -> dict[str, float]:
    """Return all figures of a world."""
    return alarms(world) | forecasts(world) | months(world)


def worlds() -> Iterator[World]:
    """Yield the worlds to judge in; none where the traces are not on this machine."""
    paths = {name: trace.directory() / f"{name}.csv.gz" for name in BEGINS}
    for path in paths.values():
        if not path.exists():
            say(f"not played: {path} is not there (POOLKEEPER_TRACES)")
            return
    traces = {name: trace.load(path) for name, path in paths.items()}
    noise = dispersion(traces[NOISY])
    for name, found in traces.items():
        for kind_of_level, level in LEVELS.items():
            yield World(f"{name}, {kind_of_level}", week_of(found, BEGINS[name]), noise, level)


def main() -> int:
    """Run the benchmark."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    every = list(worlds())
    if not every:
        return 1
    say(f"{SEEDS} times {DAYS // 7} weeks each; the noise of a day is {every[0].noise:.1%}")
    with ProcessPoolExecutor(2) as pool:
        found = {world.name: figures for world, figures in zip(every, pool.map(play, every), strict=True)}
    for name, figures in found.items():
        print("", name, *(f"  {value:>6} {what}" for what, value in figures.items()), sep="\n")
    print(f"-> {save('bench-money', found)}")
    return 0


if __name__ == "__main__":
    leave_with(main)
