from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from poolkeeper.core.habit import learn, usual
from poolkeeper.core.memory import Habit, Present, Week
from poolkeeper.core.model import Forecast
from poolkeeper.core.week import SLOTS

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
RULE = Forecast(quantile=0.9, history=timedelta(days=28))
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NINE = 18
"""Monday at nine."""


def learned(
    loads: dict[float, float], start: datetime = MONDAY, place: str = "UTC", known: Habit | None = None
) -> Habit:
    """Return a habit after looks at these loads, so many minutes after a start."""
    habit = known or Habit()
    for minutes, load in loads.items():
        habit = learn(habit, load, RULE, place, start + minutes * MINUTE)
    return habit


def minutely(count: int, load: float = 10) -> dict[float, float]:
    """Return a look a minute."""
    return {float(minute): load for minute in range(count)}


def weeks(*values: float | None, slot: int = NINE, newest: date = date(2026, 3, 2)) -> tuple[Week, ...]:
    """Return weeks that know one slot each, the newest first."""
    loads = [[None] * slot + [value] + [None] * (SLOTS - slot - 1) for value in values]
    return tuple(Week(newest - ago * timedelta(days=7), tuple(each)) for ago, each in enumerate(loads))


def known(habit: Habit) -> dict[int, float]:
    """Return what the newest week knows."""
    return {slot: load for slot, load in enumerate(habit.weeks[0].loads) if load is not None} if habit.weeks else {}


def test_nothing_is_kept_of_a_slot_under_way():
    assert learned(minutely(30)).weeks == ()


def test_the_mean_of_a_slot_is_kept_when_it_ends():
    habit = learned(minutely(15, 10) | {float(minute): 20.0 for minute in range(15, 31)})
    assert known(habit) == {0: pytest.approx(15, abs=0.5)}


def test_a_load_counts_for_the_time_since_the_look_before():
    habit = learned({0: 0, 2: 0, 4: 0, 6: 0, 8: 0, 10: 0, 10.5: 60, 11: 60, 30: 0})
    assert known(habit) == {0: pytest.approx(60 / 11)}


def test_a_slot_of_which_too_little_was_seen_is_not_kept():
    assert learned({0: 10, 1: 10, 2: 10, 31: 10}).weeks == ()


def test_a_long_gap_between_looks_counts_for_two_minutes():
    assert learned({0: 10, 29: 10, 31: 10}).present.seen == MINUTE * 2


def test_a_slot_that_is_seen_again_a_week_later_makes_a_second_week():
    first = learned(minutely(31))
    assert len(learned(minutely(31, 20), MONDAY + 7 * DAY, known=first).weeks) == 2


def test_a_week_leaves_when_the_history_does_not_reach_back_to_it():
    first = learned(minutely(31))
    kept = [len(learned(minutely(31), MONDAY + days * DAY, known=first).weeks) for days in (28, 35)]
    assert kept == [2, 1]


def test_a_week_of_the_future_is_forgotten():
    habit = Habit("UTC", weeks(10, newest=date(2027, 1, 4)))
    assert learned({0: 10}, known=habit).weeks == ()


def test_another_zone_makes_what_was_learned_mean_nothing():
    assert learned({32: 10}, place="Asia/Tokyo", known=learned(minutely(31))).weeks == ()


def test_slots_are_learned_on_the_wall_of_the_zone():
    assert set(known(learned(minutely(31), place="Asia/Tokyo"))) == {NINE}


def test_a_clock_that_is_set_back_begins_a_slot_anew():
    habit = learned(minutely(20), MONDAY + DAY)
    assert learn(habit, 10, RULE, "UTC", MONDAY).present.ends == MONDAY + 30 * MINUTE


def test_a_clock_that_is_set_back_a_little_counts_for_nothing():
    assert learned({5: 10, 4: 99}).present.total == 0


@pytest.mark.parametrize("load", [float("nan"), float("inf"), -1.0, 1e7])
def test_a_load_that_cannot_be_teaches_nothing(load):
    habit = learned(minutely(20))
    assert learn(habit, load, RULE, "UTC", MONDAY + HOUR) == habit


def test_nothing_is_usual_where_nothing_is_known():
    assert usual((), NINE, 0.9) is None


def test_one_week_is_too_little():
    assert usual(weeks(10), NINE, 0.9) is None


def test_what_is_usual_is_the_quantile_of_earlier_weeks():
    assert usual(weeks(10, 12, 11, 13, 14), NINE, 0.5) == 12
    assert usual(weeks(10, 12, 11, 13, 14), NINE, 0.9) == pytest.approx(13.6)


def test_holes_in_the_weeks_are_passed_over():
    assert usual(weeks(10, None, 10), NINE, 0.9) == 10


def test_other_days_of_the_kind_help_out():
    friday = weeks(20, slot=NINE + 4 * 48)
    assert usual((*friday, *weeks(10, newest=date(2026, 2, 23))), NINE, 1) == 20


def test_a_weekend_says_nothing_of_a_monday():
    saturday, sunday = weeks(20, 20, slot=NINE + 5 * 48), weeks(20, 20, slot=NINE + 6 * 48)
    assert usual((*saturday, *sunday), NINE, 0.9) is None


def test_one_viral_day_counts_as_twice_the_others_at_most():
    assert usual(weeks(10, 1000, 10, 10), NINE, 1) == 20


def test_one_viral_day_of_two_counts_as_twice_the_other():
    assert usual(weeks(10, 1000), NINE, 1) == 20


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -5.0, 1e9])
def test_values_that_cannot_be_are_left_out(wrong):
    assert usual(weeks(wrong, 10, 10), NINE, 1) == 10


def test_the_last_minutes_are_followed_together_with_what_is_usual_for_them():
    habit = learned({0: 10, 15: 30}, MONDAY + 9 * HOUR, known=Habit("UTC", weeks(None, 20, 20)))
    assert (habit.present.load, habit.present.usual) == (20, 20)


def test_where_nothing_is_usual_there_is_nothing_to_compare():
    assert learned({0: 10}).present == Present(MONDAY + 30 * MINUTE, MONDAY, load=None, usual=None)


def test_a_restart_costs_the_slot_under_way_alone():
    habit = learned(minutely(50))
    restarted = replace(habit, present=Present())
    assert known(learned({51: 10, 61: 10}, known=restarted)) == {0: 10}


def test_a_day_of_looks_is_a_day_of_slots():
    habit = learned({2.0 * number: number // 15 for number in range(12 * 60 + 1)})
    assert known(habit) == {slot: pytest.approx(slot, abs=0.1) for slot in range(48)}


def test_the_weeks_say_when_they_last_changed():
    habit = learned(minutely(35))
    assert (habit.until, learned({61: 10}, known=habit).until) == (MONDAY + 30 * MINUTE, MONDAY + 30 * MINUTE)
