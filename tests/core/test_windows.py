"""The schedule in whole decisions (R0, R5): what a window does to a pool, and what it never does.

Each story starts at noon of a Monday, second 0; a window that matters comes into force at 13:00, second 3600:

    second       3000                3600                    7200
                 lead time, 10 min   13:00, the window       14:00
    a rise       the floor counts    the cap is the window's
    a cut        -                   one step a grace period, or all at once by force
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import Rig, at, loading, pod, published, reading, seen, target
from market import Market, spotted
from poolkeeper.api import memo
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edits, Memory, Starts
from poolkeeper.core.model import Limits, Mode, OnOutage, OutageBehavior, Schedule, Window
from poolkeeper.core.observation import Reading
from poolkeeper.core.plan import Plan, plan
from poolkeeper.core.reasons import Reason
from poolkeeper.core.words import message

TEN_MINUTES = timedelta(minutes=10)
FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)
ONE_O_CLOCK = 3600
NO_LIMITS = Limits()
KNOWN = Memory(edits=Edits(asked=6))


def window(*limits: int | None, hours: tuple[int, int] = (13, 14), name: str = "window", **changes) -> Window:
    """Return a window of every day with this floor and this cap."""
    force = changes.pop("force", False)
    return Window(name, f"0 {hours[0]} * * *", f"0 {hours[1]} * * *", Limits(*limits, force=force), **changes)


def scheduled(*windows: Window, lead_time: timedelta | None = TEN_MINUTES, outside: Limits = NO_LIMITS, **changes):
    """Return the published case, 2 to 8, with these windows."""
    return published(schedule=Schedule(windows, "UTC", lead_time, outside), **changes)


def decided(spec, seconds=ONE_O_CLOCK, *, waiting=500, replicas=6, memory=KNOWN, **changes):
    """Return the decision over a healthy pool of this size."""
    look = seen(waiting, seconds, **{"target": target(replicas)} | changes)
    return decide(spec, look, memory, at(seconds))[0]


def changes_of(sizes: list[int], step: int, since: int = 0) -> list[tuple[int, int]]:
    """Return when which size came, in seconds, the first one with them."""
    return [(since + place * step, size) for place, size in enumerate(sizes) if not place or size != sizes[place - 1]]


# A rise


def test_the_floor_of_a_window_is_asked_for_in_its_lead_time():
    sizes = Rig(scheduled(window(5)), 2).run(range(2900, 3700, 10), 500)
    assert changes_of(sizes, 10, 2900) == [(2900, 2), (3000, 5)]


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [(2999, Reason.ADOPTED), (3000, Reason.WINDOW_AHEAD), (3600, Reason.WINDOW_MINIMUM)],
)
def test_what_lifts_the_pool_is_said(seconds, reason):
    assert decided(scheduled(window(5)), seconds, replicas=2, memory=Memory()).reason is reason


def test_a_floor_outside_of_all_windows_is_the_schedules_as_well():
    found = decided(scheduled(outside=Limits(4)), replicas=2, memory=Memory())
    assert (found.size, found.reason) == (4, Reason.WINDOW_MINIMUM)


def test_a_window_without_a_floor_leaves_the_pool_its_own():
    found = decided(scheduled(window(None, 4)), replicas=1, memory=Memory())
    assert found.size == 2


def test_a_queue_that_asks_for_more_than_the_floor_has_it():
    assert decided(scheduled(window(5)), waiting=3500).size == 8


def test_the_lead_time_lifts_the_cap_to_the_floor_that_is_coming_and_no_further():
    night, day = window(1, 2, hours=(20, 13), name="night"), window(5, hours=(13, 20), name="day")
    sizes = Rig(scheduled(night, day), 2, load=10).run(range(2900, 4000, 10), 9000)
    assert changes_of(sizes, 10, 2900) == [(2900, 2), (3000, 5), (3600, 8)]


def test_the_end_of_a_cut_is_led_to_as_well():
    sizes = Rig(scheduled(window(0, 1, hours=(11, 13))), 1).run(range(2900, 3700, 10), 500)
    assert changes_of(sizes, 10, 2900) == [(2900, 1), (3000, 2)]


def test_lead_times_that_overlap_keep_the_larger_floor():
    late = Window("late", "5 13 * * *", "0 14 * * *", Limits(6), priority=1)
    sizes = Rig(scheduled(window(4), late), 2).run(range(2900, 3700, 10), 500)
    assert changes_of(sizes, 10, 2900) == [(2900, 2), (3000, 4), (3300, 6)]


@pytest.mark.parametrize(("started_in", "lead"), [((30, 40, 50), 53), ((30, 40), 600), ((), 600)])
def test_the_lead_time_is_what_starts_took_once_three_are_known(started_in, lead):
    """And the second that their stamps are cut to, and two looks."""
    starts = Starts("t1", durations=tuple(timedelta(seconds=one) for one in started_in))
    spec = scheduled(window(5), lead_time=None)
    sizes = [decided(spec, 3600 - lead - early, memory=replace(KNOWN, starts=starts), replicas=2) for early in (1, 0)]
    assert [one.size for one in sizes] == [2, 5]


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("waiting", [0, 500, 3000])
def test_starts_that_are_measured_in_a_lead_time_do_not_take_it_back(force, waiting):
    """Ten minutes until three starts are known; then one, and the cap outside of the window is 1 again."""
    rig = Rig(scheduled(window(6), lead_time=None, outside=Limits(1, 1, force)), 1)
    assert changes_of(rig.run(range(2900, 3700, 10), waiting), 10, 2900)[:2] == [(2900, 1), (3000, 6)]
    assert rig.size >= 6


def test_a_lead_time_that_has_begun_stands_over_a_restart():
    rig = Rig(scheduled(window(6), lead_time=None, outside=Limits(1, 1, force=True)), 1)
    rig.run(range(2900, 3200, 10), 500)
    rig.memory = memo.load(memo.dump(rig.memory, TEN_MINUTES, {}), at(3190), at(3200))
    assert set(rig.run(range(3200, 3700, 10), 500)) == {6}


def test_a_lead_time_that_was_given_anew_counts_at_once():
    spec = scheduled(window(6), lead_time=timedelta(minutes=1), outside=Limits(1, 1, force=True))
    memory = replace(KNOWN, leads_to=at(ONE_O_CLOCK))
    assert decided(spec, 3200, memory=memory).size == 1


def test_a_pool_held_at_a_windows_floor_names_the_window():
    rig = Rig(scheduled(window(5)), 2)
    words = [message(rig.queue(second, 0)) for second in (2990, 3000, 3300, 3600, 3610)]
    assert words[2:] == [
        f"{Reason.AT_MINIMUM.sentence} (queue 0, minReplicas 5, ahead window)",
        *[f"{Reason.AT_MINIMUM.sentence} (queue 0, minReplicas 5, window window)"] * 2,
    ]


# A cut


@pytest.mark.parametrize("waiting", [0, 500, 9000])
def test_a_cut_takes_one_replica_a_grace_period_whatever_the_queue_says(waiting):
    sizes = Rig(scheduled(window(1, 5), min_replicas=8), 8).run(range(3500, 5000, 10), waiting)
    assert changes_of(sizes, 10, 3500)[:4] == [(3500, 8), (3900, 7), (4200, 6), (4500, 5)]


def test_the_steps_of_a_cut_end_at_its_cap():
    assert Rig(scheduled(window(1, 5), min_replicas=8), 8).run(range(3500, 6500, 10), 500)[-1] == 5


def test_a_cut_says_that_it_is_the_schedules():
    rig = Rig(scheduled(window(1, 2)), 6)
    rig.run(range(3500, 3900, 10), 500)
    assert rig.queue(3900, 500).reason is Reason.ABOVE_WINDOW


def test_a_cut_by_force_takes_all_at_once():
    rig = Rig(scheduled(window(1, 2, force=True)), 6)
    assert changes_of(rig.run(range(3500, 3700, 10), 500), 10, 3500) == [(3500, 6), (3600, 2)]


def test_a_cut_by_force_is_told_as_such():
    assert decided(scheduled(window(1, 2, force=True))).reason is Reason.WINDOW_FORCED


@pytest.mark.parametrize(
    "changes",
    [{"memory": Memory()}, {"readings": (FAILED,)}, {"target": target(6, rolling=True)}],
    ids=["the first decision", "an outage", "a rollout"],
)
def test_not_even_force_cuts_at_once_in(changes):
    assert decided(scheduled(window(1, 2, force=True)), **changes).size == 6


def test_force_follows_once_the_rollout_is_over():
    spec, rolling = scheduled(window(1, 2, force=True)), target(6, rolling=True)
    _, memory = decide(spec, seen(500, 3600, target=rolling), KNOWN, at(3600))
    assert decided(spec, 3610, memory=memory).size == 2


def test_a_queue_never_grows_a_pool_over_a_window():
    found = decided(scheduled(window(1, 6)), waiting=9000)
    assert (found.size, found.clamps) == (6, (Reason.AT_WINDOW_MAXIMUM,))


def test_a_pool_that_is_cut_does_not_grow_back_for_its_queue():
    sizes = Rig(scheduled(window(1, 2)), 6).run(range(3600, 7200, 10), 9000)
    assert sizes == sorted(sizes, reverse=True)


def test_the_cap_of_a_window_ends_with_it():
    sizes = Rig(scheduled(window(1, 2)), 2, load=10).run(range(7100, 7300, 10), 9000)
    assert changes_of(sizes, 10, 7100) == [(7100, 2), (7200, 6), (7240, 8)]


# Boundaries


@pytest.mark.parametrize("cap", [4, 6, None])
def test_two_windows_back_to_back_leave_no_dip(cap):
    before, after = window(4, cap, hours=(11, 13), name="before"), window(4, cap, name="after")
    assert set(Rig(scheduled(before, after), 4).run(range(3000, 5000, 5), 0)) == {4}


@pytest.mark.parametrize("lead_time", [timedelta(0), TEN_MINUTES, timedelta(hours=3)])
def test_a_night_between_two_floors_gives_nothing_away_that_its_lead_time_needs(lead_time):
    first, second = window(4, hours=(11, 12)), window(4, hours=(13, 14), name="second")
    sizes = Rig(scheduled(first, second, lead_time=lead_time), 4).run(range(0, 3600, 10), 0)
    assert min(sizes) == (2 if lead_time < timedelta(hours=1) else 4)


def test_a_jump_over_a_window_changes_nothing_afterwards():
    rig = Rig(scheduled(window(7), window(1, 1, hours=(15, 16), name="cut", force=True)), 2)
    assert [rig.queue(seconds, 500).size for seconds in (2000, 2010, 5 * 3600, 5 * 3600 + 10)] == [2] * 4


def test_a_clock_that_falls_behind_a_window_finds_the_bounds_of_before():
    rig = Rig(scheduled(window(1, 2)), 2)
    assert [rig.queue(seconds, 500).bounds.cap for seconds in (3600, 2900, 3600)] == [2, 8, 2]


@pytest.mark.parametrize("seconds", [2999, 3000, 3599, 3600, 3601, 7199, 7200])
def test_a_restart_at_any_time_keeps_what_stands_and_finds_the_same_bounds(seconds):
    spec = scheduled(window(5, 5), window(0, 0, hours=(14, 15), name="off", force=True))
    rig = Rig(spec, 5)
    rig.run(range(seconds - 60, seconds, 10), 500)
    lived, fresh = rig.queue(seconds, 500), decided(spec, seconds, replicas=5, memory=Memory())
    assert fresh.bounds == lived.bounds
    assert fresh.size >= 5


STORIES = {
    "rise": ([window(5)], 2, 500),
    "cut": ([window(1, 3)], 6, 500),
    "busy cut": ([window(1, 3)], 6, 9000),
    "forced cut": ([window(1, 3, force=True)], 6, 500),
    "night": ([window(0, 0)], 3, 0),
}


@pytest.mark.parametrize("step", [3, 10, 30])
@pytest.mark.parametrize("story", STORIES)
def test_how_often_it_is_looked_does_not_matter(story, step):
    windows, replicas, waiting = STORIES[story]
    spec = scheduled(*windows, max_replicas=6)
    sizes = [Rig(spec, replicas).run(range(3000, 4801, pace), waiting)[:: 300 // pace] for pace in (step, 15)]
    assert sizes[0] == sizes[1]


# When the metrics are gone


def test_an_outage_keeps_the_floor_of_a_window():
    rig = Rig(scheduled(window(5)), 5)
    decisions = [rig.look(seconds, replace(FAILED, at=at(seconds))) for seconds in range(3600, 7200, 30)]
    assert {one.size for one in decisions} == {5}


def test_a_window_that_begins_in_an_outage_brings_its_floor():
    assert decided(scheduled(window(5)), replicas=2, readings=(FAILED,)).size == 5


@pytest.mark.parametrize("force", [False, True])
def test_no_window_cuts_in_an_outage(force):
    rig = Rig(scheduled(window(0, 0, force=force)), 6)
    decisions = [rig.look(seconds, replace(FAILED, at=at(seconds))) for seconds in range(3500, 7200, 30)]
    assert {one.size for one in decisions} == {6}


def test_a_partial_sample_may_raise_the_size_over_the_window_up_to_the_pools_own_maximum():
    found = decided(scheduled(window(1, 2)), replicas=5, readings=(reading(9000, 3600), replace(FAILED, at=at(3600))))
    assert (found.size, found.clamps) == (8, (Reason.AT_MAXIMUM,))


def test_what_an_outage_asks_for_is_had_whatever_a_window_allows():
    spec = scheduled(window(1, 2), queue={"on_outage": OnOutage(timedelta(0), OutageBehavior.AT_LEAST, 5)})
    found = decided(spec, replicas=2, readings=(FAILED,), memory=replace(KNOWN, outage_since=at(3500)))
    assert (found.size, found.reason) == (5, Reason.OUTAGE_AT_LEAST)


def test_after_the_outage_the_cut_begins_anew():
    rig = Rig(scheduled(window(1, 2)), 6)
    rig.run(range(3500, 3800, 10), 500)
    rig.look(3800, replace(FAILED, at=at(3800)))
    assert changes_of(rig.run(range(3810, 4200, 10), 500), 10, 3810) == [(3810, 6), (4110, 5)]


# What else stands in the way


def test_stuck_starts_hold_the_floor_back_and_say_so():
    stuck = [loading(number, -9999) for number in (10, 11)]
    found = decided(scheduled(window(8)), target=target(4, pods=(pod(1), pod(2), *stuck)))
    assert (found.size, found.reason) == (4, Reason.STARTUP_BLOCKED)


def test_a_foreign_write_under_the_windows_floor_is_restored_at_once():
    rig = Rig(scheduled(window(5)), 5)
    rig.queue(3600, 500)
    rig.write(3, 3605)
    found = rig.queue(3610, 500)
    assert (found.size, found.reason) == (5, Reason.EDIT_RESTORED)


def test_a_foreign_write_over_the_windows_floor_waits_for_the_grace():
    rig = Rig(scheduled(window(2)), 5)
    rig.queue(3600, 500)
    rig.write(3, 3605)
    assert [rig.queue(seconds, 500).size for seconds in (3610, 3900, 3910)] == [3, 3, 5]


def test_a_pool_that_somebody_made_larger_is_not_forced_down_for_an_hour():
    rig = Rig(scheduled(window(1, 2, force=True)), 2)
    rig.queue(3600, 500)
    rig.write(4, 3605)
    assert rig.queue(3610, 500).size == 4


def test_a_pool_that_only_observes_decides_for_the_window_and_writes_nothing():
    spec = scheduled(window(5), mode=Mode.OBSERVE)
    found = decided(spec, replicas=2)
    assert (found.size, plan(spec, found)) == (5, Plan())


def test_a_paused_pool_tells_the_window_and_keeps_its_size():
    found = decided(scheduled(window(0, 0, force=True), mode=Mode.PAUSED))
    assert (found.size, found.frozen, found.bounds.window) == (6, True, "window")


def test_a_floor_is_split_over_the_tiers_like_any_size():
    market = Market(spotted(schedule=Schedule((window(20),), "UTC", TEN_MINUTES)), 1, 9)
    assert market.run(3600).asked == (2, 18)


def test_force_takes_a_pool_of_two_tiers_to_its_cap():
    market = Market(spotted(schedule=Schedule((window(0, 10, force=True),), "UTC", TEN_MINUTES)), 2, 18)
    assert market.run(3630).asked == (1, 9)


# Nights at zero

NIGHT = scheduled(window(0, 0))


def silent(seconds: float) -> Reading:
    """Return what a `pods` source says while no pod is ready: it does not apply."""
    return Reading("pods", at(seconds), applies=False)


def test_a_night_at_zero_is_reached_though_no_pod_was_ever_ready():
    rig = Rig(NIGHT, 2, load=10**9)
    assert [rig.look(seconds, silent(seconds)).size for seconds in range(3500, 4400, 10)][-1] == 0


def test_a_night_at_zero_stays_there_without_a_look_at_any_queue():
    rig = Rig(NIGHT, 0)
    assert {rig.look(seconds, silent(seconds)).size for seconds in range(3600, 6600, 10)} == {0}


def test_the_morning_after_zero_is_led_to_without_a_look_at_any_queue():
    rig = Rig(NIGHT, 0)
    sizes = [rig.look(seconds, silent(seconds)).size for seconds in range(6500, 7300, 10)]
    assert changes_of(sizes, 10, 6500) == [(6500, 0), (6600, 2)]


# What is said


def test_the_trail_names_the_window_and_the_one_that_is_coming():
    spec = scheduled(window(3, hours=(11, 13), name="now"), window(5, name="soon"))
    facts = next(stage.facts for stage in decided(spec, 3000).trail if stage.name == "floor")
    assert (facts["window"], facts["ahead"], facts["minReplicas"]) == ("now", "soon", 5)


@pytest.mark.parametrize(("seconds", "until"), [(0, 3000), (3000, 3600), (3600, 7200)])
def test_a_decision_stands_until_the_schedule_changes_something(seconds, until):
    assert decided(scheduled(window(8)), seconds, replicas=8, memory=Memory(edits=Edits(asked=8))).until == at(until)
