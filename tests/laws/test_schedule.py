"""A window's level is R5's, on every day of five years in every kind of zone: the core against the oracle."""

from datetime import UTC, datetime, timedelta
from itertools import permutations, takewhile
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from oracle import MINUTE, Level, Rule, Standing, Timeline, fires, led
from poolkeeper.core import cron
from poolkeeper.core.levels import is_on
from poolkeeper.core.model import Limits, PoolSpec, Schedule, Window
from poolkeeper.core.schedule import Edge, bounds, transitions

PLACES = {
    "America/New_York": 2024,
    "Europe/Prague": 2024,
    "Australia/Lord_Howe": 2024,  # half an hour of summer time
    "Pacific/Apia": 2009,  # 2011-12-30 never was
    "Pacific/Chatham": 2024,  # +12:45, +13:45
    "Asia/Kathmandu": 2024,  # +5:45, for ever
    "America/Sao_Paulo": 2015,  # midnights that do not exist
    "Africa/Casablanca": 2022,  # the clock goes back for Ramadan
    "Antarctica/Troll": 2023,  # two hours of summer time
    "Europe/Moscow": 2010,  # both kinds of for ever
    "Africa/Monrovia": 1970,  # until 1972, 44 minutes and 30 seconds behind
    "UTC": 2024,
}
YEARS = timedelta(days=5 * 365 + 1)
DAY = timedelta(days=1)
DAYS, INSTANTS = 400, 5
SPRING = datetime(2026, 3, 1, tzinfo=UTC)

# Fields that croniter and cronsim read alike; of the last Friday each has its own spelling, croniter's comes first.
MINUTES = ["0", "0", "0", "1", "15", "30", "45", "59", "0,30", "*/20", "50-52"]
HOURS = ["0", "1", "2", "2", "3", "8", "12", "18", "22", "23", "1,2", "9-11", "*/6"]
DATES = ["*", "*", "*", "1", "15", "29", "31", "L", "1,15", "28-31", "1,L"]
MONTHS = ["*", "*", "*", "3", "10", "11", "2", "3,11", "jan-jun", "*/4"]
WEEKDAYS = ["*", "*", "1-5", "fri", "0", "7", "sat,sun", "5-7", "1#2", "sun#5", "L5"]
CRONSIM = {"L5": "5L"}


@st.composite
def crons(draw) -> tuple[str, str]:
    """Return one expression, as the core writes it and as the oracle does."""
    *rest, weekday = (draw(st.sampled_from(field)) for field in (MINUTES, HOURS, DATES, MONTHS, WEEKDAYS))
    return " ".join((*rest, weekday)), " ".join((*rest, CRONSIM.get(weekday, weekday)))


@st.composite
def stages(draw) -> tuple[Schedule, Timeline, datetime]:
    """Return a schedule of one window that is accepted, the oracle's view of it, and when the five years begin."""
    (start, its_start), (end, its_end) = draw(crons()), draw(crons())
    assume(fires(its_start) and fires(its_end) and not cron.never_ends(start, end))
    place = draw(st.sampled_from(sorted(PLACES)))
    since = datetime(PLACES[place], draw(st.integers(1, 12)), 1, tzinfo=UTC)
    timeline = Timeline(its_start, its_end, ZoneInfo(place), (since, since + YEARS))
    return Schedule((Window("window", start, end),), place), timeline, since


def few(examples: int) -> settings:
    """Return settings for a law over years, where each example is thousands of instants."""
    phases = [Phase.explicit, Phase.generate]  # of five years none are simpler than others
    return settings(max_examples=examples, suppress_health_check=list(HealthCheck), phases=phases)


