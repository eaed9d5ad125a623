import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.shell.agenda import CROWD, SPARE, Agenda


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


def crowded(count):
    """Return an agenda of so many keys that read Prometheus."""
    agenda = Agenda()
    for number in range(count):
        agenda.put(f"pool-{number}", 1, 0, together=True)
    return agenda


def test_many_keys_that_read_prometheus_come_up_in_crowds():
    agenda = crowded(10 * CROWD)
    agenda.pop(1)
    crowds = [len(found) for step in range(1001, 2001) if (found := due(agenda, step / 1000))]
    assert (sum(crowds), len(crowds), max(crowds) < 2 * CROWD) == (10 * CROWD, 16, True)


def test_crowds_come_together_again_when_most_are_gone():
    agenda = crowded(10 * CROWD)
    for number in range(CROWD // 5, 10 * CROWD):
        agenda.drop(f"pool-{number}")
    agenda.put("pool-0", 1, 5, together=True)
    assert sorted(due(agenda, 6)) == sorted(f"pool-{number}" for number in range(CROWD // 5))


def test_who_comes_and_goes_at_the_edge_of_a_crowd_moves_nobody():
    agenda = crowded(CROWD + 1)
    before = dict(agenda._grid)  # noqa: SLF001  where they stand
    agenda.drop("pool-7")
    agenda.put("pool-7", 1, 0.5, together=True)
    assert agenda._grid == before  # noqa: SLF001


def test_a_key_comes_up_once_in_each_interval_while_crowds_part():
    agenda, seen = Agenda(), []
    for second in range(30):
        for number in range(20):
            agenda.put(f"pool-{20 * second + number}", 1, second, together=True)
        for step in range(10):
            seen += [key for key in due(agenda, second + step / 10) if key == "pool-0"]
    assert 28 <= len(seen) <= 31


def test_the_rate_is_how_many_come_up_a_second():
    agenda = Agenda()
    for key, interval in (("a", 1), ("b", 0.5), ("c", 10), ("b", 2), ("d", 1)):
        agenda.put(key, interval, 0, together=False)
    agenda.drop("d")
    agenda.drop("d")
    assert agenda.rate == pytest.approx(1.6)


def test_more_than_may_come_up_at_once_stay_due_and_come_up_next():
    agenda = Agenda()
    for number in range(10):
        agenda.put(f"pool-{number}", 1, 0, together=True)
    first, second = agenda.pop(1, most=6), agenda.pop(1.1, most=6)
    assert (len(first), len(second), len({key for key, _ in (*first, *second)})) == (6, 4, 10)


def test_who_waited_because_of_others_is_told_how_long():
    agenda = Agenda()
    for key in ("a", "b"):
        agenda.put(key, 1, 0, together=True)
    agenda.pop(1, most=1)
    assert [late for _, late in agenda.pop(1.25, most=1)] == [0.25]


def due_at_most(agenda, most):
    return [key for key, _ in agenda.pop(1, most=most)]


def test_a_reclaim_makes_no_more_come_up_at_once_than_may():
    agenda = Agenda()
    for number in range(10):
        agenda.put(f"pool-{number}", 300, 0, together=True)
        agenda.hurry(f"pool-{number}")
    turns = [due_at_most(agenda, 4) for _ in range(4)]
    assert ([len(turn) for turn in turns], len({key for turn in turns for key in turn})) == ([4, 4, 2, 0], 10)


def test_who_hurries_goes_before_who_is_due():
    agenda = Agenda()
    for key, interval in (("due", 1), ("hurried", 300)):
        agenda.put(key, interval, 0, together=True)
    agenda.hurry("hurried")
    assert [due_at_most(agenda, 1) for _ in range(2)] == [["hurried"], ["due"]]


def test_keys_that_come_and_go_before_anything_comes_up_leave_nothing_behind():
    agenda = Agenda()
    agenda.put("chat", 60, 0, together=True)
    for number in range(10 * SPARE):
        agenda.put(f"pool-{number}", 60, 0, together=False)
        agenda.drop(f"pool-{number}")
    assert (len(agenda._due) <= 2 * SPARE, due(agenda, 60)) == (True, ["chat"])  # noqa: SLF001  what is kept


def test_a_key_whose_interval_changes_without_end_comes_up_as_it_was_last_asked_for():
    agenda = Agenda()
    for number in range(10 * SPARE):
        agenda.put("chat", 2 + number % 3, 0, together=True)
    assert [second for second in range(1, 7) if due(agenda, second)] == [2, 4, 6]
