"""Deaths: as many as were asked for, in bursts with pauses between, within the run."""

from itertools import groupby

import pytest

from chaos.deaths import BURST, EARLIEST, LATEST, LED, PAUSE, Deaths


def waits(kills, seconds, seed=1):
    """The seconds that somebody leads before each kill of a run in which nobody leads for two fifths of the time."""
    deaths, left = Deaths(kills, seed), seconds
    for killed in range(kills):
        wait = deaths.wait(killed, left)
        left -= wait / LED if wait != PAUSE else wait
        yield wait


@pytest.mark.parametrize(("kills", "seconds"), [(200, 1800), (67, 600), (13, 120), (3, 30)])
def test_all_are_killed_within_the_run(kills, seconds):
    assert sum(wait if wait == PAUSE else wait / LED for wait in waits(kills, seconds)) < seconds * 1.1


def test_between_two_bursts_there_is_a_pause():
    runs = [(pause, len(list(found))) for pause, found in groupby(waits(200, 1800), lambda wait: wait == PAUSE)]
    assert {count for pause, count in runs if pause} == {1}
    assert [count for pause, count in runs if not pause][1:-1] == [BURST - 1] * (len(runs) // 2 - 1)


def test_a_run_of_one_burst_has_no_pause():
    assert PAUSE not in waits(BURST, 60)


def test_lives_are_of_many_lengths_about_the_mean():
    first = [Deaths(3, seed).wait(0, 30) for seed in range(50)]
    assert (EARLIEST * 6 <= min(first) < 4, 8 < max(first) <= LATEST * 6) == (True, True)


def test_who_was_killed_often_enough_is_spared():
    assert Deaths(3, 1).wait(3, 100) == float("inf")
