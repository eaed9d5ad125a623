from dataclasses import replace
from datetime import timedelta

import pytest

from builders import BODY, at, published, reading, seen, target
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision, Health, Share, Stage
from poolkeeper.core.forecast import Outlook
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Batch, ScaleDown
from poolkeeper.core.observation import Conflict
from poolkeeper.core.reasons import Reason
from poolkeeper.core.schedule import Bounds
from poolkeeper.shell import publish
from poolkeeper.shell.pools import Pools

ADOPTED_THEN_STEADY = [0, 1]


class Followed:
    """A pool whose statuses are written at once, and counted."""

    def __init__(self):
        self.pool = Pools().take(BODY)
        self.written = []
        self.size = 3

    def look(self, second, waiting, spec=None, **changes):
        sight = seen(waiting, second, **{"target": target(self.size)} | changes)
        decision, self.pool.memory = decide(spec or published(), sight, self.pool.memory, at(second))
        if decision.changes:
            publish.note_change(self.pool, decision, at(second))
        status = publish.due_status(self.pool, decision, at(second))
        self.size = decision.size
        if status is not None:
            self.written.append((second, status))
            self.pool.told(status)

    def seconds(self):
        return [second for second, _ in self.written]


@pytest.fixture
def followed():
    return Followed()


def test_the_first_look_is_written(followed):
    followed.look(0, 500)
    assert followed.seconds() == [0]


def test_a_constant_queue_costs_no_writes(followed):
    for second in range(250):
        followed.look(second, 500)
    assert followed.seconds() == ADOPTED_THEN_STEADY


def test_numbers_that_move_cost_no_writes(followed):
    for second in range(250):
        followed.look(second, 300 + second)
    assert followed.seconds() == ADOPTED_THEN_STEADY


def test_noise_round_a_threshold_costs_two_writes_a_minute(followed):
    for second in range(600):
        followed.look(second, 99 if second % 2 else 101)
    assert 1 < len(followed.written) <= 600 / 30


def test_a_change_of_size_is_always_written(followed):
    for second in range(20):
        followed.look(second, 99 if second % 2 else 101)
    before = len(followed.written)
    followed.look(20, 1500)
    assert len(followed.written) == before + 1


def test_a_clock_that_was_stored_is_cleared_at_once(followed):
    for second in range(45):
        followed.look(second, 50)
    assert "shortSince" in followed.pool.status["memory"]
    followed.pool.budget.tokens = -5
    followed.look(45, 500)
    assert "shortSince" not in followed.pool.status["memory"]


def test_a_clock_is_stored_in_time_whatever_the_budget(followed):
    for second in range(32):
        followed.pool.budget.tokens = -5
        followed.look(second, 50)
    assert "shortSince" in followed.pool.status["memory"]


def test_a_clock_that_noise_stores_and_clears_again_and_again_costs_two_writes_a_minute(followed):
    for second in range(1200):
        followed.look(second, 500 if second % 33 == 0 else 50)
    assert 1 < len(followed.written) <= 2 + 1200 / 30


def test_a_conflict_is_news_after_a_little_while(followed):
    for second in range(20):
        followed.pool.budget.tokens = 1 if second < 2 else -1
        rival = Conflict(Reason.CONFLICT_POOL, "ipool/older has it") if second > 3 else None
        followed.look(second, 500, conflict=rival)
    assert followed.seconds() == [*ADOPTED_THEN_STEADY, 6]


def test_the_end_of_a_conflict_is_news_as_soon(followed):
    rival = Conflict(Reason.CONFLICT_POOL, "ipool/older has it")
    for second in range(20):
        followed.look(second, 500, conflict=rival if second < 4 else None)
        followed.pool.budget.tokens = -1
    assert followed.seconds() == [0, 5]


TIMED_OUT = reading(None, 1, fault=Reason.METRIC_TIMEOUT)


def test_a_fault_is_told_at_once_whatever_the_budget(followed):
    followed.look(0, 500)
    followed.pool.budget.tokens = -5
    followed.look(1, 500, readings=(TIMED_OUT,))
    assert followed.seconds() == [0, 1]


def test_metrics_that_come_and_go_cost_two_writes_a_minute(followed):
    for second in range(600):
        followed.look(second, 500, **({"readings": (reading(500, second),)} if second % 2 else {"readings": ()}))
    assert 1 < len(followed.written) <= 2 + 600 / 30


def test_a_new_generation_is_answered_at_once(followed):
    followed.look(0, 500)
    followed.pool.budget.tokens = -5
    followed.pool.generation = 2
    followed.look(1, 500)
    assert followed.pool.status["observedGeneration"] == 2


def test_readiness_is_news_after_a_little_while(followed):
    followed.look(0, 500)
    followed.pool.budget.tokens = -5
    followed.look(2, 500, target=target(3, pods=target(2).pods))
    followed.look(6, 500, target=target(3, pods=target(2).pods))
    assert followed.seconds() == [0, 6]


def split(spot=9, on_demand=1, **health):
    """A decision for 9 on spot and 1 on demand; where more are asked for, it is for a reclaim."""
    shares = (
        Share("spot", 9, 9, 9, ready=spot),
        Share("on-demand", 1, on_demand, 1, ready=1, reason=Reason.SPOT_RECLAIMED),
    )
    trail = (Stage("demand", 10, 10, Reason.STEADY),)
    reason = Reason.STEADY if on_demand == 1 else Reason.SPOT_RECLAIMED
    return Decision(10, 10, 10, reason, ready=10, trail=trail, shares=shares, health=Health(**health))


def told(pool, decision, second):
    """Return what would be written of a decision, and take it as written."""
    status = publish.due_status(pool, decision, at(second))
    if status is not None:
        pool.told(status)
    return status


