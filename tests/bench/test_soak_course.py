from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from soak_course import HOUR, LEAPS, STRIDE, WALK, Course
from soak_watch import Sight

BEGIN = datetime(2027, 3, 1, tzinfo=UTC)


@dataclass
class Looking:
    """A clock and its board: so many pools as are served are looked at as soon as the date has moved."""

    at: datetime = BEGIN
    served: int = 3
    seen: int = 0
    leaps: list[timedelta] = field(default_factory=list)

    @property
    def board(self) -> "Looking":
        return self

    def read(self) -> "Looking":
        return self

    def now(self) -> datetime:
        return self.at

    def leap(self, by: timedelta) -> None:
        self.at += by
        self.seen = self.served
        self.leaps.append(by)


@pytest.fixture
def clock() -> Looking:
    return Looking()


@pytest.fixture
def course(clock: Looking) -> Course:
    return Course(cast("Any", clock), Sight(clock.now))


@pytest.mark.parametrize("walk", [True, False])
def test_an_hour_passes(course, clock, walk):
    course.pass_hour(BEGIN, 3, walk=walk)
    assert clock.at == BEGIN + HOUR


def test_a_walk_is_of_leaps_that_a_grace_clock_counts(course, clock):
    course.pass_hour(BEGIN, 3, walk=True)
    assert clock.leaps.count(STRIDE) == WALK


def test_without_a_walk_an_hour_is_a_few_leaps(course, clock):
    course.pass_hour(BEGIN, 3, walk=False)
    assert len([leap for leap in clock.leaps if leap > STRIDE]) == LEAPS


def test_what_has_moved_is_seen_before_the_date_leaps_on(course, clock):
    course.sight.news_at = 5.0
    course.still(3)
    assert clock.leaps == [timedelta(seconds=1)] * 2


def test_while_nothing_moves_the_date_does_not(course, clock):
    course.still(3)
    course.still(3)
    assert len(clock.leaps) == 2


def test_a_pool_that_is_not_looked_at_is_noticed(course, clock, monkeypatch):
    monkeypatch.setattr("soak_course.PATIENCE", 0.0)
    clock.served = 2
    course.leap(STRIDE, 3)
    assert course.late == 1
