"""What one replica can do, against the arithmetic of the fleet's engine."""

from math import inf

import pytest

from fleet.engine import Profile
from poolkeeper.core.engine import Engine

ENGINE = Engine()


def test_the_preset_is_the_fleets():
    profile = Profile()
    assert [getattr(profile, name) for name in Engine.__slots__] == [getattr(ENGINE, name) for name in Engine.__slots__]


def test_a_batch_has_no_more_than_its_slots():
    assert ENGINE.batch(1155, 211) == 64


def test_a_batch_has_no_more_than_the_cache_holds():
    assert ENGINE.batch(39_000, 1000) == 10


def test_a_request_larger_than_the_cache_runs_alone():
    assert ENGINE.batch(500_000, 1000) == 1


def test_requests_without_tokens_fill_the_slots():
    assert ENGINE.batch(0, 0) == 64


def test_azures_mean_conversation_is_six_a_second():
    assert ENGINE.capacity(1155, 211) == pytest.approx(64 * 20 / 211)


def test_long_prompts_are_as_fast_as_they_are_read():
    assert ENGINE.capacity(4000, 50) == 2


@pytest.mark.parametrize(("prompt", "output", "capacity"), [(0, 0, inf), (800, 0, 10), (0, 128, 10)])
def test_what_a_request_lacks_costs_nothing(prompt, output, capacity):
    assert ENGINE.capacity(prompt, output) == capacity


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_the_pace_is_the_fleets(batch):
    assert ENGINE.pace(batch) == Profile().pace(batch)