def test_a_move_between_tiers_is_written_at_once(followed):
    told(followed.pool, split(), 0)
    followed.pool.budget.tokens = -5
    publish.note_change(followed.pool, split(on_demand=4), at(1))
    assert told(followed.pool, split(on_demand=4), 1)["lastDecision"]["reason"] == "SpotReclaimed"


def test_replicas_that_come_and_go_cost_two_writes_a_minute(followed):
    looks = (split(spot=9 if second % 14 < 7 else 6) for second in range(600))
    written = [second for second, decision in enumerate(looks) if told(followed.pool, decision, second)]
    assert 1 < len(written) <= 2 + 600 / 30


def test_why_the_split_is_off_is_told_at_once_whatever_the_budget(followed):
    told(followed.pool, split(split=Reason.AS_EXPECTED), 0)
    followed.pool.budget.tokens = -5
    assert told(followed.pool, split(split=Reason.SPOT_SHORT), 1) is not None


def test_a_tier_that_loses_replicas_is_news_after_a_little_while(followed):
    told(followed.pool, split(), 0)
    followed.pool.budget.tokens = -5
    assert [told(followed.pool, split(spot=8), second) is not None for second in (2, 6)] == [False, True]


def test_what_is_lost_and_found_again_costs_two_writes_a_minute(followed):
    off = {"split": Reason.SPOT_SHORT, "lost": 1}
    looks = (split(**(off if second % 2 else {"split": Reason.AS_EXPECTED})) for second in range(600))
    written = [second for second, decision in enumerate(looks) if told(followed.pool, decision, second)]
    assert 1 < len(written) <= 2 + 600 / 30


def decided(waiting=1500):
    return decide(published(), seen(waiting), Memory(), at(0))[0]


def event(pool, **changes):
    known = {"decision": decided(), "now": at(0), "version": "7"}
    return publish.event(pool, **known | changes)


def test_a_decision_made_again_on_the_same_version_has_the_same_event(followed):
    first, again = event(followed.pool), event(followed.pool, now=at(0) + timedelta(minutes=1))
    assert first["metadata"]["name"] == again["metadata"]["name"]


def test_another_version_makes_another_event(followed):
    assert event(followed.pool)["metadata"]["name"] != event(followed.pool, version="8")["metadata"]["name"]


def test_an_event_says_why(followed):
    told = event(followed.pool)
    assert (told["reason"], told["type"]) == ("QueueAbove", "Normal")
    assert told["message"].startswith("2 -> 3: the queue is longer")


def test_a_move_between_tiers_makes_another_event_than_none(followed):
    moved = split(spot=6, on_demand=4)
    assert event(followed.pool, decision=moved)["metadata"]["name"] != event(followed.pool)["metadata"]["name"]


def test_an_event_of_a_move_between_tiers_bears_the_tiers_reason(followed):
    assert event(followed.pool, decision=split(spot=6, on_demand=4))["reason"] == "SpotReclaimed"


def test_a_fault_is_written_with_its_name(followed):
    followed.look(0, 500)
    followed.look(1, 500, readings=(reading(None, 1, fault=Reason.METRIC_TIMEOUT),))
    assert followed.pool.status["conditions"][0]["reason"] == "MetricTimeout"


def windowed(leads_at=3600, window="office", **changes):
    return replace(split(), bounds=Bounds(4, 8, window, leads_at=at(leads_at)), **changes)


@pytest.fixture
def scheduled(followed):
    spec = BODY["spec"] | {"schedule": {"outside": {"minReplicas": 3}}, "forecast": {"enabled": True}}
    followed.pool = Pools().take(BODY | {"spec": spec})
    return followed.pool


def test_a_window_that_begins_is_told_at_the_next_ordinary_write(scheduled):
    told(scheduled, windowed(window=None), 0)
    assert told(scheduled, windowed(), 1)["schedule"]["window"] == "office"


def test_a_window_that_begins_waits_for_its_turn(scheduled):
    told(scheduled, windowed(window=None), 0)
    scheduled.budget.tokens = -1
    assert told(scheduled, windowed(), 1) is None


def test_a_lead_time_that_is_measured_anew_costs_no_write(scheduled):
    told(scheduled, windowed(), 0)
    assert told(scheduled, windowed(leads_at=3599), 1) is None


def test_a_forecast_that_moves_costs_no_write(scheduled):
    told(scheduled, windowed(outlook=Outlook(5)), 0)
    assert told(scheduled, windowed(outlook=Outlook(6)), 1) is None


def test_why_nothing_is_forecast_is_told(scheduled):
    told(scheduled, windowed(outlook=Outlook(5)), 0)
    assert told(scheduled, windowed(outlook=Outlook(0, Reason.METRIC_EMPTY)), 1)["forecast"]["reason"] == "MetricEmpty"


def test_an_idle_clock_that_was_stored_is_cleared_at_once(followed):
    spec = published(min_replicas=0, queue={"down": ScaleDown(below=100, idle_after=timedelta(hours=1))})
    followed.pool.core = spec
    for second in range(400):
        followed.look(second, 0, spec, readings=(reading(0, second, running=0.0),))
    assert "idleSince" in followed.pool.status["memory"]
    followed.pool.budget.tokens = -5
    followed.look(400, 0, spec, readings=(reading(0, 400, running=1.0),))
    assert "idleSince" not in followed.pool.status["memory"]


def test_jobs_that_come_and_go_cost_no_writes(followed):
    spec = published(min_replicas=0, batch=Batch(within=timedelta(hours=9), job_time=timedelta(seconds=9)))
    for second in range(250):
        followed.look(second, 9000 - second, spec)
    assert len(followed.written) <= 4
