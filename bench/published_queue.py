"""The first published case: a pool of 4 to 8 GPUs at $ 15,000 becomes 2 to 4 at $ 10,000, by the depth of its queue."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from published_page import Json, dollars, monthly, numbered, paragraphs, percent, price_of, table
from published_traffic import PEAK, SLA, STARTUP, Row, case_of, faster, lived, ours, theirs, traffic_of

from poolkeeper.core.engine import Engine
from poolkeeper.core.model import Per, PoolSpec, Queue, ScaleDown, ScaleUp, Slo

BEFORE, AFTER = (4, 8), (2, 4)
DOLLARS = Decimal(15_000), Decimal(10_000)
INSIDE = 0.98
EXTRA_MS = 100
RULE = Queue(
    thresholds_per=Per.POOL,
    up=ScaleUp(above=1000),
    down=ScaleDown(below=100, step=1, max_utilization_percent=1000),
)
"""As it was published: no busy guard, so the survivors may be as busy as they like."""
PUBLISHED = PoolSpec(*AFTER, queue=RULE, lead=False)
TODAY = PoolSpec(*AFTER)
LOOSE = replace(TODAY, slo=Slo(SLA, 100 * INSIDE))
AT_ONCE = timedelta(0)
LIGHTER = ((1, STARTUP), (100, STARTUP), (10, AT_ONCE), (30, AT_ONCE), (100, AT_ONCE))
"""How much shorter requests are, or faster the engine is, and how long a replica takes to start."""


def play() -> Iterator[Row]:
    """Yield what the pool before comes to, then ours by today's defaults, then the published rule."""
    engine = Engine()
    week = traffic_of(engine)
    before, after = case_of(week, engine, BEFORE), case_of(week, engine, AFTER)
    yield lived("before: 4 to 8, KEDA on what waits", theirs("keda", before), before)
    yield lived("ours by default, 2 to 4", ours(TODAY, after), after)
    yield lived("ours, `slo.objectivePercent: 98`", ours(LOOSE, after), after)
    for times, startup in LIGHTER:
        quick = faster(engine, times)
        case = case_of(traffic_of(quick), quick, AFTER, startup)
        yield lived(named(times, startup), ours(PUBLISHED, case), case)


def named(times: int, startup: timedelta) -> str:
    """Return what a row of the published rule is called."""
    length = f"requests {times} times shorter" if times > 1 else "the trace's requests"
    return f"as published; {length}, start-up {startup.total_seconds():.0f} s"


def settings() -> Json:
    """Return what the rows are of."""
    rule = {
        "thresholds_per": RULE.thresholds_per.value,
        "above": RULE.up.above,
        "below": RULE.down.below,
        "step": RULE.down.step,
        "grace_seconds": RULE.down.grace_period.total_seconds(),
        "max_utilization_percent": RULE.down.max_utilization_percent,
    }
    lighter = [{"times": times, "startup_seconds": startup.total_seconds()} for times, startup in LIGHTER]
    return {"before": BEFORE, "after": AFTER, "rule": rule, "lighter": lighter}


def tell(rows: list[Row]) -> str:
    """Return the section."""
    price = price_of(DOLLARS[0], rows[0]["gpus"])
    return paragraphs(
        "## $ 15,000 to $ 10,000 by the depth of the queue",
        "Published: 4 to 8 GPUs at $ 15,000 a month become 2 to 4 at $ 10,000. A GPU more above 1,000 waiting requests "
        "in the pool, one less below 100 for five minutes; 98 % inside the SLA, 50 to 100 ms more latency.",
        arithmetic(),
        f"The replay: the trace scaled so that its busiest ten minutes need {PEAK} GPUs "
        "([how](how-to/simulate-a-pool.md#make-it-yours)), because a pool of four has to "
        f"serve it. A wait inside the SLA is one of at most {SLA.total_seconds():.0f} s; a start takes "
        f"{STARTUP.total_seconds():.0f} s unless the row says otherwise. What stood there before had "
        f"{rows[0]['gpus']:.2f} GPUs on the average, so $ 15,000 are $ {price:.2f} for one and an hour.",
        shown(rows, price),
        verdict(rows, price),
    )


