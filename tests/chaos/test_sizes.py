"""Sizes: bounds, graces, splits. Each wrong thing is planted and must be found; beside it is what is right."""

from chaos import bounds, graces, split
from chaos.evidence import Span
from chaos.members import Kind, Member
from chaos.split import Settled

CHAT = Member("chat", Kind.PODS, grace=6)
SPOT = Member("chat", Kind.SPOT, base=1)
CLOCK = Member("chat", Kind.CLOCK, lifted=4)
ALWAYS = [Span(0, 10_000)]


def words(wrongs):
    return [wrong.words for wrong in wrongs]


def test_all_within_bounds_is_right(steps):
    assert bounds.check([CHAT], steps("chat", 2, (1000, 6), (1010, 5))) == []


def test_more_than_the_cap_is_found(steps):
    assert words(bounds.check([CHAT], steps("chat", 2, (1000, 7)))) == ["2 -> 7 is above 6"]


def test_less_than_the_floor_is_found(steps):
    assert words(bounds.check([CHAT], steps("chat", 2, (1000, 1)))) == ["2 -> 1 is below 2"]


def test_somebody_else_may_do_as_they_like(steps):
    assert bounds.check([CHAT], steps("chat", 2, (1000, 9), seat="")) == []


def test_a_step_back_from_above_is_right(steps):
    assert bounds.check([CHAT], steps("chat", 9, (1000, 8))) == []


def test_any_write_in_observe_is_found(steps):
    observed = Member("chat", Kind.OBSERVED)
    assert len(bounds.check([observed], steps("chat", 2, (1000, 3)))) == 1


def test_a_pin_is_both_bounds(steps):
    pinned = Member("chat", Kind.PINNED, pin=3)
    assert len(bounds.check([pinned], steps("chat", 3, (1000, 4), (1001, 3), (1002, 2)))) == 2


def test_below_the_windows_floor_is_found(steps):
    in_force = 120 * 60.0 + 30
    assert words(bounds.check([CLOCK], steps("chat", 4, (in_force, 3)))) == ["4 -> 3 is below 4"]


def test_what_was_decided_before_the_window_began_is_right(steps):
    just_in_force = 120 * 60.0 + 1
    assert bounds.check([CLOCK], steps("chat", 4, (just_in_force, 3))) == []


def test_both_halves_count_together(steps):
    halves = steps("chat", 1, (1000, 6)) | steps("chat-spot", 4)
    assert words(bounds.check([SPOT], halves)) == ["5 -> 10 is above 9"]


def test_a_step_after_a_whole_grace_is_right(steps):
    assert graces.check([CHAT], steps("chat", 4, (1000, 3), (1006, 2)), {"chat": [Span(980, 994)]}, ALWAYS) == []


def test_a_step_too_soon_after_a_long_queue_is_found(steps):
    found = graces.check([CHAT], steps("chat", 4, (1000, 3)), {"chat": [Span(980, 997)]}, ALWAYS)
    assert [wrong.what for wrong in found] == ["no valid grace"]


def test_a_step_while_the_metric_tells_nothing_is_found(steps):
    outage = [Span(980, 999.9)]
    assert len(graces.check([CHAT], steps("chat", 4, (1000, 3)), {"chat": outage}, ALWAYS)) == 1


def test_a_break_that_nobody_could_see_for_sure_proves_nothing(steps):
    terms = [Span(0, 983), Span(995, 10_000)]
    assert graces.check([CHAT], steps("chat", 4, (1000, 3)), {"chat": [Span(980, 998)]}, terms) == []


def test_two_steps_within_one_grace_are_found(steps):
    found = graces.check([CHAT], steps("chat", 4, (1000, 3), (1003, 2)), {}, ALWAYS)
    assert [wrong.what for wrong in found] == ["no grace between two steps"]


def test_a_step_begins_with_the_marks_on_the_pods_that_are_to_go(steps, writes):
    marks = [writes("pods", {}, 996.1, name="chat-0")]
    assert graces.check([CHAT], steps("chat", 4, (1000, 3), (1003, 2)), {}, ALWAYS, marks) == []


def test_marks_of_the_step_before_excuse_nothing(steps, writes):
    marks = [writes("pods", {}, 990.1, name="chat-0")]
    assert len(graces.check([CHAT], steps("chat", 4, (991, 3), (1000, 2), (1003, 1)), {}, ALWAYS, marks)) == 1


def test_two_replicas_at_once_are_found(steps):
    found = graces.check([CHAT], steps("chat", 4, (1000, 2)), {}, ALWAYS)
    assert [wrong.what for wrong in found] == ["more than a step"]


def test_the_first_fall_after_a_break_is_held_to_it_and_the_next_to_the_fall_before(steps):
    made = steps("chat", 5, (1000, 4), (1006, 3), (1040, 2))
    found = graces.judged([CHAT], made, {"chat": [Span(980, 994), Span(1010, 1020)]}, ALWAYS)
    assert (found.breaks, found.after_breaks, found.after_falls) == (2, 2, 2)


def test_a_break_that_nobody_could_see_for_sure_judges_nothing(steps):
    terms = [Span(0, 983), Span(995, 10_000)]
    assert graces.judged([CHAT], steps("chat", 4, (1000, 3)), {"chat": [Span(980, 998)]}, terms) == (0, 0, 0)


def test_growth_waits_for_no_grace(steps):
    assert graces.check([CHAT], steps("chat", 2, (1000, 4), (1001, 6)), {"chat": [Span(900, 1001)]}, ALWAYS) == []


def test_a_split_that_is_not_exact_is_found():
    found = split.exact([SPOT], [Settled(1000, "chat", 2, 4), Settled(1001, "chat", 1, 5)])
    assert words(found) == ["2 + 4, not 1 on on-demand"]


def test_fewer_ready_than_the_size_after_a_step_of_ours_is_found(steps):
    halves = steps("chat", 2, (1000, 1)) | steps("chat-spot", 4)
    assert words(split.kept(split.held([SPOT], halves, {"chat": [(0, 5), (1001, 4)]}, []))) == [
        "chat 2 -> 1 left 4 ready, of 5"
    ]


def test_as_many_ready_as_the_size_after_a_step_is_right(steps):
    halves = steps("chat", 2, (1000, 1)) | steps("chat-spot", 4)
    assert split.kept(split.held([SPOT], halves, {"chat": [(0, 6), (1001, 5)]}, [])) == []


def test_what_a_reclaim_took_is_not_by_our_own_hand(steps):
    halves = steps("chat", 2, (1000, 1)) | steps("chat-spot", 4)
    assert split.held([SPOT], halves, {"chat": [(0, 5), (1001, 4)]}, [Span(990, 1010)]) == []


def test_a_size_is_told_by_its_half_on_spot():
    assert [split.wanted(Member("chat", Kind.SPOT, percent=40), spot) for spot in (0, 1, 2, 3)] == [0, 2, 4, 5]
