"""R2 where there is no time for all looks: the grace clock runs, however far apart all looks are (decision 0057)."""

from datetime import timedelta
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from builders import Rig, published, reading
from poolkeeper.core.model import ScaleDown

CALM = 5


def shrinks_after(interval: float, stretch: float, grace: float) -> float | None:
    """Return the second of the first shrink of a pool that is calm and looked at at a constant pace; None: never."""
    down = ScaleDown(below=100, grace_period=timedelta(seconds=grace))
    rig = Rig(published(queue={"interval": timedelta(seconds=interval), "down": down}), replicas=4)
    apart = interval * stretch
    for number in range(ceil(grace / apart) + 4):
        if rig.look(number * apart, reading(CALM, number * apart), stretch=stretch).size < 4:
            return number * apart
    return None


@given(st.sampled_from([0.5, 1, 5, 60]), st.floats(1, 120), st.sampled_from([10, 300, 3600]))
def test_a_calm_pool_shrinks_after_its_grace_and_at_most_two_looks(interval, stretch, grace):
    fired = shrinks_after(interval, stretch, grace)
    assert fired is not None
    assert grace - 1e-3 <= fired <= grace + 2 * interval * stretch
