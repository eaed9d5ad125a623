"""R7 on each provider's nodes: a notice, exactly as many on on-demand at once, and the way back.

    on-demand   1 ---- notice to 2 --- 3 --- the nodes go, others are made --- 2 --- 1
    spot        4 ------------------------------------------------------------------ 4

Nothing is lost by the clock here: `fallback.after` is long. What brings on-demand is the notice alone.
"""

import time

import pytest

from rig.space import Space
from rig.spot import SpotPool
from rig.waiting import eventually

PROVIDERS = {"eks": "eks", "gke": "gke", "aks": "aks", "auto": "karpenter"}  # nodes of Karpenter's come before others'


@pytest.mark.parametrize("named", PROVIDERS)
def test_as_many_as_are_under_notice_come_at_once_and_go_back_when_they_are_replaced(shared: Space, named: str) -> None:
    with SpotPool(shared, f"on-{named}", PROVIDERS[named]).begin(named=named) as chat:
        chat.lose(2)
        eventually(lambda: chat.ready.count >= 5, "what was lost is covered")
        covered = time.monotonic()
        chat.wait_until_split(1, 4)
        assert (max(chat.on_demand), chat.spot, chat.ready.least_since(covered)) == (3, [4], 5)
