from datetime import timedelta

import pytest

from demo import scenario
from demo.objects import pool
from demo.traces import write
from fleet.shapes import constant
from fleet.trace import load
from poolkeeper.api.spec import parse_spec


@pytest.mark.parametrize(("minute", "times"), [(0, 1), (11.5, 2.75), (25, 4.5), (30.5, 2.75), (50, 1)])
def test_the_rate_follows_the_drawing(minute, times):
    assert scenario.rate(minute * 60) == times


def test_the_rush_multiplies_the_requests_of_the_trace():
    rushed = scenario.rushed(constant(10, 3600))
    assert [rushed.bins[minute * 60].requests for minute in (0, 25, 50)] == [10, 45, 10]


def test_requests_keep_their_size():
    rushed = scenario.rushed(constant(10, 3600))
    assert {round(each.prompt_tokens / each.requests) for each in rushed.bins} == {1155}


def test_the_workload_lasts_as_long_as_is_said():
    assert scenario.rushed(constant(10, 3600)).duration == scenario.LENGTH.total_seconds()


def test_it_ends_well_within_five_minutes():
    assert scenario.wall(scenario.LENGTH) < timedelta(minutes=3)


def test_words_do_not_call_made_requests_real():
    assert "real" not in scenario.workload_words("generated")


def test_the_fleet_reads_what_was_written(tmp_path):
    rushed = scenario.rushed(constant(10, 3600))
    write(rushed, tmp_path / "constant.csv.gz")
    assert load(tmp_path / "constant.csv.gz") == rushed


def test_the_pools_grace_is_the_stated_one_compressed():
    spec = parse_spec(pool()["spec"]).to_core()
    assert spec.queue.down.grace_period * scenario.SPEED == scenario.GRACE
