from chaos import events
from chaos.evidence import UNKNOWN
from chaos.members import Kind, Member

CHAT, SPOT = Member("chat", Kind.PODS), Member("chat", Kind.SPOT)


def told(writes, message, at=1000.0, reason="QueueAbove"):
    made = {"involvedObject": {"name": "chat"}, "message": message, "reason": reason}
    return writes("events", made, at, verb="create")


def wrongs(found):
    return [(wrong.what, wrong.at) for wrong in found]


def test_a_change_that_is_told_once_is_right(writes, steps):
    assert events.check([CHAT], [told(writes, "2 -> 3: the queue is long")], steps("chat", 2, (999, 3))) == []


def test_a_change_that_is_told_twice_is_found(writes, steps):
    both = [told(writes, "2 -> 3: the queue is long", at) for at in (1000.0, 1005.0)]
    assert wrongs(events.check([CHAT], both, steps("chat", 2, (999, 3)))) == [("told twice", 1005.0)]


def test_the_same_change_made_twice_may_be_told_twice(writes, steps):
    both = [told(writes, "2 -> 3: the queue is long", at) for at in (1000.0, 1005.0)]
    assert events.check([CHAT], both, steps("chat", 2, (999, 3), (1001, 2), (1004, 3))) == []


def test_a_change_that_never_was_is_found(writes, steps):
    assert len(events.check([CHAT], [told(writes, "2 -> 4: the queue is long")], steps("chat", 2, (999, 3)))) == 1


def test_a_change_that_was_never_told_is_no_credit_for_a_later_double_telling(writes, steps):
    both = [told(writes, "2 -> 3: the queue is long", at) for at in (1000.0, 1001.0)]
    made = steps("chat", 2, (900, 3), (950, 2), (999, 3))
    assert wrongs(events.check([CHAT], both, made)) == [("told twice", 1001.0)]


def test_a_change_that_is_told_before_it_is_made_is_found(writes, steps):
    found = events.check([CHAT], [told(writes, "2 -> 3: the queue is long")], steps("chat", 2, (1003, 3)))
    assert wrongs(found) == [("told twice", 1000.0)]


def test_a_change_that_only_the_watch_has_may_be_seen_after_it_is_told(writes, steps):
    seen = steps("chat", 2, (1003, 3), seat=UNKNOWN)
    assert events.check([CHAT], [told(writes, "2 -> 3: the queue is long")], seen) == []


def test_each_of_two_changes_in_a_row_has_its_own_event(writes, steps):
    both = [told(writes, "2 -> 3: the queue is long", at) for at in (1000.0, 1004.0)]
    assert events.check([CHAT], both, steps("chat", 2, (995, 3), (997, 2), (999, 3))) == []


def test_news_of_no_change_may_come(writes, steps):
    news = told(writes, "the budget is used up", reason="BudgetExceeded")
    assert events.check([CHAT], [news], steps("chat", 2)) == []


def test_an_event_of_a_change_that_cannot_be_read_is_found(writes, steps):
    found = events.check([CHAT], [told(writes, "3 replicas now: the queue is long")], steps("chat", 2, (999, 3)))
    assert wrongs(found) == [("event not read", 1000.0)]


def test_a_split_whose_event_names_no_tier_is_found(writes, steps):
    halves = steps("chat", 1) | steps("chat-spot", 3, (999, 4))
    assert wrongs(events.check([SPOT], [told(writes, "4 -> 5: the queue is long")], halves)) == [
        ("event not read", 1000.0)
    ]


def test_an_event_of_a_pool_in_observe_is_found(writes, steps):
    observed = Member("chat", Kind.OBSERVED)
    found = events.check([observed], [told(writes, "2 -> 3: the queue is long")], steps("chat", 2))
    assert wrongs(found) == [("told twice", 1000.0)]


def test_the_halves_of_a_split_are_told_by_their_tiers(writes, steps):
    halves = steps("chat", 1) | steps("chat-spot", 3, (999, 4))
    assert events.check([SPOT], [told(writes, "4 -> 5 (spot 3 -> 4): the queue is long")], halves) == []


def test_a_move_between_tiers_is_told_without_a_size(writes):
    message = "on-demand 2 -> 1, spot 4 -> 5: spot is back"
    assert events.moves(SPOT, message) == [("chat", 2, 1), ("chat-spot", 4, 5)]