def arithmetic() -> str:
    """Return how the two figures hang together."""
    ratio = DOLLARS[1] / DOLLARS[0]
    low, high = Decimal(AFTER[0]) / ratio, Decimal(AFTER[1]) / ratio
    least, most = max(Decimal(BEFORE[0]), low), min(Decimal(BEFORE[1]), high)
    prices = price_of(DOLLARS[0], most), price_of(DOLLARS[0], least)
    return numbered(
        [
            f"$ 10,000 / $ 15,000 = {ratio:.3f}: at one price, the second pool has {ratio:.3f} of the first's GPUs.",
            (
                f"The first has 4 to 8 on the average, the second 2 to 4. Both hold only for {least:.2f} to "
                f"{most:.2f} before "
                f"and {least * ratio:.2f} to {most * ratio:.2f} after."
            ),
            (
                f"So a GPU costs $ {prices[0]:.2f} to $ {prices[1]:.2f} an hour: $ 15,000 / (730 h x {most:.2f}) to "
                f"$ 15,000 / (730 h x {least:.2f})."
            ),
            (
                "From the middle of the one range to the middle of the other, 6 to 3, would be $ 7,500: the figure "
                "says that "
                f"the first pool was mostly at its {BEFORE[0]}, or the second mostly at its {AFTER[1]}."
            ),
        ]
    )


def shown(rows: list[Row], price: Decimal) -> str:
    """Return the rows with their money."""
    header = ("rule", "GPUs, mean", "a month", "inside, %", "mean wait, ms", "p99 wait, ms", "changes")
    return table(header, [line(row, price) for row in rows])


def line(row: Row, price: Decimal) -> list[object]:
    """Return a line of the table."""
    money = dollars(monthly(row["gpus"], price))
    waits = f"{row['mean_wait_ms']:,.0f}", f"{row['p99_ms']:,.0f}"
    return [row["rule"], f"{row['gpus']:.2f}", money, percent(row["inside"]), *waits, row["changes"]]


def extra(row: Row, before: Row) -> float:
    """Return by how many milliseconds the mean wait is longer."""
    return float(row["mean_wait_ms"] - before["mean_wait_ms"])


def verdict(rows: list[Row], price: Decimal) -> str:
    """Say what is reached and what would have to be so."""
    before, today, loose, *published = rows
    return "\n".join([ours_said(today, loose, before), money_said(today, before, price), *rule_said(published, before)])


def ours_said(today: Row, loose: Row, before: Row) -> str:
    """Say what ours does to latency."""
    good = today["inside"] >= INSIDE and extra(today, before) <= EXTRA_MS
    return (
        f"- Latency and SLA: {said(good)} by today's defaults, {percent(today['inside'])} % inside and "
        f"{extra(today, before):.0f} ms more on the average. Told that 98 % are enough, it gives "
        f"{percent(loose['inside'])} "
        f"% and {extra(loose, before):.0f} ms."
    )


def money_said(today: Row, before: Row, price: Decimal) -> str:
    """Say what ours costs, and with which pool before it would be the published figure."""
    needed, cost = Decimal(today["gpus"]) * DOLLARS[0] / DOLLARS[1], monthly(today["gpus"], price)
    middle = monthly(today["gpus"], price_of(DOLLARS[0], 6))
    return (
        f"- Money: {said(cost <= DOLLARS[1])} by today's defaults, {dollars(cost)}. It is reached if the pool "
        "before had "
        f"{needed:.2f} GPUs on the average or more, instead of {before['gpus']:.2f}; had it 6, it would be "
        f"{dollars(middle)}."
    )


def rule_said(published: list[Row], before: Row) -> Iterator[str]:
    """Yield what the published rule comes to, and where it adds up."""
    first = published[0]
    each = 1000 / (EXTRA_MS / 1000) / first["gpus"]
    yield (
        f"- The published rule on these requests: {said(first['inside'] >= INSIDE)}, {percent(first['inside'])} % "
        "inside. By "
        f"Little's law (L = lambda W) 1,000 that wait for {first['gpus']:.1f} GPUs wait as long as those take to "
        "serve 1,000: "
        f"{waiting_time(first['gpus']):.0f} s here. For {EXTRA_MS} ms each GPU has to serve {each:,.0f} requests a "
        "second."
    )
    good = [row for row in published if row["inside"] >= INSIDE and extra(row, before) <= EXTRA_MS]
    rule = good[0]["rule"].removeprefix("as published; ") if good else "no row above"
    yield f"- What makes the rule keep its SLA and latency: {rule}; the trace then has as many times more of them."


def waiting_time(gpus: float) -> float:
    """Return the seconds that the last of 1,000 requests of the week's mean tokens waits for so many GPUs."""
    prompt, output = 1632, 106
    return 1000 / (gpus * Engine().capacity(prompt, output))


def said(reached: bool) -> str:  # noqa: FBT001  a word for yes and one for no
    """Return whether something is reached, in words."""
    return "reached" if reached else "not reached"
