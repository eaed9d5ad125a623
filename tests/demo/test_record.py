import pytest

from demo.record import Change, clock, gpu_hours


def test_gpu_hours_count_every_pod_until_the_next_look(sample):
    assert gpu_hours([sample(0, pods=2), sample(1800, pods=4)], 3600) == 3.0


def test_gpu_hours_before_the_first_look_are_none():
    assert gpu_hours([], 3600) == 0


def test_a_message_falls_apart_into_sentence_and_figures(growth):
    assert growth.figures == "queue 18 over 10, 0 on the way"
    assert growth.sentence == "the queue is longer than the replicas can be expected to work down"


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("2 -> 3: a reason; more replicas are wanted than the maximum allows", ("a reason", "")),
        ("2 -> 3: a reason (a 1); capped", ("a reason", "a 1")),
        ("a reason", ("a reason", "")),
    ],
)
def test_other_messages(message, parts):
    change = Change(0, 2, 3, "X", message)
    assert (change.sentence, change.figures) == parts


def test_a_clock_shows_minutes_and_seconds():
    assert clock(3480.9) == "58:00"
