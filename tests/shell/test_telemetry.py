"""What the metrics say of the split over tiers; pages are served in test_http.py."""

from dataclasses import replace

import pytest

from builders import START, published
from poolkeeper.core.decision import Decision, Health, Share, Stage
from poolkeeper.core.forecast import Outlook
from poolkeeper.core.memory import Counterfactual
from poolkeeper.core.model import ON_DEMAND, CapacityType, Forecast, Limits, Mode, Schedule, Tier, Window
from poolkeeper.core.observed import Checked, Figures, Side, Sums
from poolkeeper.core.reasons import Reason
from poolkeeper.core.schedule import Bounds
from poolkeeper.shell.telemetry import Telemetry

KEY = ("inference", "chat")
POOL = {"namespace": "inference", "pool": "chat"}
SPLIT = published(tiers=(Tier("spot", CapacityType.SPOT), ON_DEMAND))
SPOT = Share("spot", 9, 9, 9, ready=6)
COVER = Share("on-demand", 1, 4, 1, ready=1, reason=Reason.SPOT_RECLAIMED)
TRAIL = (Stage("demand", 10, 10, Reason.STEADY),)
RECLAIMED = Decision(10, 10, 10, Reason.STEADY, trail=TRAIL, shares=(SPOT, COVER), health=Health(lost=3))


@pytest.fixture
def telemetry():
    made = Telemetry()
    made.decided(KEY, SPLIT, RECLAIMED)
    return made


def value(telemetry, name, **labels):
    return telemetry.registry.get_sample_value(f"poolkeeper_pool_{name}", POOL | labels)


@pytest.mark.parametrize(("name", "spot", "on_demand"), [("", 9, 4), ("ready_", 6, 1), ("due_", 9, 1)])
def test_each_tier_has_its_series(telemetry, name, spot, on_demand):
    found = [value(telemetry, f"tier_{name}replicas", tier=tier) for tier in ("spot", "on-demand")]
    assert found == [spot, on_demand]


def test_what_is_lost_and_what_covers_for_it_are_told(telemetry):
    assert (value(telemetry, "spot_lost_replicas"), value(telemetry, "fallback_replicas")) == (3, 3)


def test_a_pool_without_spot_has_lost_nothing_to_speak_of(telemetry):
    telemetry.decided(KEY, published(), replace(RECLAIMED, shares=(COVER,)))
    assert value(telemetry, "spot_lost_replicas") is None
    assert value(telemetry, "fallback_replicas") is None


def test_a_tier_that_is_gone_leaves_no_series(telemetry):
    telemetry.decided(KEY, published(), replace(RECLAIMED, shares=(COVER,)))
    assert value(telemetry, "tier_replicas", tier="spot") is None
    assert value(telemetry, "tier_replicas", tier="on-demand") == 4


def test_a_pool_that_is_gone_leaves_no_series(telemetry):
    telemetry.forget(KEY)
    assert b'pool="chat"' not in telemetry.page()


def test_a_pool_that_comes_back_may_lose_a_tier_again(telemetry):
    telemetry.forget(KEY)
    telemetry.decided(KEY, published(), replace(RECLAIMED, shares=(COVER,)))
    assert value(telemetry, "tier_due_replicas", tier="on-demand") == 1


def test_a_tier_that_moves_is_counted_with_its_own_reason(telemetry):
    telemetry.scaled(KEY, RECLAIMED)
    moved = value(telemetry, "scales_total", tier="on-demand", direction="up", reason="SpotReclaimed")
    assert (moved, value(telemetry, "scales_total", tier="spot", direction="up", reason="AsExpected")) == (1, None)


def test_a_tier_that_moves_with_the_size_is_counted_with_the_sizes_reason(telemetry):
    shrunk = replace(RECLAIMED, size=9, reason=Reason.QUEUE_BELOW, shares=(replace(SPOT, size=8, reason=Reason.SPLIT),))
    telemetry.scaled(KEY, shrunk)
    assert value(telemetry, "scales_total", tier="spot", direction="down", reason="QueueBelow") == 1


LAUNCH = Window("launch", "0 9 * * *", "0 21 * * *", Limits(floor=6, cap=7), priority=1)
OFFICE = Window("office", "0 8 * * *", "0 18 * * *", Limits(floor=4))
CLOCK = published(schedule=Schedule((OFFICE, LAUNCH)))
LAUNCHED = replace(RECLAIMED, bounds=Bounds(6, 7, "launch"))


def test_the_bounds_in_force_are_told(telemetry):
    telemetry.decided(KEY, CLOCK, LAUNCHED)
    assert (value(telemetry, "min_replicas"), value(telemetry, "max_replicas")) == (6, 7)


def test_without_a_look_the_bounds_are_the_pools(telemetry):
    telemetry.decided(KEY, CLOCK, replace(LAUNCHED, bounds=None))
    assert (value(telemetry, "min_replicas"), value(telemetry, "max_replicas")) == (2, 8)


def test_the_window_in_force_is_one_and_the_others_are_zero(telemetry):
    telemetry.decided(KEY, CLOCK, LAUNCHED)
    assert [value(telemetry, "window_in_force", window=name) for name in ("launch", "office")] == [1, 0]


def test_a_window_that_is_gone_leaves_no_series(telemetry):
    telemetry.decided(KEY, CLOCK, LAUNCHED)
    telemetry.decided(KEY, published(schedule=Schedule((OFFICE,))), LAUNCHED)
    assert value(telemetry, "window_in_force", window="launch") is None


def test_a_pool_that_comes_back_may_lose_its_windows_again(telemetry):
    telemetry.decided(KEY, CLOCK, LAUNCHED)
    telemetry.forget(KEY)
    telemetry.decided(KEY, published(), RECLAIMED)
    assert value(telemetry, "window_in_force", window="launch") is None


@pytest.mark.parametrize(("forecast", "told"), [(Forecast(), 5), (None, None)])
def test_the_floor_that_was_learned_is_told_where_it_was_asked_for(telemetry, forecast, told):
    telemetry.decided(KEY, published(forecast=forecast), replace(RECLAIMED, outlook=Outlook(5)))
    assert value(telemetry, "forecast_replicas") == told


@pytest.mark.parametrize(("startup", "told"), [(Reason.STARTUP_BLOCKED, 1), (Reason.AS_EXPECTED, 0)])
def test_a_start_up_that_is_blocked_is_told(telemetry, startup, told):
    telemetry.decided(KEY, SPLIT, replace(RECLAIMED, health=Health(startup=startup)))
    assert value(telemetry, "startup_blocked") == told


MEASURED = Figures(START, START, total=Sums(1.0, 0.0, Side(2.0), Side(4.0), Checked(1.0, 0.5)))


@pytest.mark.parametrize(("mode", "saving", "error"), [(Mode.OBSERVE, 0.5, 0.5), (Mode.ACTIVE, None, None)])
def test_what_observe_measures_is_told_while_it_does(telemetry, mode, saving, error):
    telemetry.decided(KEY, published(mode=mode), replace(RECLAIMED, counterfactual=Counterfactual(MEASURED)))
    told = (value(telemetry, "observe_saving_ratio"), value(telemetry, "observe_wait_error_seconds"))
    assert told == (saving, error)
