"""What is recommended on generated weeks: the true windows where there are some, none where there is no pattern."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from poolkeeper.core.model import Limits, Per, PoolSpec, Queue, ScaleUp, Schedule, Slo, Window
from poolkeeper.simulate.judge import is_better
from poolkeeper.simulate.plan import Plan, window
from poolkeeper.simulate.proposal import Outcome, Question, Recommendation
from poolkeeper.simulate.recommend import recommend
from poolkeeper.simulate.search import sensitive, unlike
from poolkeeper.simulate.series import Series, SeriesError
from traffic import MONDAY, STEP, Recipe, batch, drifting, evenings, history, office, spoiled, steady

pytestmark = pytest.mark.xdist_group("recommend")  # one worker finds what all of these look at

NY = "America/New_York"
POOL = PoolSpec(2, 8)
QUESTION = Question(POOL, 10.0, timedelta(minutes=4), timedelta(seconds=2))


def asked(series: Series, **changes) -> Recommendation:
    return recommend(series, replace(QUESTION, **changes), lambda _words, _share: None)


def said(found: Recommendation) -> list[tuple[str, str, str]]:
    return [(one.days, one.begin, one.end) for one in found.windows]


@pytest.fixture(scope="module")
def spoiled_office() -> Recommendation:
    """Return what is found in New York's office hours with noise, holes, spikes and a viral hour, over a DST change."""
    series = spoiled(history(office, Recipe(days=23, zone=NY, noise=0.05)))
    return asked(series, timezone=NY, price=Decimal("3.00"))


@pytest.fixture(scope="module")
def noise() -> Recommendation:
    """Return what is found in load that wanders without a pattern."""
    return asked(drifting(Recipe(days=15)))


@pytest.fixture(scope="module")
def bursts() -> Recommendation:
    """Return what is found in load that no pool of this size keeps up with, for an objective of all requests."""
    series = history(steady, Recipe(days=4, noise=0.5, step=timedelta(minutes=1)))
    return asked(series, spec=PoolSpec(1, 1, slo=Slo(timedelta(seconds=2), 100)), per_replica=None)


def test_office_hours_are_found(spoiled_office):
    assert said(spoiled_office) == [("Mon-Fri", "08:00", "18:00")]


def test_windows_bring_more_inside_on_the_days_held_out(spoiled_office):
    held = spoiled_office.held_out
    assert held.proposed.inside > held.unscheduled.inside + 0.02


def test_windows_cost_less_than_the_best_pool_without(spoiled_office):
    assert spoiled_office.proposed.gpu_hours < 0.6 * 8 * 168


def test_windows_lead_by_the_start_up_time(spoiled_office):
    assert spoiled_office.lead == timedelta(minutes=4)


def test_a_price_makes_hours_money(spoiled_office):
    assert float(spoiled_office.proposed.cost) == pytest.approx(3 * spoiled_office.proposed.gpu_hours, abs=0.01)


def test_three_weeks_of_a_clear_pattern_are_good(spoiled_office):
    assert (spoiled_office.confidence.words[:4], spoiled_office.confidence.share > 0.9) == ("good", True)


@pytest.mark.parametrize(
    "words", ["cannot be load", "are holes", "out of the ordinary", "carry 10 of the load", "no cap"]
)
def test_the_notes_say_what_was_assumed(spoiled_office, words):
    assert any(words in note for note in spoiled_office.notes)


def test_the_profile_is_in_replicas_too(spoiled_office):
    profile = spoiled_office.profile
    assert (profile.replicas[2 * 48], profile.replicas[2 * 48 + 24]) == (1, 8)


def test_noise_has_no_windows(noise):
    assert (noise.helps, noise.windows, noise.lead) == (False, (), timedelta(0))


def test_noise_says_why(noise):
    assert noise.because.startswith("no schedule helps: the time of the week foretold ")


def test_noise_still_has_better_bounds(noise):
    assert noise.proposed.inside > noise.today.inside


def test_noise_is_held_against_days_held_out_too(noise):
    assert noise.held_out.unscheduled == noise.held_out.proposed


def test_white_noise_has_no_windows():
    assert not asked(history(steady, Recipe(days=6, noise=0.2))).helps


def test_evenings_over_midnight_are_found():
    assert said(asked(history(evenings, Recipe(days=14)))) == [("Mon-Sun", "19:00", "01:00")]


@pytest.mark.long
def test_two_kinds_of_day_are_found():
    found = asked(history(batch, Recipe(days=28)))
    assert said(found) == [("Mon-Fri", "09:00", "17:00"), ("Sat-Sun", "01:00", "05:00")]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("holds", [1, 6, 12])
def test_no_noise_has_windows(seed, holds):
    assert not asked(drifting(Recipe(days=21, seed=seed), timedelta(hours=holds))).helps


def test_one_week_is_weak():
    found = asked(history(office, Recipe(days=7)))
    assert (said(found), found.confidence.words[:4]) == ([("Mon-Fri", "08:00", "18:00")], "weak")


def test_less_than_four_days_are_refused():
    words = "there are 2.0 days of load, from 2026-10-05 00:00 UTC to 2026-10-07 00:00 UTC: four days are the least"
    with pytest.raises(SeriesError, match=words):
        asked(history(office, Recipe(days=2)))


def test_holes_are_no_load():
    series = history(office, Recipe(days=7))
    holes = tuple(value if number % 4 == 0 else None for number, value in enumerate(series.values))
    with pytest.raises(SeriesError, match=r"there are 1\.8 days of load"):
        asked(replace(series, values=holes))


def test_a_need_that_differs_by_little_has_no_windows():
    found = asked(history(office, Recipe(days=4)), per_replica=200.0)
    words = "no schedule helps: the hours of the week need too nearly the same number of replicas"
    assert found.because.startswith(words)


