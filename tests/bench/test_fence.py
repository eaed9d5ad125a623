"""What the fence costs is told by the API server's own time for a write, whatever else a round had to bear."""

import fence
import pytest


def found(without, with_fence):
    return {
        ("leader", "without"): fence.Cost(processor=without),
        ("leader", "with"): fence.Cost(processor=with_fence),
    }


def test_a_fence_that_takes_a_tenth_more_costs_a_tenth():
    assert fence.ratio(found([1.0] * 3, [1.1] * 3), "leader") == pytest.approx(0.1)


def test_a_round_that_bore_something_else_changes_nothing():
    assert fence.ratio(found([1.0, 1.0, 1.0], [1.0, 9.0, 1.0]), "leader") == pytest.approx(0)
