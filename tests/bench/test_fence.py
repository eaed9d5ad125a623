"""What the fence costs is told by the quickest writes, whoever else uses the machine."""

import fence
import pytest


def found(without, with_fence):
    return {("leader", "without"): without, ("leader", "with"): with_fence}


def test_a_fence_that_takes_a_tenth_longer_costs_a_tenth():
    assert fence.ratio(found([1.0] * 20, [1.1] * 20), "leader") == pytest.approx(0.1)


def test_writes_that_others_held_up_change_nothing():
    taken = [0.1 * number for number in range(10, 31)]
    held_up = [*taken[:5], *(100.0 for _ in taken[5:])]
    assert fence.ratio(found(taken, held_up), "leader") == pytest.approx(0)
