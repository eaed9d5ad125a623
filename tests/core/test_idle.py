"""How long replicas had nothing to do: only what they tell counts."""

import pytest

from builders import at, sample
from poolkeeper.core.use import Counting, count

UIDS = frozenset({"uid-0", "uid-1"})
BUSY, IDLE, MUTE = sample(0, 0, running=3), sample(1, 0, running=0), sample(1, 0)


@pytest.mark.parametrize(
    ("samples", "ready", "idle"),
    [((BUSY, IDLE), 2, 1), ((BUSY,), 1, 0), ((BUSY, MUTE), 1, 0), ((), 0, 0), ((sample(1, 4, running=0),), 1, 0)],
)
def test_a_replica_that_does_not_tell_is_neither_busy_nor_idle(samples, ready, idle):
    before = count(Counting(), samples, 2, UIDS, at(0))
    use = count(before, samples, 2, UIDS, at(9)).use
    assert (use.ready_hours, use.idle_hours) == (ready * 9 / 3600, idle * 9 / 3600)
