import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.shell.agenda import Agenda


def due(agenda, now):
    return [key for key, _ in agenda.pop(now)]


def test_a_key_comes_up_once_in_each_interval():
    agenda = Agenda()
    agenda.put("chat", 1, 0, together=True)
    assert [len(due(agenda, tenth / 10)) for tenth in range(1, 31)].count(1) == 3


def test_keys_that_read_prometheus_come_up_together():
    agenda = Agenda()
    for key in ("a", "b", "c"):
        agenda.put(key, 1, 0, together=True)
    assert sorted(due(agenda, 1)) == ["a", "b", "c"]


def test_other_keys_are_spread_over_the_interval():
    agenda = Agenda()
    for number in range(1000):
        agenda.put(f"pool-{number}", 1, 0, together=False)
    tenths = [len(due(agenda, tenth / 10)) for tenth in range(1, 11)]
    assert all(60 < count < 140 for count in tenths)


def test_lateness_is_told_and_does_not_add_up():
    agenda = Agenda()
    agenda.put("chat", 1, 0, together=True)
    assert agenda.pop(1.7) == [("chat", 0.7)]
    assert agenda.next_due() == 2


def test_a_key_that_missed_several_turns_comes_up_once():
    agenda = Agenda()
    agenda.put("chat", 1, 0, together=True)
    assert due(agenda, 10.5) == ["chat"]
    assert agenda.next_due() == 11


def test_a_dropped_key_comes_up_no_more():
    agenda = Agenda()
    agenda.put("chat", 1, 0, together=True)
    agenda.drop("chat")
    assert due(agenda, 5) == []


def test_a_changed_interval_replaces_the_old_one():
    agenda = Agenda()
    agenda.put("chat", 1, 0, together=True)
    agenda.put("chat", 3, 0, together=True)
    assert [second for second in range(1, 10) if due(agenda, second)] == [3, 6, 9]


def test_putting_the_same_key_again_does_not_double_it():
    agenda = Agenda()
    for now in (0, 0.2, 0.4):
        agenda.put("chat", 1, now, together=True)
    assert due(agenda, 1) == ["chat"]
    assert due(agenda, 1.5) == []


def test_a_key_that_is_hurried_comes_up_at_once_and_on_its_grid_as_before():
    agenda = Agenda()
    agenda.put("chat", 300, 0, together=True)
    agenda.hurry("chat")
    assert [due(agenda, now) for now in (1, 2, 300)] == [["chat"], [], ["chat"]]


def test_a_key_that_is_hurried_when_it_is_due_comes_up_once():
    agenda = Agenda()
    agenda.put("chat", 1, 0, together=True)
    agenda.hurry("chat")
    assert due(agenda, 1) == ["chat"]


def test_a_key_that_is_hurried_while_it_is_busy_comes_up_once_it_is_not():
    agenda = Agenda()
    agenda.put("chat", 300, 0, together=True)
    agenda.hurry("chat")
    assert agenda.pop(1, lambda _: True) == []
    assert [due(agenda, now) for now in (2, 3)] == [["chat"], []]


@pytest.mark.parametrize("known", [True, False])
def test_a_key_that_is_gone_is_not_hurried(known):
    agenda = Agenda()
    if known:
        agenda.put("chat", 1, 0, together=True)
        agenda.hurry("chat")
        agenda.drop("chat")
    agenda.hurry("chat")
    assert due(agenda, 1) == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.1, 0.5, 1, 7, None])), max_size=20))
def test_a_key_never_comes_up_more_often_than_its_interval_allows(changes):
    agenda, intervals = Agenda(), {}
    for key, interval in changes:
        if interval is None:
            agenda.drop(key)
            intervals.pop(key, None)
        else:
            agenda.put(key, interval, 100, together=False)
            intervals[key] = interval
    seen = [key for step in range(1, 141) for key in due(agenda, 100 + step / 10)]
    assert {key: seen.count(key) for key in intervals} == {
        key: seen.count(key) for key, interval in intervals.items() if seen.count(key) in expected(interval)
    }
    assert set(seen) <= set(intervals)


def expected(interval):
    turns = 14 / interval
    return {int(turns), int(turns) + 1, int(turns) - 1} if interval > 0.1 else range(130, 142)
