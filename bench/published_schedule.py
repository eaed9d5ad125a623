"""The second published case: four GPUs around the clock at $ 12,000 become $ 8,400 by a schedule, 10:00 to 20:00."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta, timezone, tzinfo
from decimal import Decimal

from published_page import Json, dollars, monthly, numbered, paragraphs, percent, price_of, table, trace_of
from published_queue import line, said
from published_traffic import TRACE, Row, case_of, lived, ours, theirs, traffic_of

from poolkeeper.core.arrivals import Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.core.model import Limits, PoolSpec, Schedule, Window

FULL = 4
DOLLARS = Decimal(12_000), Decimal(8_400)
OPENS, CLOSES = 10, 20
OPEN = CLOSES - OPENS
DAY, WEEK = 24, 7 * 24
WORKDAYS = 5
ENOUGH = 0.98
OUTSIDE = (2, 1, 0)
TODAY = PoolSpec(1, FULL)


def scheduled(outside: int, zone: str = "UTC") -> PoolSpec:
    """Return the pool of the schedule: four in the window, so many outside of it, whatever the queue says."""
    window = Window("open", f"0 {OPENS} * * *", f"0 {CLOSES} * * *", Limits(FULL, FULL))
    timetable = Schedule((window,), zone, outside=Limits(outside, outside))
    return replace(TODAY, min_replicas=0, schedule=timetable, lead=False)


def best_hours() -> int:
    """Return how many hours to turn the trace's clock so that the window holds as much of the load as it can."""
    trace = trace_of(TRACE)
    work = [0.0] * DAY
    for place, one in enumerate(trace.bins):
        work[(trace.start + place * trace.width).hour] += one.requests * one.prompt
    return max(range(-11, 13), key=lambda turn: sum(work[(hour - turn) % DAY] for hour in range(OPENS, CLOSES)))


def turned() -> Traffic:
    """Return the traffic with its clock turned; what the wall then shows is called UTC."""
    zone: tzinfo = timezone(timedelta(hours=best_hours()))
    week = traffic_of(Engine(), zone)
    return replace(week, start=week.start.replace(tzinfo=timezone.utc))  # noqa: UP017  beside timezone of an offset


def play() -> Iterator[Row]:
    """Yield four around the clock, the schedule with each size outside, and ours by today's defaults."""
    engine, week = Engine(), turned()
    case = case_of(week, engine, (1, FULL))
    yield lived("4 around the clock", theirs(f"static={FULL}", case), case)
    for outside in OUTSIDE:
        bare = case_of(week, engine, (0, FULL))
        yield lived(f"by the schedule alone, {outside} outside", ours(scheduled(outside), bare), bare)
    yield lived("ours by default, 1 to 4, no schedule", ours(TODAY, case), case)


def settings() -> Json:
    """Return what the rows are of."""
    return {"full": FULL, "window": [OPENS, CLOSES], "outside": OUTSIDE, "turned_hours": best_hours()}


def tell(rows: list[Row], turned_hours: int) -> str:
    """Return the section."""
    price = price_of(DOLLARS[0], FULL)
    header = ("rule", "GPUs, mean", "a month", "inside, %", "mean wait, ms", "p99 wait, ms", "changes")
    return paragraphs(
        "## $ 12,000 to $ 8,400 by the clock",
        "Published: 4 GPUs around the clock at $ 12,000 a month become $ 8,400 with a schedule of 10:00 to 20:00.",
        numbered(steps(price)),
        "At that price, what would be $ 8,400, and what is near it:",
        table(("assumption", "GPUs, mean", "a month"), assumptions(price)),
        f"The replay: the same trace and scale, its clock turned by {turned_hours:+d} h, so that 10:00 to 20:00 "
        "hold as "
        "much of the load as ten hours can; every day, as published.",
        table(header, [line(row, price) for row in rows]),
        verdict(rows, price),
    )


def steps(price: Decimal) -> list[str]:
    """Return the reckoning."""
    mean = DOLLARS[1] / DOLLARS[0] * FULL
    outside = rest(mean)
    return [
        f"$ 12,000 / (730 h x 4 GPUs) = $ {price:.2f} for a GPU and an hour.",
        f"$ 8,400 / $ 12,000 = {DOLLARS[1] / DOLLARS[0]:.2f}, so {mean:.2f} GPUs on the average.",
        (
            f"Ten hours of 24 at four are {Decimal(OPEN * FULL) / DAY:.3f} GPUs on the average. The other 14 have "
            "to make up "
            f"{mean - Decimal(OPEN * FULL) / DAY:.3f}, which is {outside:.3f} GPUs outside the window: no whole number."
        ),
        (
            f"With two outside it is {dollars(month_with(2, price))}, with one {dollars(month_with(1, price))}, "
            "with none "
            f"{dollars(month_with(0, price))}."
        ),
    ]


def rest(mean: Decimal) -> Decimal:
    """Return how many GPUs outside the window make up a mean."""
    return (mean * DAY - OPEN * FULL) / (DAY - OPEN)


def mean_with(outside: Decimal | int) -> Decimal:
    """Return the mean of the window at full size and so many outside."""
    return Decimal(OPEN * FULL + (DAY - OPEN) * outside) / DAY


def month_with(outside: int, price: Decimal) -> Decimal:
    """Return what that costs a month."""
    return monthly(mean_with(outside), price)


def assumptions(price: Decimal) -> Iterator[tuple[str, str, str]]:
    """Yield what one may assume, and what it comes to."""
    share = (DOLLARS[1] / DOLLARS[0] * DAY - OPEN) / (DAY - OPEN)
    hours = Decimal(OPEN * WORKDAYS)
    found = {
        f"every day, {rest(DOLLARS[1] / DOLLARS[0] * FULL):.3f} outside": DOLLARS[1] / DOLLARS[0] * FULL,
        "every day, 2 outside": mean_with(2),
        f"every day, 4 outside at {100 * share:.1f} % of the price (spot, or a cheaper kind)": DOLLARS[1]
        / DOLLARS[0]
        * 4,
        "every day, 4 for 16 h 48 min, none outside": Decimal("16.8") * FULL / DAY,
        "Monday to Friday, 2 outside": (hours * FULL + (WEEK - hours) * 2) / WEEK,
        "Monday to Friday 10 h taken OFF, 4 at all other times": (WEEK - hours) * FULL / WEEK,
    }
    for words, mean in found.items():
        yield words, f"{mean:.3f}", dollars(monthly(mean, price))


def verdict(rows: list[Row], price: Decimal) -> str:
    """Say what is reached."""
    _, *by_clock, today = rows
    two = monthly(by_clock[0]["gpus"], price)
    lines = [
        f"- By the schedule as published: {said(two <= DOLLARS[1])} at a flat price, {dollars(two)} with two "
        "outside; the "
        "next whole number down is far below the figure, and outside the window it has to serve what comes: "
        + ", ".join(
            f"{100 * row['inside']:.1f} % inside with {place}" for place, row in zip(OUTSIDE, by_clock, strict=True)
        )
        + "."
    ]
    money = monthly(today["gpus"], price)
    good = said(money <= DOLLARS[1] and today["inside"] >= ENOUGH)
    lines.append(f"- {today['rule'].capitalize()}: {good}, {dollars(money)} at {percent(today['inside'])} % inside.")
    lines.append(
        "- What would make it add up: any line of the first table at 2.800 GPUs. The hours outside at 48.6 % of the "
        "price are what a real bill may have; the last line comes within $ 30 and may be how "
        "a saving of 30 % was reckoned."
    )
    return "\n".join(lines)
