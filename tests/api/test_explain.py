import json
from datetime import timedelta

from builders import at, published, seen, target
from poolkeeper.api.explain import explanation
from poolkeeper.api.names import shown
from poolkeeper.core.account import Account
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision, Health, Share
from poolkeeper.core.forecast import Outlook
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Limits, Schedule, Window
from poolkeeper.core.reasons import Reason


def explained(waiting):
    decision, _ = decide(published(), seen(waiting), Memory(), at(0))
    return explanation(decision, at(0))


def test_it_shows_every_stage_in_order():
    stages = [stage["stage"] for stage in explained(1500)["trail"]]
    assert stages == ["demand", "lead", "grace", "edits", "outage", "floor", "budget", "maximum", "startup", "drain"]


def test_it_says_that_a_budget_holds_growth():
    spent = Memory(account=Account(spent_at=at(0)))
    decision, _ = decide(published(), seen(1500), spent, at(0))
    told = explanation(decision, at(0))
    (held,) = [stage for stage in told["trail"] if stage["stage"] == "budget"]
    assert (held["before"], held["after"], held["reason"], told["clamps"]) == (3, 2, "BudgetHeld", ["BudgetHeld"])


def test_it_says_why_in_words_with_numbers():
    assert explained(1500)["because"].endswith("(queue 1500 over 1000, 0 on the way)")


def test_it_is_json():
    assert json.loads(json.dumps(explained(1500))) == explained(1500)


def test_a_pool_is_called_by_its_short_name():
    assert shown("chat") == "ipool/chat"


def test_what_comes_next_is_told_with_its_time():
    decision, memory = decide(published(), seen(50, target=target(3)), Memory(), at(0))
    decision, _ = decide(published(), seen(50, 10, target=target(3)), memory, at(10))
    assert explanation(decision, at(10))["next"][0]["in"] == 290


def split(**health):
    share = Share("on-demand", 1, 4, 1, ready=1, reason=Reason.SPOT_RECLAIMED, victims=("chat-1",))
    return explanation(Decision(10, 10, 10, Reason.STEADY, shares=(share,), health=Health(**health)), at(0))


def test_a_tier_is_told_with_what_it_is_due_and_who_goes_first():
    (told,) = split()["tiers"]
    assert (told["found"], told["size"], told["due"], told["ready"], told["victims"]) == (1, 4, 1, 1, ["chat-1"])
    assert told["sentence"] == "spot replicas are being reclaimed, and on-demand takes over"


def test_what_is_lost_is_told_with_its_time():
    told = split(split=Reason.SPOT_SHORT, split_detail="no capacity", lost=3, lost_since=at(0))["split"]
    assert (told["lost"], told["lostSince"], told["detail"]) == (3, "2026-03-02T12:00:00Z", "no capacity")


def test_nothing_lost_has_no_time():
    assert split(split=Reason.AS_EXPECTED)["split"]["lostSince"] is None


def test_a_pool_of_one_tier_has_no_split():
    assert explained(1500)["split"] is None


OFFICE = Window("office", "0 8 * * *", "0 18 * * *", Limits(floor=4, cap=6, force=True))
CLOCK = published(schedule=Schedule((OFFICE,), lead_time=timedelta(minutes=5)))


def clock(second):
    return explanation(decide(CLOCK, seen(500, second), Memory(), at(second))[0], at(second))["schedule"]


def test_the_window_in_force_is_told_with_its_bounds_and_its_end():
    told = clock(0)
    assert [told[key] for key in ("window", "floor", "cap", "force", "leadTime")] == ["office", 4, 6, True, 300]
    assert told["next"] == {"at": "2026-03-02T18:00:00Z", "window": "office", "edge": "end"}


def test_the_beginning_of_the_lead_time_is_told():
    assert (clock(28_800)["leadsAt"], clock(28_800)["lead"]) == ("2026-03-03T07:55:00Z", None)


def test_in_a_lead_time_it_is_told_for_what():
    assert (clock(71_800)["lead"], clock(71_800)["leadsTo"]) == ("office", "2026-03-03T08:00:00Z")


def test_without_a_schedule_the_bounds_are_the_pools():
    told = explained(500)["schedule"]
    assert (told["floor"], told["cap"], told["next"]) == (2, 8, None)


def test_where_nothing_was_looked_at_there_are_no_bounds():
    assert explanation(Decision(0, 0, 0, Reason.TARGET_NOT_FOUND, frozen=True), at(0))["schedule"] is None


def test_a_floor_that_was_learned_is_told():
    learned = Decision(2, 2, 2, Reason.STEADY, outlook=Outlook(0, Reason.METRIC_EMPTY, "no history"))
    told = explanation(learned, at(0))["forecast"]
    assert (told["replicas"], told["message"], told["sentence"]) == (0, "no history", Reason.METRIC_EMPTY.sentence)


def test_without_a_forecast_there_is_none():
    assert explained(500)["forecast"] is None