def test_without_a_load_per_replica_the_largest_load_fills_the_pool():
    found = asked(history(office, Recipe(days=4)), per_replica=None)
    assert found.per_replica == pytest.approx(1.1 * 70 / 8, rel=0.1)
    assert any("the largest, outliers apart, carried by maxReplicas 8" in note for note in found.notes)


def test_a_cap_that_cannot_carry_the_load_is_raised():
    found = asked(history(steady, Recipe(days=4, noise=0)), spec=PoolSpec(2, 3))
    assert found.max_replicas > 3
    assert f"maxReplicas 3 are too few for the load; {found.max_replicas} are proposed" in found.notes


def test_a_threshold_that_waits_longer_than_the_sla_is_lowered():
    slow = replace(POOL, queue=Queue(up=ScaleUp(above=500)))
    found = asked(history(evenings, Recipe(days=4)), spec=slow)
    assert (found.scale_up_above, found.scale_down_below) == (20, 1)


def test_a_threshold_of_the_whole_pool_counts_all_its_replicas():
    slow = replace(POOL, queue=Queue(thresholds_per=Per.POOL, up=ScaleUp(above=500)))
    assert sensitive(Plan(3, 8, 500, 1), replace(QUESTION, spec=slow), 10.0) == Plan(3, 8, 60, 1)


def test_thresholds_stay_where_they_are_short_enough():
    assert asked(history(evenings, Recipe(days=4))).scale_up_above == 5


@pytest.mark.parametrize(
    "words", ["no plan that was worth it had 100.0 % inside: ", "the SLA was missed on the days held out: "]
)
def test_an_objective_that_is_missed_is_said(bursts, words):
    assert any(note.startswith(words) for note in bursts.notes)


def test_a_floor_that_saves_nothing_stays_and_so_does_the_pool():
    found = asked(history(steady, Recipe(days=4)), spec=PoolSpec(2, 8), per_replica=30.0)
    assert (found.stays, found.proposed, found.held_out.proposed) == (True, found.today, found.held_out.today)


def test_what_is_proposed_becomes_a_pool_that_stays():
    series = history(evenings, Recipe(days=4))
    found = asked(series)
    windows = tuple(window(one) for one in found.windows)
    now = PoolSpec(found.min_replicas, found.max_replicas, schedule=Schedule(windows, "UTC", found.lead))
    assert (found.stays, asked(series, spec=now).stays) == (False, True)


def test_what_is_kept_is_part_of_each_plan():
    all_day = Window("always", "0 0 * * *", "1 0 1 1 *", Limits(7, None), 1)
    found = asked(history(steady, Recipe(days=4)), kept=Schedule((all_day,)), spec=PoolSpec(7, 8))
    assert found.proposed.gpu_hours == pytest.approx(7 * 168, rel=0.01)


def test_a_proposed_window_is_not_named_as_one_that_is_kept():
    assert unlike("weekdays", {"weekdays", "launch"}) == "weekdays-by-load-1"


def test_days_that_were_never_measured_are_unknown():
    found = asked(history(office, Recipe(days=5)))
    assert (found.profile.usual[:240].count(None), found.profile.usual[240:]) == (0, (None,) * 96)


def test_silent_nights_are_a_pattern_too():
    day = (1.0,) * 16 + (0.0,) * 32
    found = asked(Series(MONDAY, timedelta(minutes=30), day * 14), spec=PoolSpec(4, 4), per_replica=None)
    assert (said(found), found.min_replicas) == ([("Mon-Sun", "00:00", "08:00")], 2)
    assert found.confidence.share == pytest.approx(1.0)


def test_a_history_begins_with_its_first_load():
    series = history(office, Recipe(days=14))
    late = replace(series, start=series.start - timedelta(days=14), values=(None,) * 2016 + series.values)
    found = asked(late)
    assert "14 days of history" in found.confidence.words
    assert not any("holes" in note for note in found.notes)


def test_load_that_grew_is_said():
    series = history(steady, Recipe(days=14, noise=0))
    grown = tuple(1.5 * one if number >= 7 * 144 else one for number, one in enumerate(series.values))
    found = asked(replace(series, values=grown))
    assert any("saw 1.50 times the load of the days before" in note for note in found.notes)


@pytest.mark.parametrize(
    ("hours", "inside", "better"),
    [
        (98, 0.990, True),  # cheaper, as many inside
        (99.5, 0.990, False),  # hardly cheaper
        (101, 0.992, True),  # more inside, for little
        (104, 0.992, False),  # more inside, for too much
        (101, 0.9905, False),  # hardly more inside
        (80, 0.9885, True),  # cheaper, still enough inside
        (80, 0.9875, False),  # cheaper, too few inside
    ],
)
def test_windows_must_be_clearly_better_on_days_held_out(hours, inside, better):
    assert is_better(Outcome(hours, None, inside, 0), Outcome(100, None, 0.99, 0), 0.99) is better


def test_progress_goes_from_nothing_to_all():
    shares: list[float] = []
    recommend(history(steady, Recipe(days=4)), QUESTION, lambda _, share: shares.append(share))
    assert (shares[0], shares[-1], shares == sorted(shares)) == (0, 1, True)


@pytest.mark.parametrize("value", [None, 0.0])
def test_without_any_load_there_is_nothing_to_recommend(value):
    with pytest.raises(SeriesError, match="no load in this history"):
        asked(Series(MONDAY, STEP, (value,) * 2016))


def test_a_zone_that_is_none_is_refused():
    with pytest.raises(ValueError, match="is no IANA time zone"):
        asked(history(office, Recipe(days=4)), timezone="New York")
