"""R1 upwards and R2 downwards, at one look."""

from datetime import timedelta

import pytest

from builders import at, loading, pod, published, reading, sample, seen, target
from poolkeeper.core.edits import Ruling
from poolkeeper.core.look import look
from poolkeeper.core.memory import Edits, Grace, Memory, Served
from poolkeeper.core.model import ScaleDown, ScaleUp, Slo
from poolkeeper.core.observation import Reading
from poolkeeper.core.pace import judge
from poolkeeper.core.reasons import Reason

SPEC = published()
STRICT = published(slo=Slo(timedelta(seconds=2), 99))
DELAYED = published(queue={"up": ScaleUp(above=1000, delay=timedelta(seconds=10))})
RAN = Grace(short_since=at(-300), sampled_at=at(-1))
FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)


def paced(waiting=0, *, spec=SPEC, clock=Grace(), ruling=Ruling(), served=Served(), asked=4, **changes):  # noqa: B008, PLR0913  frozen values, keywords only
    observation = seen(waiting, **{"target": target(4)} | changes)
    memory = Memory(grace=clock, edits=Edits(asked=asked), served=served)
    return judge(spec, look(spec, observation, observation.target, memory, at(0)), ruling, at(0))


def busy(running: float) -> Reading:
    """Return what four pods say that run so many requests each."""
    return Reading("pods", at(0), pods=tuple(sample(number, 0, running=running) for number in range(4)))


def up(*args, **changes):
    stage = paced(*args, **changes).up
    return stage.after, stage.reason


def down(*args, **changes):
    stage = paced(*args, **changes).down
    return stage.after, stage.reason


@pytest.mark.parametrize(
    ("waiting", "after", "reason"),
    [(0, 4, Reason.STEADY), (1000, 4, Reason.STEADY), (1001, 5, Reason.QUEUE_ABOVE), (3500, 7, Reason.QUEUE_ABOVE)],
)
def test_a_long_queue_grows_the_pool(waiting, after, reason):
    assert up(waiting) == (after, reason)


def test_capacity_on_its_way_answers_the_queue():
    starting = target(4, pods=(pod(0), pod(1), pod(2), loading(3, since=-9)))
    assert up(1001, target=starting) == (4, Reason.STARTING)


@pytest.mark.parametrize(
    ("waiting", "coming", "after"), [(1001, 1, 4), (3500, 1, 6), (3500, 2, 5), (3500, 3, 4), (0, 2, 4)]
)
def test_what_is_on_its_way_is_taken_off(waiting, coming, after):
    pods = (*target(4 - coming).pods, *(loading(10 + number, since=-9) for number in range(coming)))
    assert up(waiting, target=target(4, pods=pods))[0] == after


def test_a_sample_grows_the_pool_only_once():
    assert up(1001, clock=Grace(sampled_at=at(0))) == (4, Reason.STARTING)


def test_an_unknown_queue_asks_for_nothing():
    assert up(readings=(FAILED,)) == (4, Reason.AS_EXPECTED)


def test_an_unknown_queue_still_tells_what_is_coming():
    starting = target(4, pods=(pod(0), pod(1), pod(2), loading(3, since=-9)))
    assert up(readings=(FAILED,), target=starting) == (4, Reason.STARTING)


@pytest.mark.parametrize(("since", "after", "reason"), [(-9, 4, Reason.SCALE_UP_DELAYED), (-10, 5, Reason.QUEUE_ABOVE)])
def test_growth_waits_for_its_delay(since, after, reason):
    assert up(1001, spec=DELAYED, clock=Grace(long_since=at(since), sampled_at=at(-1))) == (after, reason)


def test_a_queue_that_was_shorter_in_between_starts_the_delay_anew():
    assert paced(1000, clock=Grace(long_since=at(-9), sampled_at=at(-1))).clock.long_since is None


def test_the_stage_tells_what_it_reckoned_with():
    assert paced(3500).up.facts == {"queue": 3500, "above": 1000, "ready": 4, "coming": 0, "justified": 3}


@pytest.mark.parametrize(("since", "after", "reason"), [(-299, 4, Reason.GRACE), (-300, 3, Reason.QUEUE_BELOW)])
def test_a_short_queue_gives_one_step_away_after_the_grace_period(since, after, reason):
    assert down(99, clock=Grace(short_since=at(since), sampled_at=at(-1))) == (after, reason)


