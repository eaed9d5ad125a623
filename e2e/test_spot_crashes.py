"""Killed -9 in each phase of a fallback, or cut off from the API server: the same sizes, nothing twice, nothing lost.

steady        1 + 4     nothing changes
notice        1 + 4     killed before it could heed it: the next process does, once
fallback      3 + 4     two are lost and cannot be replaced: they stay covered, and are not covered again
return        2 + 4     killed between two steps: the way back goes on, and on-demand never grows again
"""

import pytest

from rig.gate import Gate
from rig.space import Space
from rig.spot import SpotPool
from rig.waiting import let_pass

A_FEW_LOOKS = 4.0


def lead_again(space: Space) -> None:
    """Start another process under the same name."""
    space.operate().wait_until_leading()


def test_killed_in_the_steady_state_it_changes_nothing(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=4)
    space.operators[-1].kill()
    lead_again(space)
    let_pass(A_FEW_LOOKS)
    assert (space.sizes("chat"), space.sizes("chat-spot"), chat.ready.count) == ([1], [4], 5)


def test_killed_before_it_could_heed_a_notice_the_next_process_does(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=4)
    space.operators[-1].kill()
    chat.notice(2)
    lead_again(space)
    space.wait_for_size("chat", 3)
    let_pass(A_FEW_LOOKS)
    assert (space.sizes("chat"), space.sizes("chat-spot")) == ([1, 3], [4])


def test_killed_right_after_a_notice_it_falls_back_once(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=4)
    chat.notice(2)
    space.operators[-1].kill()
    lead_again(space)
    space.wait_for_size("chat", 3)
    let_pass(A_FEW_LOOKS)
    assert (space.sizes("chat")[-1], max(space.sizes("chat")), space.sizes("chat-spot")) == (3, 3, [4])


@pytest.mark.lasts(12)
def test_killed_in_a_fallback_it_stays_as_it_is(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=4)
    chat.lose(2)
    space.operators[-1].kill()
    lead_again(space)
    let_pass(A_FEW_LOOKS)
    assert (space.size("chat"), max(space.sizes("chat")), space.sizes("chat-spot")) == (3, 3, [4])


@pytest.mark.lasts(14)
def test_killed_on_the_way_back_it_goes_on(space: Space) -> None:
    chat = SpotPool(space).begin(spot_nodes=6)
    chat.lose(2)
    space.wait_for_size("chat", 2)
    space.operators[-1].kill()
    lead_again(space)
    chat.wait_until_split(1, 4)
    let_pass(2)
    assert (space.sizes("chat")[-3:], space.sizes("chat-spot")) == ([3, 2, 1], [4])


@pytest.mark.lasts(14)
def test_cut_off_from_the_api_server_in_a_fallback_it_goes_on_afterwards(space: Space) -> None:
    with Gate(space.ground.cluster) as gate:
        chat = SpotPool(space).begin(spot_nodes=4, kubeconfig=gate.kubeconfig)
        going = chat.notice(2)
        space.wait_for_size("chat", 3)
        gate.shut()
        chat.reclaim(going)
        chat.add_nodes("spot", 2)
        let_pass(A_FEW_LOOKS)
        cut_off = space.size("chat")
        gate.open()
        chat.wait_until_split(1, 4)
    assert (cut_off, max(space.sizes("chat")), space.sizes("chat-spot")) == (3, 3, [4])
