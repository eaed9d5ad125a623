"""Figures of engines: the published ones hold together, and a pool's own are found from its counters."""

import random
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from builders import START
from fleet.engine import Profile, Replica
from fleet.request import Request
from poolkeeper.core.engine import Engine
from poolkeeper.core.observation import PodSample, Reading
from poolkeeper.simulate.presets import PRESETS, CalibrationError, calibrate

TRUE = Profile(slots=32, prefill_rate=6000, decode_rate=50, half_batch=40, cache_tokens=90_000)
PROMPT, OUTPUT = 600, 150
LOOK = 60
RATES = (0.5, 1, 2, 3, 4, 5, 9)
"""Requests a second: from one at a time to a queue."""
HOUR = 3600


def sample(replica: Replica) -> PodSample:
    """Return what a replica's page shows."""
    measures = replica.measures
    spent = {name: measures.histograms[f"request_{name}_time_seconds"].total / HOUR for name in ("prefill", "decode")}
    return PodSample(
        "a",
        len(replica.waiting),
        replica.running,
        replica.cache_use,
        requests=measures.success["stop"],
        prompt_tokens=measures.prompted,
        generation_tokens=measures.generated,
        prefill_hours=spent["prefill"],
        decode_hours=spent["decode"],
    )


@cache
def readings(looks: int = 12) -> tuple[Reading, ...]:
    """Return looks at one simulated replica, so many at each rate, each minute one."""
    replica, chance, at = Replica(TRUE, 0.0), random.Random(7), 0.0  # noqa: S311  the same draws each time
    found = []
    for number in range(looks * len(RATES)):
        until = (number + 1) * LOOK
        while (at := at + chance.expovariate(RATES[number // looks])) < until:
            output = round(chance.uniform(0.5, 1.5) * OUTPUT)
            replica.submit(Request(at, round(chance.uniform(0.5, 1.5) * PROMPT), output), at)
        replica.advance(until)
        found.append(Reading("pods", START + timedelta(seconds=until), pods=(sample(replica),)))
    return tuple(found)


@pytest.mark.parametrize("name", ["prefill_rate", "decode_rate"])
def test_a_rate_of_a_simulated_replica_is_found_within_a_few_percent(name):
    assert getattr(calibrate(readings()), name) == pytest.approx(getattr(TRUE, name), rel=0.05)


def test_the_batch_at_which_a_simulated_replica_is_half_as_fast_is_found():
    assert calibrate(readings()).half_batch == pytest.approx(TRUE.half_batch, rel=0.1)


def test_the_cache_of_a_simulated_replica_is_found_within_a_few_percent():
    assert calibrate(readings()).cache_tokens == pytest.approx(TRUE.cache_tokens, rel=0.05)


def test_the_slots_are_what_runs_while_others_wait():
    assert calibrate(readings()).slots == TRUE.slots


def test_the_slots_of_a_replica_that_never_had_a_queue_are_the_usual_ones():
    assert calibrate(readings()[:36]).slots == Engine().slots


def test_the_cache_of_an_engine_that_does_not_tell_it_is_the_usual_one():
    untold = [replace(one, pods=tuple(pod._replace(kv_usage=None) for pod in one.pods)) for one in readings()]
    assert calibrate(untold).cache_tokens == Engine().cache_tokens


def test_a_restart_between_two_looks_is_left_out():
    empty = replace(readings()[0], pods=(PodSample("a", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),), at=START + timedelta(days=1))
    assert calibrate([*readings(), empty]) == calibrate(readings())


def test_an_even_load_tells_rates_and_no_more():
    pods = [PodSample("a", 0, 8, 0.1, 0, 0, n * 60, n * 36_000, n * 9_000, n * 0.001, n * 0.1) for n in range(5)]
    looks = [Reading("pods", START + n * timedelta(minutes=1), pods=(pod,)) for n, pod in enumerate(pods)]
    found = calibrate(looks)
    assert (found.prefill_rate, found.decode_rate) == (pytest.approx(10_000), pytest.approx(25))


def test_an_engine_without_the_times_tells_nothing():
    untold = [replace(one, pods=tuple(pod._replace(prefill_hours=None) for pod in one.pods)) for one in readings()]
    with pytest.raises(CalibrationError, match="0 stretches of work tell nothing"):
        calibrate(untold)


@pytest.mark.parametrize(
    ("name", "prompt", "output", "published"),
    [
        ("2xh100-llama-3.3-70b-fp8", 5000, 500, 920),
        ("2xb200-nemotron-nano-30b-fp8", 2048, 512, 18_746),
        ("rtx4090-mistral-7b", 256, 100, 1190),
        ("l4-qwen2.5-0.5b", 256, 128, 3773),
    ],
)
def test_a_preset_gives_the_output_tokens_a_second_that_were_published(name, prompt, output, published):
    assert PRESETS[name].engine.capacity(prompt, output) * output == pytest.approx(published, rel=0.2)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_where_it_is_from(name):
    assert "tokens" in PRESETS[name].source or "assumed" in PRESETS[name].source
