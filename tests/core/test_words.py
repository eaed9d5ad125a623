"""One sentence for the event, the log line, the status and `explain`."""

from datetime import timedelta
from math import inf

import pytest

from builders import at, pod, published, reading, sample, seen, target
from market import Market
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision, Stage
from poolkeeper.core.memory import Edit, Edits, Grace, Memory
from poolkeeper.core.model import ScaleDown, ScaleUp
from poolkeeper.core.observation import Conflict, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.core.words import because, figures, message, number

STUCK = (*target(2).pods, pod(2, ready_at=None, trouble="no node"), pod(3, ready_at=None))
UNKNOWN = "how busy the replicas are is unknown"


def said(waiting=500, *, spec=published(), since=None, edits=Edits(asked=4), **changes):  # noqa: B008  frozen values
    clock = Grace(short_since=None if since is None else at(since), sampled_at=at(-1))
    observation = seen(waiting, **{"target": target(4)} | changes)
    return message(decide(spec, observation, Memory(grace=clock, edits=edits), at(0))[0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "the queue is between its thresholds (queue 500, below 100)"),
        ({"waiting": 1001}, f"4 -> 5: {Reason.QUEUE_ABOVE.sentence} (queue 1001 over 1000, 0 on the way)"),
        ({"waiting": 0}, f"{Reason.GRACE.sentence} (queue 0, below 100, {UNKNOWN})"),
        ({"waiting": 0, "since": -300}, f"4 -> 3: {Reason.QUEUE_BELOW.sentence} (queue 0, below 100, {UNKNOWN})"),
        (
            {"waiting": 1001, "spec": published(queue={"up": ScaleUp(above=1000, delay=timedelta(seconds=9))})},
            f"{Reason.SCALE_UP_DELAYED.sentence} (queue 1001 over 1000, 0 on the way)",
        ),
        (
            {"readings": (reading(None, fault=Reason.METRIC_TIMEOUT),)},
            f"{Reason.OUTAGE.sentence} (MetricTimeout)",
        ),
        (
            {"waiting": 9999, "target": target(4, pods=STUCK)},
            f"{Reason.STARTUP_BLOCKED.sentence} (2 overdue: no node)",
        ),
        ({"target": target(1), "edits": Edits(asked=1)}, f"1 -> 2: {Reason.BELOW_MINIMUM.sentence} (minReplicas 2)"),
        (
            {"target": target(1), "edits": Edits(asked=1, edit=Edit("kubectl", at(0), 6, 1))},
            f"1 -> 6: {Reason.EDIT_RESTORED.sentence} (restore 6)",
        ),
        (
            {"conflict": Conflict(Reason.CONFLICT_AUTOSCALER, "HorizontalPodAutoscaler chat")},
            f"{Reason.CONFLICT_AUTOSCALER.sentence} (HorizontalPodAutoscaler chat)",
        ),
        (
            {"waiting": 9999, "target": target(7), "edits": Edits(asked=7)},
            f"7 -> 8: {Reason.QUEUE_ABOVE.sentence} (queue 9999 over 1000, 0 on the way); {Reason.AT_MAXIMUM.sentence}",
        ),
        (
            {"waiting": 9999, "target": target(8), "edits": Edits(asked=8)},
            f"{Reason.AT_MAXIMUM.sentence} (maxReplicas 8)",
        ),
    ],
)
def test_a_decision_is_said_with_its_numbers(changes, words):
    assert said(**changes) == words


def test_the_survivors_load_is_said_where_it_is_known():
    busy = Reading("pods", at(0), pods=tuple(sample(each, 0, running=8) for each in range(4)))
    words = said(spec=published(queue={"slots_per_replica": 10}), readings=(busy,))
    assert words.endswith("(queue 0, below 100, 3 survivors would be 107% busy)")


def test_an_unknown_queue_has_no_figures():
    assert figures(Stage("grace", 2, 2, Reason.STEADY, {"queue": None})) == ""


def test_stuck_starts_without_words_are_counted():
    assert figures(Stage("startup", 2, 2, Reason.STARTUP_BLOCKED, {"overdue": 2, "words": ""})) == "2 overdue"


def test_an_outage_without_a_fault_has_no_figures():
    assert figures(Stage("outage", 2, 2, Reason.OUTAGE, {"fault": None})) == ""


def test_a_start_with_an_unknown_queue_says_what_is_coming():
    assert figures(Stage("demand", 2, 2, Reason.STARTING, {"coming": 1})) == "coming 1"


def test_a_decision_without_a_stage_of_its_reason_says_its_detail():
    assert because(Decision(2, 2, 2, Reason.PAUSED, detail="until noon")) == "the pool is paused (until noon)"


def test_a_reason_may_say_it_all():
    assert because(Decision(2, 2, 2, Reason.ADOPTED)) == Reason.ADOPTED.sentence


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (7, "7"),
        (0.5, "0.5"),
        (1000.0, "1000"),
        (1234567, "1234567"),
        (2.4000000000000004, "2.4"),
        (inf, "inf"),
        ("on", "on"),
        (None, "None"),
    ],
)
def test_numbers_are_said_as_people_write_them(value, words):
    assert number(value) == words


def test_a_pool_at_its_minimum_speaks_of_no_survivors():
    words = said(waiting=0, target=target(2), edits=Edits(asked=2))
    assert words == f"{Reason.AT_MINIMUM.sentence} (queue 0, minReplicas 2)"


def test_a_move_between_the_tiers_is_said_tier_by_tier():
    words = message(Market().run(60).reclaim(3).look())
    said = "spot has 6 of 9 ready (SpotInterrupted: reclaimed); on-demand covers 3"
    assert words == f"on-demand 1 -> 4: {Reason.SPOT_RECLAIMED.sentence} ({said})"


def test_a_new_size_is_said_with_the_tiers_that_it_moves():
    market = Market().run(60)
    market.waiting = 1001
    words = message(market.run(10).decision)
    assert words.startswith(f"10 -> 11 (on-demand 1 -> 2): {Reason.QUEUE_ABOVE.sentence} (queue 1001 over 1000")


def test_an_idle_pool_says_what_waits_and_runs():
    down = ScaleDown(below=100, idle_after=timedelta(minutes=1))
    spec = published(min_replicas=0, queue={"down": down})
    sight = seen(0, target=target(1), readings=(reading(0, 0, running=2.0),))
    words = message(decide(spec, sight, Memory(edits=Edits(asked=1)), at(0))[0])
    assert words == f"{Reason.IDLING.sentence} (0 waiting, 2 running, idleAfter 60 s)"


def test_what_runs_and_is_unknown_is_said_to_be():
    down = ScaleDown(below=100, idle_after=timedelta(minutes=1))
    spec = published(min_replicas=0, queue={"down": down})
    sight = seen(0, target=target(1))
    words = message(decide(spec, sight, Memory(edits=Edits(asked=1)), at(0))[0])
    assert words == f"{Reason.IDLE_UNKNOWN.sentence} (0 waiting, ? running, idleAfter 60 s)"
