import pytest

from poolkeeper.core.decision import Decision, Share
from poolkeeper.core.model import Mode, PoolSpec
from poolkeeper.core.plan import Plan, Resize, plan
from poolkeeper.core.reasons import Reason


def decided(current: int, size: int, **changes) -> Decision:
    shares = (Share("on-demand", current, size, size),)
    return Decision(current, size, size, Reason.STEADY, **{"shares": shares} | changes)


def resizes(*moves: tuple[int, int]) -> Plan:
    return Plan(tuple(Resize("on-demand", *move) for move in moves))


@pytest.mark.parametrize(
    ("mode", "size", "frozen", "writes"),
    [
        (Mode.ACTIVE, 3, False, resizes((2, 3))),
        (Mode.ACTIVE, 1, False, resizes((2, 1))),
        (Mode.ACTIVE, 2, False, resizes()),
        (Mode.ACTIVE, 3, True, resizes()),
        (Mode.OBSERVE, 3, False, resizes()),
        (Mode.PAUSED, 3, False, resizes()),
    ],
)
def test_only_an_active_pool_whose_size_differs_is_written(mode, size, frozen, writes):
    assert plan(PoolSpec(1, 9, mode), decided(2, size, frozen=frozen)) == writes


@pytest.mark.parametrize(("after", "grows"), [(3, True), (1, False)])
def test_a_resize_knows_whether_it_adds_capacity(after, grows):
    assert Resize("on-demand", 2, after).grows is grows


def test_what_grows_is_written_before_what_shrinks():
    shares = (Share("spot", 9, 8, 8, victims=("spot-1",)), Share("on-demand", 1, 4, 1))
    moves = plan(PoolSpec(1, 9), decided(10, 10, shares=shares)).resizes
    assert moves == (Resize("on-demand", 1, 4), Resize("spot", 9, 8, ("spot-1",)))
