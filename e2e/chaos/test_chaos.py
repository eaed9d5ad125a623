"""A short slice of the chaos suite (`make chaos` is half an hour of it): a few faults, a few deaths, every invariant.

It has a control plane of its own, since no other test could bear what befalls this one.
"""

from dataclasses import replace

import pytest

from chaos.members import company
from chaos.play import Plan, run

SEED = 20261123
FEW = {"pods-0", "patient", "series-0", "spot", "pinned"}
GRACE = 5.0
FAULTS = ("gone-event", "api-killed", "pages")


@pytest.mark.lasts(120)
def test_a_minute_of_chaos_leaves_every_invariant_whole() -> None:
    members = tuple(replace(member, grace=GRACE) for member in company() if member.name in FEW)
    verdict = run(Plan(30, kills=3, seed=SEED, faults=FAULTS, members=members), print)
    assert verdict.wrongs == []
    assert all((verdict.steps, verdict.falls, verdict.money, verdict.faults))
