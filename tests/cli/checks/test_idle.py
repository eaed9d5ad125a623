"""What check tells of an idle time that can never pass."""

from datetime import timedelta

import pytest

from builders import published
from poolkeeper.cli.checks.idle import cautions
from poolkeeper.core.model import (
    ExternalSource,
    Limits,
    PickerSource,
    PodsSource,
    PrometheusSource,
    RabbitSource,
    RedisSource,
    ScaleDown,
    Schedule,
    Window,
)

IDLE = ScaleDown(below=100, idle_after=timedelta(minutes=10))
POD = PodsSource()
LIST = RedisSource("jobs", "default", "jobs")
STREAM = RedisSource("renders", "default", "renders", "workers")
RABBIT = RabbitSource("work", "default", "jobs")


def told(*sources, floor=0, down=IDLE, **changes):
    return list(cautions(published(min_replicas=floor, queue={"down": down, "sources": sources}, **changes)))


@pytest.mark.parametrize("source", [LIST, PrometheusSource("edge", query="up"), ExternalSource("edge", "jobs_waiting")])
def test_an_idle_time_by_a_source_that_does_not_tell_what_runs_is_noted(source):
    (said,) = told(source)
    assert said == (
        "spec.queue.scaleDown.idleAfter needs a source that tells what runs: pods, a Redis stream, RabbitMQ, a picker; "
        f"{source.name} does not, so the last replica never counts as idle"
    )


@pytest.mark.parametrize("source", [POD, STREAM, RABBIT, PickerSource("edge", "chat")])
def test_a_source_that_tells_what_runs_needs_no_word(source):
    assert told(source) == []


def test_pods_see_what_runs_for_another_source():
    assert told(LIST, POD) == []


def test_one_broker_does_not_see_what_runs_for_another():
    assert "; jobs does not" in told(LIST, RABBIT)[0]


def test_a_pool_without_an_idle_time_needs_no_word():
    assert told(LIST, floor=2, down=ScaleDown(below=100)) == []


def test_an_idle_time_over_a_floor_is_noted():
    (said,) = told(POD, floor=2)
    assert said == (
        "spec.queue.scaleDown.idleAfter does nothing: the pool keeps 2 or more all the time; "
        "minReplicas: 0 lets the last one go"
    )


def test_a_window_may_lower_the_floor_to_zero():
    night = Window("night", "0 22 * * *", "0 6 * * *", Limits(floor=0))
    assert told(POD, floor=2, schedule=Schedule((night,))) == []


def test_what_holds_outside_of_windows_may_lower_the_floor_to_zero():
    office = Window("office", "0 8 * * *", "0 18 * * *", Limits(floor=4))
    assert told(POD, floor=2, schedule=Schedule((office,), outside=Limits(floor=0))) == []
