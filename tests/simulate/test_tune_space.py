"""Which values are tried, and what changes make of a spec."""

from datetime import timedelta

import pytest

from poolkeeper.api.spec import parse_spec
from poolkeeper.core.model import Forecast
from poolkeeper.simulate.tune_space import LEARNED, Scope, changed, changes, dimensions

DAY = timedelta(days=1)
RAW = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
WINDOWS = {"windows": [{"name": "day", "from": "08:00", "to": "18:00", "minReplicas": 4}]}


def tried(raw=None, *, load=5.0, lasted=DAY, schedule=None):
    raw = RAW | (raw or {})
    found = dimensions(raw, parse_spec(raw).to_core(), Scope(load, lasted, schedule))
    return {one.path: one for one in found}


def today(found):
    return [one.today for one in found.values()]


def test_todays_values_are_among_those_that_are_tried():
    own = {"queue": {"scaleUp": {"above": 7, "step": 5}, "scaleDown": {"gracePeriod": "7m", "below": 3}}}
    found = tried(own | {"lead": "Disabled"})
    values = {where: one.values[one.today] for where, one in found.items()}
    assert values == {
        "queue.scaleUp.above": 7,
        "queue.scaleUp.step": 5,
        "queue.scaleUp.maxStep": 4,
        "queue.scaleDown.below": 3,
        "queue.scaleDown.gracePeriod": "7m",
        "queue.scaleDown.maxUtilizationPercent": None,
        "minReplicas": 2,
        "lead": "Disabled",
    }


def test_the_values_of_today_change_nothing():
    found = tried()
    assert changes(list(found.values()), today(found)) == {}


def test_thresholds_are_multiples_of_todays():
    values = tried({"queue": {"thresholdsPer": "Pool", "scaleUp": {"above": 1000}}})["queue.scaleUp.above"].values
    assert (values[0], values[-1]) == (200, 5000)


def test_thresholds_that_nobody_has_chosen_may_stay_so():
    found = tried()
    assert [found[where].values[-1] for where in ("queue.scaleUp.above", "queue.scaleDown.below")] == [None, None]


def test_a_below_without_an_above_is_at_most_what_is_usual():
    found = list(tried({"queue": {"scaleDown": {"below": 4}}}).values())
    places = [len(one.values) - 1 if one.path == "queue.scaleDown.below" else one.today for one in found]
    assert changes(found, places) == {"queue.scaleDown.below": 5}


def test_a_guard_that_is_set_may_go():
    found = tried({"queue": {"scaleDown": {"maxUtilizationPercent": 77}}})["queue.scaleDown.maxUtilizationPercent"]
    assert (found.values[found.today], found.values[-1]) == (77, None)


@pytest.mark.parametrize(("floor", "values"), [(2, (2, 3, 4, 5)), (1, (1, 2, 3, 4, 5)), (6, (2, 3, 4, 5, 6))])
def test_floors_go_up_to_the_mean_load_and_not_from_two_to_one(floor, values):
    assert tried({"minReplicas": floor})["minReplicas"].values == values


def test_floors_of_large_pools_are_spread():
    assert tried({"maxReplicas": 200}, load=100)["minReplicas"].values == tuple(range(2, 101, 13))


def test_a_field_that_can_have_one_value_only_is_not_tried():
    assert "minReplicas" not in tried({"minReplicas": 1}, load=0.5)


def test_a_learned_floor_is_tried_where_there_is_time_to_learn_it():
    assert ("forecast" in tried(), "forecast" in tried(lasted=LEARNED)) == (False, True)


def test_todays_forecast_keeps_its_history():
    own = {"forecast": {"enabled": True, "quantile": 0.85, "history": "1000h"}}
    found = tried(own, lasted=LEARNED)["forecast"]
    assert found.values[found.today] == own["forecast"]


def test_a_forecast_makes_a_floor_and_none_takes_it_away():
    quantile = changed(RAW, {"forecast": {"enabled": True, "quantile": 0.8}})
    assert parse_spec(quantile).to_core().forecast == Forecast(0.8)
    assert parse_spec(changed(quantile, {"forecast": None})).to_core().forecast is None


def test_proposed_windows_are_on_or_off():
    assert tried(schedule=WINDOWS)["schedule"].values == (None, WINDOWS)


def test_windows_that_the_pool_has_are_not_tried():
    assert "schedule" not in tried({"schedule": WINDOWS}, schedule=WINDOWS)


def test_below_is_brought_down_to_above():
    found = list(tried({"queue": {"scaleUp": {"above": 4}, "scaleDown": {"below": 4}}}).values())
    places = [one.today for one in found]
    places[0] = 0
    assert changes(found, places) == {"queue.scaleUp.above": 0.8, "queue.scaleDown.below": 0.8}


def test_changes_leave_the_rest_of_a_spec_and_the_spec_itself_alone():
    raw = RAW | {"queue": {"scaleUp": {"step": 2}}}
    assert changed(raw, {"queue.scaleUp.above": 3})["queue"] == {"scaleUp": {"step": 2, "above": 3}}
    assert raw["queue"] == {"scaleUp": {"step": 2}}


def test_what_is_not_there_cannot_be_taken_out_and_stays_so():
    assert changed(RAW, {"queue.scaleDown.maxUtilizationPercent": None}) == RAW


def test_every_value_makes_a_spec_that_is_accepted():
    found = list(tried(lasted=LEARNED, schedule=WINDOWS).values())
    places = [one.today for one in found]
    made = [
        changes(found, [*places[:number], value, *places[number + 1 :]])
        for number, one in enumerate(found)
        for value in range(len(one.values))
    ]
    assert all(parse_spec(changed(RAW, one)) for one in made)
