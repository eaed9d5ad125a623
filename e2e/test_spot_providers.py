"""R7 on each provider's nodes: a notice, exactly as many on on-demand at once, and the way back.

    on-demand   1 ---- notice to 2 --- 3 --- the nodes go, others are made --- 2 --- 1
    spot        4 ------------------------------------------------------------------ 4

Nothing is lost by the clock here: `fallback.after` is long. What brings on-demand is the notice alone.
"""

import time

import pytest

from rig.space import Space
from rig.spot import SpotPool

PROVIDERS = {"eks": "eks", "gke": "gke", "aks": "aks", "auto": "karpenter"}  # nodes of Karpenter's come before others'


@pytest.mark.parametrize("named", PROVIDERS)
@pytest.mark.lasts(14)
def test_as_many_as_are_under_notice_come_at_once_and_go_back_when_they_are_replaced(space: Space, named: str) -> None:
    chat = SpotPool(space, provider=PROVIDERS[named]).begin(named=named)
    chat.lose(2)
    chat.wait_until_split(3, 4)
    covered = time.monotonic()
    chat.wait_until_split(1, 4)
    assert (max(space.sizes("chat")), space.sizes("chat-spot"), chat.ready.least_since(covered)) == (3, [4], 5)
