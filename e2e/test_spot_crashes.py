"""Killed -9 in each phase of a fallback, or cut off from the API server: the same sizes, nothing twice, nothing lost.

steady        1 + 4     nothing changes
noticed       1 + 4     two are covered, once, by whichever process
fallen        3 + 4     two are lost and cannot be replaced: they stay covered, and are not covered again
returning     3 + 4     the way back goes on, one by one, and on-demand never grows again
"""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from rig.gate import Gate
from rig.space import Space
from rig.spot import SpotPool
from rig.waiting import eventually, let_pass

pytestmark = pytest.mark.lasts(20)

A_FEW_LOOKS = 4.0
SPOT_NODES = {"steady": 4, "noticed": 4, "fallen": 4, "returning": 7}


def begun(space: Space) -> list[SpotPool]:
    """Return a pool for each phase, all of them steady."""
    space.operate().wait_until_leading()
    with ThreadPoolExecutor(len(SPOT_NODES)) as people:
        return list(people.map(lambda name: SpotPool(space, name).begin(SPOT_NODES[name]), SPOT_NODES))


def test_killed_in_any_phase_it_goes_on_from_there(space: Space, subtests: pytest.Subtests) -> None:
    steady, noticed, fallen, returning = begun(space)
    fallen.lose(2)
    returning.lose(3)
    eventually(lambda: (4, 3) in pairwise(returning.on_demand), "the way back has begun")
    noticed.notice(2)
    space.operators[-1].kill()
    space.operate().wait_until_leading()
    space.wait_for_size("noticed", 3)
    returning.wait_until_split(1, 4)
    let_pass(A_FEW_LOOKS)
    with subtests.test("in the steady state nothing changes"):
        assert (steady.on_demand, steady.spot) == ([1], [4])
    with subtests.test("right after a notice it falls back once"):
        assert (noticed.on_demand[-1], max(noticed.on_demand), noticed.spot) == (3, 3, [4])
    with subtests.test("in a fallback it stays as it is"):
        assert (fallen.on_demand[-1], max(fallen.on_demand), fallen.spot) == (3, 3, [4])
    with subtests.test("on the way back it goes on"):
        assert (returning.on_demand[-4:], returning.spot) == ([4, 3, 2, 1], [4])


def test_cut_off_from_the_api_server_in_a_fallback_it_goes_on_afterwards(space: Space) -> None:
    with Gate(space.ground.cluster) as gate:
        space.operate(kubeconfig=gate.kubeconfig).wait_until_leading()
        chat = SpotPool(space).begin(spot_nodes=4)
        going = chat.notice(2)
        space.wait_for_size("chat", 3)
        gate.shut()
        chat.reclaim(going)
        chat.add_nodes("spot", 2)
        let_pass(A_FEW_LOOKS)
        cut_off = space.size("chat")
        gate.open()
        chat.wait_until_split(1, 4)
    assert (cut_off, max(chat.on_demand), chat.spot) == (3, 3, [4])
