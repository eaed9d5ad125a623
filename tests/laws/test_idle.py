"""The last replica leaves after an idle time that was known to be one: never sooner, whoever restarts and how often."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import Rig, at, published, reading
from poolkeeper.api import memo
from poolkeeper.core.model import ScaleDown
from poolkeeper.core.reasons import Reason

IDLE, GRACE = timedelta(seconds=60), timedelta(seconds=20)
MARKS = ["idle", "idle", "idle", "idle", "idle", "idle", "restart", "waits", "runs", "unknown", "fault"]
HISTORIES = st.lists(st.tuples(st.integers(1, 29), st.sampled_from(MARKS)), min_size=1, max_size=40)


def seen(mark: str, second: float):
    """Return what a mark of a history looks like."""
    if mark == "fault":
        return reading(None, second, fault=Reason.METRIC_TIMEOUT)
    known = {"waits": (1, 0.0), "runs": (0, 2.0), "unknown": (0, None)}
    waiting, running = known.get(mark, (0, 0.0))
    return reading(waiting, second, running=running)


def restart(rig: Rig, second: float) -> None:
    """Forget what is not stored; somebody looked at this second last."""
    stored = memo.dump(rig.memory, GRACE, {}, IDLE)
    rig.memory = memo.load(stored, at(second), at(second))


@given(HISTORIES, st.integers(1, 4))
def test_no_pool_is_at_zero_before_its_idle_time(history, size):
    rig = Rig(
        published(min_replicas=0, queue={"down": ScaleDown(below=100, grace_period=GRACE, idle_after=IDLE)}), size
    )
    second, busy = 0, 0
    rig.look(0, seen("runs", 0))
    for gap, mark in history:
        second += gap
        if mark == "restart":
            restart(rig, second - gap)
        busy = busy if mark in {"idle", "restart"} else second
        before = rig.size
        rig.look(second, seen(mark, second))
        assert rig.size or not before or at(second) - at(busy) >= IDLE


@given(st.lists(st.integers(1, 29), min_size=60, max_size=80), st.integers(0, 3))
def test_a_pool_that_stays_idle_is_at_zero_at_the_first_look_after_it(gaps, size):
    rig = Rig(
        published(min_replicas=0, queue={"down": ScaleDown(below=100, grace_period=GRACE, idle_after=IDLE)}), size
    )
    rig.look(0, seen("runs", 0))
    second = 0
    for gap in gaps:
        second += gap
        rig.look(second, seen("idle", second))
        assert rig.size == 0 or timedelta(seconds=second) < IDLE