OFTENER = max(1, settings.default.max_examples // 100)
"""How much harder the long profile tries these laws."""


def agrees(schedule: Schedule, timeline: Timeline, now: datetime) -> bool:
    return is_on(schedule.windows[0], schedule.timezone, now) == timeline.on(now)


def refusal(expression: str) -> str:
    """Return the words with which an expression is refused, empty where it is not."""
    try:
        cron.check(expression)
    except cron.CronError as error:
        return str(error)
    return ""


@given(crons())
def test_what_never_fires_is_refused_and_nothing_else(pair):
    ours, oracles = pair
    assert bool(refusal(ours)) is not fires(oracles)


FIELDS = st.text("0123456789*/,-#?LWRHl @", min_size=1, max_size=5) | st.sampled_from(["mon", "Jan-Mar", "fri#2", "*"])


@given(st.lists(FIELDS, min_size=5, max_size=5).map(" ".join) | st.text(max_size=20))
def test_any_text_is_refused_in_words_or_has_firings(text):
    now, words = datetime(2026, 1, 1), refusal(text)
    assert repr(text) in words if words else cron.coming(text, now) == cron.following(text, now)


@few(6 * OFTENER)
@given(stages())
def test_the_transitions_of_five_years_are_those_that_the_oracle_sees(stage):
    schedule, timeline, since = stage
    until = since + YEARS
    predicted = takewhile(lambda one: one.at <= until, transitions(schedule, since))
    assert [Level(one.at, one.edge is Edge.START) for one in predicted] == timeline.changes(since, until)


@few(6 * OFTENER)
@given(stages())
def test_the_level_is_right_a_minute_before_and_after_each_transition(stage):
    schedule, timeline, since = stage
    turning = [level.at for level in timeline.changes(since, since + YEARS)]
    around = [at + shift for at in turning for shift in (-MINUTE, timedelta(0), MINUTE)]
    assert [at for at in around if not agrees(schedule, timeline, at)] == []


@few(2 * OFTENER)
@given(stages(), st.integers(0, 2**32))
def test_the_level_is_right_at_any_instant(stage, seed):
    """Two thousand of them, on four hundred days: what costs is the search for a day's changes."""
    schedule, timeline, since = stage
    draw = Random(seed)  # noqa: S311  no secret
    days = [since + draw.random() * YEARS for _ in range(DAYS)]
    instants = [day + draw.random() * DAY for day in days for _ in range(INSTANTS)]
    assert [at for at in instants if not agrees(schedule, timeline, at)] == []


@pytest.mark.long
@pytest.mark.timeout(1800)
@few(12)
@given(stages())
def test_the_level_is_right_at_every_minute(stage):
    schedule, timeline, since = stage
    minutes = (since + number * MINUTE for number in range(YEARS // MINUTE))
    assert next((at for at in minutes if not agrees(schedule, timeline, at)), None) is None


# Several windows: what they make of the bounds

MONTHS_AHEAD = timedelta(days=75)
LEAD_TIMES = [timedelta(minutes=minutes) for minutes in (0, 1, 10, 60, 180, 1500)]
REPLICAS = st.none() | st.integers(0, 9)
PLACES_THAT_TURN = ["America/New_York", "Australia/Lord_Howe", "Europe/Prague", "UTC"]
CROSSING = ["0 1 * * *", "30 1 * * *", "30 2 * * *", "0 8 * * 1-5", "0 18 * * *", "0 22 * * 5", "0 6,18 * * *"]
PAIRS = [pair for pair in permutations(CROSSING, 2) if not cron.never_ends(*pair)]
"""Starts and ends that are accepted."""


@st.composite
def limits(draw) -> Limits:
    floor, cap = draw(REPLICAS), draw(REPLICAS)
    return Limits(*sorted((floor, cap))) if floor is not None and cap is not None else Limits(floor, cap)


@st.composite
def pools(draw) -> tuple[PoolSpec, list[Rule], Standing]:
    """Return a pool with up to four windows, what the oracle makes of them, and what it says holds outside of them."""
    place = draw(st.sampled_from(PLACES_THAT_TURN))
    smallest = draw(st.integers(0, 4))
    largest = smallest + draw(st.integers(1, 5))
    windows, rules = [], []
    for number in range(draw(st.integers(1, 4))):
        start, end = draw(st.sampled_from(PAIRS))
        window = Window(f"w{number}", start, end, draw(limits()), draw(st.integers(0, 1)))
        timeline = Timeline(start, end, ZoneInfo(place), (SPRING, SPRING + MONTHS_AHEAD + LEAD_TIMES[-1]))
        windows.append(window)
        rules.append(Rule(window.name, timeline, *bounded(window.limits, smallest, largest), window.priority))
    schedule = Schedule(tuple(windows), place, draw(st.sampled_from(LEAD_TIMES)), draw(limits()))
    outside = Standing(None, *bounded(schedule.outside, smallest, largest))
    return PoolSpec(smallest, largest, schedule=schedule), rules, outside


def bounded(given_limits: Limits, smallest: int, largest: int) -> tuple[int, int]:
    """Return a floor and a cap: a window's replace the pool's, and nothing is larger than maxReplicas."""
    cap = largest if given_limits.cap is None else min(largest, given_limits.cap)
    return min(cap, smallest if given_limits.floor is None else given_limits.floor), cap


def nearby(rules: list[Rule], lead_time: timedelta) -> list[datetime]:
    """Return the instants around each transition, and around the beginning of its lead time."""
    turning = {level.at for rule in rules for level in rule.timeline.changes(SPRING, SPRING + MONTHS_AHEAD)}
    shifts = [back + shift for back in (timedelta(0), -lead_time) for shift in (-MINUTE, timedelta(0), MINUTE)]
    return sorted({at + shift for at in turning for shift in shifts if at + shift >= SPRING})


@few(6 * OFTENER)
@given(pools())
def test_the_bounds_are_those_that_the_oracle_sees(pool):
    spec, rules, outside = pool
    lead_time = spec.schedule.lead_time
    for now in nearby(rules, lead_time):
        found = bounds(spec, now, timedelta(days=9))
        seen = Standing(found.window, found.floor, found.cap, found.lead, found.leads_to)
        assert seen == led(rules, outside, now, lead_time), now


@few(6 * OFTENER)
@given(pools())
def test_the_bounds_stand_until_the_next_transition_or_lead_time(pool):
    spec, rules, _ = pool
    for now in nearby(rules, spec.schedule.lead_time):
        found = bounds(spec, now, timedelta(0))
        until = min(at for at in (found.leads_at, found.next and found.next.at, SPRING + YEARS) if at)
        after = bounds(spec, until - MINUTE, timedelta(0)) if until - MINUTE > now else found
        assert (found.floor, found.cap) == (after.floor, after.cap), now


@few(6 * OFTENER)
@given(pools())
def test_a_lead_time_that_is_announced_lifts_the_floor(pool):
    spec, rules, _ = pool
    for now in nearby(rules, spec.schedule.lead_time):
        found = bounds(spec, now, timedelta(0))
        if found.leads_at is not None:
            assert bounds(spec, found.leads_at, timedelta(0)).floor > found.floor, now