def test_a_clock_whose_time_has_come_fires_and_runs_on_until_that_is_carried_out():
    pace = paced(0, clock=RAN)
    assert (pace.fired, pace.clock.short_since) == (True, RAN.short_since)


@pytest.mark.parametrize("waiting", [100, 500, 5000])
def test_a_queue_that_is_not_short_clears_the_clock(waiting):
    pace = paced(waiting, clock=RAN)
    assert (pace.clock.short_since, pace.down.after) == (None, pace.up.after)


def test_busy_survivors_clear_the_clock():
    spec = published(queue={"slots_per_replica": 10})
    pace = paced(spec=spec, clock=RAN, readings=(busy(8),))
    assert (pace.down.reason, pace.clock.short_since) == (Reason.SURVIVORS_BUSY, None)


@pytest.mark.parametrize("changes", [{"readings": (FAILED,)}, {"readings": (reading(0), FAILED)}, {"readings": ()}])
def test_a_sample_that_is_not_whole_clears_the_clock(changes):
    pace = paced(clock=RAN, **changes)
    assert (pace.down.after, pace.clock.short_since) == (4, None)


def test_an_outage_without_a_new_sample_clears_the_clock_as_well():
    old = reading(None, -1, fault=Reason.METRIC_TIMEOUT)
    assert paced(clock=RAN, readings=(old,)).clock == Grace(sampled_at=at(-1))


def test_a_source_that_does_not_apply_clears_the_clock():
    assert paced(clock=RAN, readings=(Reading("pods", at(0), applies=False),)).clock.short_since is None


def test_the_same_sample_again_leaves_the_clock_alone():
    clock = Grace(short_since=at(-300), sampled_at=at(0))
    pace = paced(clock=clock)
    assert (pace.clock, pace.down.after, pace.down.reason) == (clock, 4, Reason.GRACE)


def test_the_same_sample_again_starts_no_clock():
    clock = Grace(sampled_at=at(0))
    assert paced(0, clock=clock).clock == clock


@pytest.mark.parametrize("waiting", [0, 500])
def test_a_pool_over_its_maximum_leaves_by_steps_whatever_its_queue(waiting):
    assert down(waiting, clock=RAN, target=target(20), asked=20)[0] == 19


def test_a_pool_over_its_maximum_says_so():
    assert down(500, clock=RAN, target=target(20), asked=20) == (19, Reason.ABOVE_MAXIMUM)


def test_a_long_queue_stops_the_way_down_at_the_maximum():
    spec = published(queue={"down": ScaleDown(below=100, step=5)})
    assert down(500, spec=spec, clock=RAN, target=target(10), asked=10)[0] == 8


def test_a_short_queue_need_not_stop_at_the_maximum():
    spec = published(queue={"down": ScaleDown(below=100, step=5)})
    assert down(0, spec=spec, clock=RAN, target=target(10), asked=10)[0] == 5


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"asked": None}, Reason.ADOPTED),
        ({"ruling": Ruling(keep=True)}, Reason.EDIT_KEPT),
        ({"target": target(4, rolling=True)}, Reason.ROLLING_OUT),
        ({"spec": STRICT, "served": Served(minutes=((at(0), 98, 100),))}, Reason.SLO_AT_RISK),
    ],
)
def test_a_veto_holds_the_size_and_lets_the_clock_run_on(changes, reason):
    pace = paced(clock=RAN, **changes)
    assert (pace.down.after, pace.down.reason, pace.clock.short_since) == (4, reason, at(-300))


def test_a_pool_whose_size_will_be_restored_starts_no_clock():
    assert paced(clock=RAN, ruling=Ruling(waiting=True)).clock.short_since is None


def test_an_slo_in_bounds_vetoes_nothing():
    assert down(clock=RAN, spec=STRICT, served=Served(minutes=((at(0), 99, 100),)))[0] == 3


def test_an_unknown_guard_is_said():
    assert paced().down.facts["guard"] == "unknown"


def test_the_stage_down_tells_what_it_reckoned_with():
    facts = {"queue": 0, "below": 100, "survivors": 3, "busy": 0, "guard": "unknown", "graceSeconds": 300}
    assert paced().down.facts == facts


def test_a_known_guard_is_said():
    facts = paced(spec=published(queue={"slots_per_replica": 10}), readings=(busy(3),)).down.facts
    assert (facts["guard"], facts["busy"]) == ("on", pytest.approx(0.4))
