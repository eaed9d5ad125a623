from chaos import events
from chaos.members import Kind, Member

CHAT, SPOT = Member("chat", Kind.PODS), Member("chat", Kind.SPOT)


def told(writes, message, at=1000.0):
    return writes("events", {"involvedObject": {"name": "chat"}, "message": message}, at, verb="create")


def test_a_change_that_is_told_once_is_right(writes, steps):
    assert events.check([CHAT], [told(writes, "2 -> 3: the queue is long")], steps("chat", 2, (999, 3))) == []


def test_a_change_that_is_told_twice_is_found(writes, steps):
    both = [told(writes, "2 -> 3: the queue is long", at) for at in (1000.0, 1005.0)]
    assert [wrong.at for wrong in events.check([CHAT], both, steps("chat", 2, (999, 3)))] == [1005.0]


def test_the_same_change_made_twice_may_be_told_twice(writes, steps):
    both = [told(writes, "2 -> 3: the queue is long", at) for at in (1000.0, 1005.0)]
    assert events.check([CHAT], both, steps("chat", 2, (999, 3), (1001, 2), (1004, 3))) == []


def test_a_change_that_never_was_is_found(writes, steps):
    assert len(events.check([CHAT], [told(writes, "2 -> 4: the queue is long")], steps("chat", 2, (999, 3)))) == 1


def test_news_of_no_change_may_come(writes, steps):
    assert events.check([CHAT], [told(writes, "the budget is used up")], steps("chat", 2)) == []


def test_the_halves_of_a_split_are_told_by_their_tiers(writes, steps):
    halves = steps("chat", 1) | steps("chat-spot", 3, (999, 4))
    assert events.check([SPOT], [told(writes, "4 -> 5 (spot 3 -> 4): the queue is long")], halves) == []


def test_a_move_between_tiers_is_told_without_a_size(writes):
    message = "on-demand 2 -> 1, spot 4 -> 5: spot is back"
    assert events.moves(SPOT, message) == [("chat", 2, 1), ("chat-spot", 4, 5)]
