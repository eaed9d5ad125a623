"""Where one core is not enough for all looks, all intervals grow together, and no further than they must."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.shell.tempo import AIM, DEAREST, LATE, USUAL, Strain, Tempo

OTHERS = 0.05
"""What everything else takes of the core."""


def run(cost, looks, seconds, tempo=None, core=1.0):
    """Let looks that cost so many seconds each be done at the tempo's pace; return the tempo."""
    tempo = tempo or Tempo(0)
    for second in range(1, seconds + 1):
        wanted = OTHERS + looks * cost / tempo.stretch
        tempo.adapt(looks, Strain(min(core, wanted), 1.0 if wanted > core else 0.001), second)
    return tempo


def test_time_is_time_while_there_is_time_for_all():
    tempo = run(0.0005, 1000, 60)
    assert (tempo.stretch, tempo.now(60)) == (1.0, 60)


def test_intervals_grow_until_the_looks_leave_room():
    stretch = run(0.0005, 10_000, 60).stretch
    assert 0.05 + 10_000 * 0.0005 / stretch == pytest.approx(AIM, rel=0.01)


def test_it_takes_seconds_to_grow():
    assert 0.05 + 10_000 * 0.0005 / run(0.0005, 10_000, 10).stretch < 1


def test_what_others_take_of_the_core_counts_as_lateness():
    tempo = Tempo(0)
    tempo.adapt(10_000, Strain(0.2, 2 * LATE), 1)
    assert tempo.stretch > 1


def test_intervals_are_as_asked_again_once_there_is_time():
    tempo = run(0.0005, 10_000, 60)
    assert run(0.00005, 10_000, 60, tempo).stretch == 1


def test_what_is_no_look_does_not_slow_them_down_for_good():
    tempo = Tempo(0)
    for second in range(1, 600):
        tempo.adapt(10_000, Strain(1.0, 5.0), second)
    assert tempo.stretch == pytest.approx(10_000 * DEAREST * USUAL / AIM)


def test_where_others_have_most_of_the_core_intervals_grow_beyond_what_a_whole_one_would_want():
    """1,500 looks of half a millisecond want 0.8 of a core; here is a fifth of one."""
    tempo = Tempo(0)
    most = max(run(0.0005, 1500, 1, tempo, core=0.2).stretch for _ in range(60))
    assert OTHERS + 1500 * 0.0005 / most <= 0.2


def test_a_turn_that_took_long_counts_for_its_length():
    slow, quick = Tempo(0), Tempo(0)
    slow.adapt(10_000, Strain(1.0, 5.0, lasted=3), 3)
    for second in (1, 2, 3):
        quick.adapt(10_000, Strain(1.0, 5.0), second)
    assert slow.stretch == pytest.approx(quick.stretch)


def test_few_pools_are_never_slowed_down():
    tempo = Tempo(0)
    for second in range(1, 60):
        tempo.adapt(100, Strain(1.0, 5.0), second)
    assert tempo.stretch == 1


def test_thousands_of_new_pools_are_not_begun_at_once():
    tempo = Tempo(0)
    tempo.expect(10_000, 0)
    assert tempo.stretch == pytest.approx(10_000 * USUAL / AIM)


def test_a_new_pool_among_many_that_were_measured_is_guessed_alone():
    tempo = run(0.0001, 10_000, 60)
    before = tempo.stretch
    tempo.expect(1, 60)
    assert before <= tempo.stretch <= before + 2 * USUAL / AIM


def test_new_pools_take_what_is_left_of_the_core_before_intervals_grow():
    tempo = run(0.0001, 4_000, 60)  # 0.45 of a core
    tempo.expect(400, 60)
    assert tempo.stretch == 1


def test_thousands_of_new_pools_among_many_that_were_measured_are_not_begun_at_once():
    tempo = run(0.0005, 10_000, 60)
    before = tempo.stretch
    tempo.expect(10_000, 60)
    assert tempo.stretch == pytest.approx(before + 10_000 * USUAL / AIM, rel=0.05)


def test_few_new_pools_are_begun_at_once():
    tempo = Tempo(0)
    tempo.expect(100, 0)
    assert tempo.stretch == 1


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 2), st.floats(0.01, 5)), max_size=50))
def test_the_looks_time_never_goes_back_and_never_outruns_time(seconds):
    tempo, at, before = Tempo(0), 0.0, 0.0
    for late, busy, after in seconds:
        at += after
        now = tempo.now(at)
        assert before <= now <= before + after + 1e-9
        tempo.adapt(10_000, Strain(busy, late), at)
        assert tempo.now(at) == pytest.approx(now)
        before = now


def test_what_was_due_before_intervals_grew_is_late_by_the_time_that_has_passed():
    tempo = Tempo(0)
    tempo.expect(14_000, 10)
    assert (tempo.since(4, 12), tempo.since(10, 12)) == (8, 2)


def test_what_is_due_later_is_late_by_as_much():
    tempo = Tempo(0)
    tempo.expect(14_000, 0)
    assert tempo.since(tempo.now(7), 9) == pytest.approx(2)
