"""What the status says of a pool of two tiers."""

from dataclasses import replace

import pytest

from builders import at
from poolkeeper.api.split import moves, short
from poolkeeper.api.status import Status, Verdict, entry, render
from poolkeeper.core.decision import Decision, Health, Share, Stage
from poolkeeper.core.model import ON_DEMAND, CapacityType, Tier
from poolkeeper.core.reasons import Reason

TIERS = (Tier("spot", CapacityType.SPOT), ON_DEMAND)
SPOT = Share("spot", found=9, size=9, due=9, ready=6)
COVER = Share("on-demand", found=1, size=4, due=1, ready=1, reason=Reason.SPOT_RECLAIMED)
HEALTH = Health(split=Reason.SPOT_RECLAIMED, split_detail="node-7: spot-itn", lost=3, lost_since=at(0.5))
TRAIL = (Stage("demand", 10, 10, Reason.STEADY),)
RECLAIMED = Decision(10, 10, 10, Reason.SPOT_RECLAIMED, trail=TRAIL, shares=(SPOT, COVER), health=HEALTH)


def status(decision, **changes):
    verdict = Verdict(**{"decision": decision, "generation": 1, "at": at(0), "tiers": TIERS} | changes)
    return render(verdict, {}, {}, None)


def condition(decision, **changes):
    return next((one for one in status(decision, **changes)["conditions"] if one["type"] == "SplitReady"), None)


def test_a_status_with_tiers_fits_its_own_schema():
    Status.model_validate(status(RECLAIMED, provider="eks", untold=[entry(RECLAIMED, at(0))]))


def test_spot_says_what_it_has_lost_and_since_when():
    assert status(RECLAIMED)["tiers"][0] == {
        "name": "spot",
        "type": "Spot",
        "replicas": 9,
        "ready": 6,
        "desired": 9,
        "lost": 3,
        "since": "2026-03-02T12:00:00Z",
    }


def test_spot_says_whose_it_is():
    assert [one.get("provider") for one in status(RECLAIMED, provider="gke")["tiers"]] == ["gke", None]


def test_on_demand_says_what_it_has_and_what_it_is_due():
    told = {"name": "on-demand", "type": "OnDemand", "replicas": 4, "ready": 1, "desired": 1}
    assert status(RECLAIMED)["tiers"][1] == told


def test_the_split_is_told_at_a_glance():
    assert status(RECLAIMED)["split"] == "spot 6/9 (3 lost), on-demand 1/4 (+3)"


def test_a_tier_in_which_all_is_well_is_two_numbers():
    assert short({"name": "spot", "ready": 9, "replicas": 9, "desired": 9, "lost": 0}) == "spot 9/9"


def test_a_sibling_of_a_tier_that_is_given_up_is_still_told():
    assert status(RECLAIMED, tiers=(ON_DEMAND,))["tiers"][0]["type"] == "Spot"


def test_nothing_lost_has_no_since():
    assert "since" not in status(replace(RECLAIMED, health=Health()))["tiers"][0]


@pytest.mark.parametrize("shares", [(), (COVER,)])
def test_a_pool_of_one_tier_has_no_split(shares):
    decision = replace(RECLAIMED, shares=shares)
    assert not {"tiers", "split"} & status(decision, tiers=(ON_DEMAND,)).keys()
    assert moves(decision) == []


def test_a_split_that_is_off_says_why():
    told = condition(RECLAIMED)
    assert (told["status"], told["reason"]) == ("False", "SpotReclaimed")
    assert told["message"] == "spot replicas are being reclaimed, and on-demand takes over: node-7: spot-itn"


def test_a_split_that_is_off_leaves_the_pool_ready():
    assert status(RECLAIMED)["conditions"][0]["status"] == "True"


def test_a_split_as_it_should_be_is_ready():
    assert condition(replace(RECLAIMED, health=Health(split=Reason.AS_EXPECTED)))["status"] == "True"


def test_somebody_elses_budget_is_said_and_spoils_no_split():
    told = condition(replace(RECLAIMED, health=Health(split=Reason.FOREIGN_BUDGET, split_detail="pdb/chat")))
    assert (told["status"], told["reason"]) == ("True", "ForeignDisruptionBudget")
    assert told["message"].endswith(": pdb/chat")


def test_a_target_that_cannot_be_split_is_told_whole():
    assert status(replace(RECLAIMED, shares=(COVER,)))["split"] == "on-demand 1/4 (+3)"


def test_a_frozen_pool_does_not_know_how_its_split_stands():
    told = condition(replace(RECLAIMED, reason=Reason.PAUSED, detail="until noon", health=Health()))
    assert (told["status"], told["reason"], told["message"]) == ("Unknown", "Paused", "the pool is paused: until noon")


def test_a_pool_of_one_tier_has_no_condition_of_it():
    assert condition(replace(RECLAIMED, shares=(COVER,)), tiers=(ON_DEMAND,)) is None


def test_a_change_of_the_split_alone_is_told_tier_by_tier():
    told = entry(RECLAIMED, at(0))
    assert (told["from"], told["to"], told["reason"]) == (10, 10, "SpotReclaimed")
    assert told["tiers"] == [
        {"name": "spot", "from": 9, "to": 9, "reason": "AsExpected"},
        {"name": "on-demand", "from": 1, "to": 4, "reason": "SpotReclaimed"},
    ]
