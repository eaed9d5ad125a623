import pytest

from poolkeeper.core.decision import Decision
from poolkeeper.core.model import Mode, PoolSpec
from poolkeeper.core.plan import Plan, Resize, plan
from poolkeeper.core.reasons import Reason


def decided(current: int, size: int, **changes) -> Decision:
    return Decision(current, size, size, Reason.STEADY, **changes)


@pytest.mark.parametrize(
    ("mode", "size", "frozen", "resize"),
    [
        (Mode.ACTIVE, 3, False, Resize(2, 3)),
        (Mode.ACTIVE, 1, False, Resize(2, 1)),
        (Mode.ACTIVE, 2, False, None),
        (Mode.ACTIVE, 3, True, None),
        (Mode.OBSERVE, 3, False, None),
        (Mode.PAUSED, 3, False, None),
    ],
)
def test_only_an_active_pool_whose_size_differs_is_written(mode, size, frozen, resize):
    assert plan(PoolSpec(1, 9, mode), decided(2, size, frozen=frozen)) == Plan(resize)


@pytest.mark.parametrize(("after", "grows"), [(3, True), (1, False)])
def test_a_resize_knows_whether_it_adds_capacity(after, grows):
    assert Resize(2, after).grows is grows
