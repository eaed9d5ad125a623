"""R2: what one whole sample must say before capacity may go."""

from math import inf

import pytest

from builders import published
from poolkeeper.core.depth import Depth
from poolkeeper.core.lead import Need
from poolkeeper.core.model import Per, ScaleDown
from poolkeeper.core.reasons import Reason
from poolkeeper.core.shrink import Known, busy_share, guard_is_known, is_led, led, refusal, remaining, stepped
from poolkeeper.core.startup import Capacity

SPEC = published()
PER_REPLICA = published(queue={"thresholds_per": Per.REPLICA, "down": ScaleDown(below=1)})


def refused(waiting=0, *, current=4, ready=4, slots=None, spec=SPEC, **load):
    return refusal(spec, Depth(waiting, whole=True, **load), Capacity(ready, ready, 0), current, Known(slots=slots))


@pytest.mark.parametrize(
    ("waiting", "current", "reason"),
    [
        (99, 4, None),
        (100, 4, Reason.STEADY),
        (5000, 4, Reason.STEADY),
        (None, 4, Reason.STEADY),
        (0, 3, None),
        (0, 2, Reason.AT_MINIMUM),
        (0, 1, Reason.AT_MINIMUM),
    ],
)
def test_a_short_queue_lets_a_pool_over_its_floor_shrink(waiting, current, reason):
    assert refused(waiting, current=current) == reason


@pytest.mark.parametrize(
    ("waiting", "ready", "reason"), [(2.9, 4, None), (3, 4, Reason.STEADY), (1.9, 2, None), (2, 2, Reason.STEADY)]
)
def test_below_counts_the_ready_ones_that_would_remain(waiting, ready, reason):
    assert refused(waiting, ready=ready, spec=PER_REPLICA) == reason


@pytest.mark.parametrize(
    ("running", "slots", "reason"),
    [
        (180, 80, None),
        (181, 80, Reason.SURVIVORS_BUSY),
        (181, None, None),
        (181, 0, None),
        (None, 80, None),
        (0, 80, None),
    ],
)
def test_survivors_may_be_three_quarters_busy(running, slots, reason):
    assert refused(running=running, slots=slots) == reason


@pytest.mark.parametrize(("usage", "reason"), [(2.25, None), (2.26, Reason.SURVIVORS_BUSY)])
def test_the_cache_counts_as_busy(usage, reason):
    assert refused(kv_usage=usage) == reason


def test_the_higher_load_counts():
    assert busy_share(SPEC, Depth(running=80, kv_usage=2.4), 4, Known(slots=80)) == pytest.approx(0.6)


def test_given_slots_overrule_the_learned_ones():
    assert busy_share(published(queue={"slots_per_replica": 10}), Depth(running=20), 4, Known(slots=80)) == 0.5


@pytest.mark.parametrize(("running", "share"), [(1, inf), (0, 0), (None, 0)])
def test_nobody_left_is_endlessly_busy_unless_there_is_nothing_to_do(running, share):
    assert busy_share(SPEC, Depth(running=running), 0, Known(slots=80)) == share


@pytest.mark.parametrize(
    ("load", "slots", "known"),
    [({"running": 1}, 80, True), ({"running": 1}, None, False), ({}, 80, False), ({"kv_usage": 0.5}, None, True)],
)
def test_the_guard_is_known_by_slots_or_by_cache(load, slots, known):
    assert guard_is_known(SPEC, Depth(**load), Known(slots=slots)) is known


def test_given_slots_make_the_guard_known():
    assert guard_is_known(published(queue={"slots_per_replica": 10}), Depth(running=1), Known())


@pytest.mark.parametrize(("current", "step", "after"), [(5, 1, 4), (5, 2, 3), (5, 9, 2), (2, 1, 2)])
def test_a_step_ends_at_the_floor(current, step, after):
    assert stepped(published(queue={"down": ScaleDown(below=100, step=step)}), current) == after


@pytest.mark.parametrize(("ready", "current", "left"), [(4, 4, 3), (3, 4, 3), (2, 4, 2), (0, 4, 0), (6, 4, 3)])
def test_those_that_are_not_ready_go_first(ready, current, left):
    assert remaining(SPEC, ready, current) == left


def needing(now: float, held: float = 1.0) -> Need:
    return Need(now=now, shrink=held, load=2.0, margin=1.0, predicted=2.0)


@pytest.mark.parametrize(("untried", "reason"), [(3.0, None), (3.1, Reason.SURVIVORS_BUSY)])
def test_survivors_are_not_given_far_more_than_was_ever_seen(untried, reason):
    known = Known(untried=untried)
    assert refusal(SPEC, Depth(0, whole=True), Capacity(4, 4, 0), 4, known) == reason


def test_a_load_whose_need_is_known_has_nothing_to_try():
    assert refusal(SPEC, Depth(0, whole=True), Capacity(4, 4, 0), 4, Known(needing(2.0), untried=9.0)) is None


@pytest.mark.parametrize(("percent", "reason"), [(None, None), (70, None), (60, Reason.SURVIVORS_BUSY)])
def test_a_share_that_is_given_counts_beside_the_load(percent, reason):
    spec = published(queue={"down": ScaleDown(below=100, max_utilization_percent=percent)})
    assert refusal(spec, Depth(0, whole=True), Capacity(4, 4, 0), 4, Known(needing(2.0))) == reason


def test_less_than_the_load_needs_is_too_busy():
    assert refusal(SPEC, Depth(0, whole=True), Capacity(4, 4, 0), 4, Known(needing(3.1))) is Reason.SURVIVORS_BUSY


@pytest.mark.parametrize(
    ("now", "held", "size"),
    [(2.2, 1.0, 3), (1.0, 3.0, 3), (1.0, 4.5, 4), (9.0, 1.0, 4), (0, 0, 2), (1.0, inf, 4)],
)
def test_the_load_tells_how_far_a_pool_shrinks(now, held, size):
    assert led(SPEC, Depth(0, whole=True), Known(needing(now, held)), 4) == size


def test_nothing_is_led_where_nobody_knows_the_need():
    assert led(SPEC, Depth(0, whole=True), Known(), 4) == 4


@pytest.mark.parametrize(("percent", "size"), [(None, 3), (50, 4), (100, 3)])
def test_those_that_stay_are_no_busier_than_the_spec_allows(percent, size):
    spec = published(queue={"down": ScaleDown(below=100, max_utilization_percent=percent)})
    assert led(spec, Depth(0, whole=True), Known(needing(2.2)), 5) == size


@pytest.mark.parametrize(("used", "size"), [(0.9, 3), (2.9, 4)])
def test_the_caches_of_those_that_stay_hold_what_there_is(used, size):
    assert led(SPEC, Depth(0, whole=True, kv_usage=used), Known(needing(2.2)), 5) == size


@pytest.mark.parametrize(("waiting", "size"), [(2.9, 3), (3.5, 4), (9.0, 5)])
def test_those_that_stay_find_the_queue_short(waiting, size):
    assert led(PER_REPLICA, Depth(waiting, whole=True), Known(needing(2.2)), 5) == size


@pytest.mark.parametrize(("step", "known"), [(None, True), (1, False)])
def test_a_step_that_is_given_counts_alone(step, known):
    assert is_led(published(queue={"down": ScaleDown(below=100, step=step)}), needing(1.0)) is known


def test_nothing_is_led_by_a_load_that_nobody_knows():
    assert not is_led(SPEC, None)
