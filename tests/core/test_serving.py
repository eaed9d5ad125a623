"""The fluid of a pool's queue and batches: nothing is lost, steady states are the closed form's, steps do not matter.

And against the fleet's engine, which plays the same requests one by one (figures with `pytest -s`).
"""

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.engine import Profile
from fleet.request import Request
from fleet.router import Router
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.engine import Engine
from poolkeeper.core.serving import Serving

ENGINE = Engine()
PROMPT, OUTPUT = 1155, 211
CAPACITY = ENGINE.capacity(PROMPT, OUTPUT)
END = 600
ARRIVALS = st.builds(Arrival, st.floats(0, 300), st.floats(0, 20_000), st.floats(0, 2000))
PARTS = st.lists(st.tuples(ARRIVALS, st.integers(0, 4), st.floats(0.1, 20)), min_size=1, max_size=25)


def served(rates, ready: int = 8, step: float = 1.0, prompt: float = PROMPT, output: float = OUTPUT) -> Serving:
    """Return what (requests a second and replica, seconds) one after the other come to."""
    serving = Serving(ENGINE)
    for rate, seconds in rates:
        for _ in range(round(seconds / step)):
            serving.advance(Arrival(rate * ready * step, prompt, output), ready, step)
    return serving


@given(PARTS)
def test_no_request_is_lost(parts):
    serving, come = Serving(ENGINE), 0.0
    for arrival, ready, seconds in parts:
        serving.advance(arrival, ready, seconds)
        come += arrival.requests
        assert serving.finished + serving.running + serving.waits.waiting == pytest.approx(come, abs=1e-6)


@given(PARTS)
def test_nothing_is_ever_less_than_nothing(parts):
    serving = Serving(ENGINE)
    for arrival, ready, seconds in parts:
        serving.advance(arrival, ready, seconds)
        parted = (
            serving.prefilling,
            serving.prefill_prompt,
            serving.prefill_output,
            serving.decoding,
            serving.waits.waiting,
        )
        assert min(parted) >= -1e-6


@given(PARTS)
def test_counters_never_fall(parts):
    serving, before = Serving(ENGINE), (0.0,) * 4
    for arrival, ready, seconds in parts:
        serving.advance(arrival, ready, seconds)
        now = (serving.started, serving.finished, serving.prompt_tokens, serving.generation_tokens)
        assert all(new >= old - 1e-6 for old, new in zip(before, now, strict=True))
        before = now


@given(PARTS)
def test_time_passes_as_it_was_told(parts):
    serving = Serving(ENGINE)
    for arrival, ready, seconds in parts:
        serving.advance(arrival, ready, seconds)
    assert serving.clock == pytest.approx(sum(seconds for *_, seconds in parts))


@given(PARTS)
def test_all_tokens_are_served_in_the_end(parts):
    serving = Serving(ENGINE)
    for arrival, ready, seconds in parts:
        serving.advance(arrival, ready, seconds)
    for _ in range(60):
        serving.advance(Arrival(0, 0, 0), 4, 600)
    assert serving.prompt_tokens == pytest.approx(
        sum(one.requests * one.prompt for one, *_ in parts), rel=1e-3, abs=1e-3
    )
    assert serving.generation_tokens == pytest.approx(
        sum(one.requests * one.output for one, *_ in parts), rel=1e-3, abs=1
    )


@pytest.mark.parametrize("rate", [0.5, 3.0, 5.5])
def test_a_steady_pool_runs_what_little_says(rate):
    """Little: running = rate * time of one, and that is output / pace(running)."""
    serving = served([(rate, 900)])
    each = serving.running / 8
    assert each == pytest.approx(rate * OUTPUT / ENGINE.pace(each), rel=1e-4)


def test_a_steady_pool_finishes_what_comes():
    serving = served([(5.0, 900)])
    before = serving.finished
    serving.advance(Arrival(400, PROMPT, OUTPUT), 8, 10)
    assert serving.finished - before == pytest.approx(400)


@pytest.mark.parametrize(("prompt", "output"), [(PROMPT, OUTPUT), (4000, 50), (50, 1000), (30_000, 500)])
@pytest.mark.parametrize("step", [1.0, 10.0])
def test_a_full_pool_finishes_the_engines_capacity(prompt, output, step):
    capacity = ENGINE.capacity(prompt, output)
    serving = served([(capacity * 1.5, 600)], step=step, prompt=prompt, output=output)
    before = serving.finished
    for _ in range(10):
        serving.advance(Arrival(capacity * 12 * step, prompt, output), 8, step)
    assert (serving.finished - before) / (80 * step) == pytest.approx(capacity, rel=1e-3)


def test_a_queue_grows_by_what_nobody_serves():
    serving = served([(7.0, 300)])
    before = serving.waits.waiting
    serving.advance(Arrival(560, PROMPT, OUTPUT), 8, 10)
    assert serving.waits.waiting - before == pytest.approx(560 - 80 * CAPACITY)


@pytest.mark.parametrize(
    "rates",
    [
        [(5.0, 600)],
        [(8.0, 600)],
        [(8.0, 300), (3.0, 600)],
        [(2.0, 100), (6.5, 100), (1.0, 100), (9.0, 100), (4.0, 400)],
    ],
)
def test_one_long_step_is_ten_short_ones(rates):
    """Stated: half a percent of the requests, 1.5 % of who is inside, and 1 % or 0.1 s of the longest waits."""
    short, long = served(rates), served(rates, step=10.0)
    total = short.waits.total
    assert long.finished == pytest.approx(short.finished, abs=0.005 * total)
    assert long.waits.inside(2) == pytest.approx(short.waits.inside(2), abs=0.015)
    assert long.waits.percentile(0.99) == pytest.approx(short.waits.percentile(0.99), rel=0.01, abs=0.1)


def test_nobody_ready_lets_all_wait():
    serving = Serving(ENGINE)
    serving.advance(Arrival(5, PROMPT, OUTPUT), 0, 3)
    assert (serving.waits.waiting, serving.running, serving.clock) == (5, 0, 3)


def test_a_pool_that_wakes_starts_what_waits_at_once():
    serving = Serving(ENGINE)
    serving.advance(Arrival(5, PROMPT, OUTPUT), 0, 3)
    serving.advance(Arrival(0, 0, 0), 1, 1)
    assert (serving.waits.waiting, serving.waits.percentile(1)) == (0, pytest.approx(3, abs=0.01))


def test_what_leaves_is_its_share_of_what_runs():
    serving = served([(5.0, 300)])
    before = serving.running
    assert serving.leave(0.25) == pytest.approx(before / 4)
    assert serving.running == pytest.approx(before * 3 / 4)


def test_an_idle_pool_uses_no_cache():
    assert Serving(ENGINE).kv_usage(2) == 0


def test_a_pool_without_replicas_has_no_cache():
    assert served([(5.0, 60)]).kv_usage(0) == 0


def test_the_cache_holds_prompts_and_half_of_the_output():
    serving = served([(5.0, 900)])
    used = serving.running * (PROMPT + OUTPUT / 2) / (8 * ENGINE.cache_tokens)
    assert serving.kv_usage(8) == pytest.approx(used)


def test_capacity_is_that_of_what_came_last():
    serving = served([(5.0, 60)])
    serving.advance(Arrival(10, 4000, 50), 8, 1)
    assert serving.capacity(3) == 6


def test_capacity_is_unknown_before_the_first():
    assert Serving(ENGINE).capacity(3) == 0


def test_longer_requests_in_full_slots_wait_for_the_batch_to_shrink():
    """400,000 tokens of cache hold 64 short requests, but 10 long ones."""
    serving = served([(9.0, 60)])
    before = serving.started
    serving.advance(Arrival(100_000, 39_000, 1000), 8, 1)
    assert serving.started == before


def test_full_slots_shrink_to_the_batch_of_longer_requests():
    serving = served([(9.0, 60)])
    for _ in range(300):
        serving.advance(Arrival(100, 39_000, 1000), 8, 10)
    assert serving.running == pytest.approx(80, rel=0.1)


@dataclass
class Seen:
    """What 10 minutes came to: share inside 2 s, p99 in seconds, finished, and mean running in the second half."""

    inside: float
    p99: float
    finished: float
    running: float


def drawn(rate: float, seed: int, spread: float) -> list[Request]:
    """Return 10 minutes of Poisson arrivals, with log-normal lengths, or for a spread of 0 all alike."""
    random, now, made = Random(seed), 0.0, []  # noqa: S311  a load, no secret
    while (now := now + random.expovariate(rate * (1.4 if 150 < now < 300 else 0.9))) < END:
        prompt, output = (random.lognormvariate(-(spread**2) / 2, spread) for _ in range(2))
        made.append(Request(now, max(1, round(PROMPT * prompt)), max(2, round(OUTPUT * output))))
    return made


def one_by_one(requests: list[Request], ready: int) -> Seen:
    router, names = Router(Profile()), [str(number) for number in range(ready)]
    for name in names:
        router.join(name, 0)
    router.route_to(names, 0)
    router.expect(iter(requests))
    running = []
    for second in range(1, END + 1):
        router.advance(second)
        running.append(sum(one.running for one in router.replicas.values()))
    waits = sorted((END if one.started is None else one.started) - one.arrival for one in requests)
    done = sum(one.finished is not None for one in requests)
    inside = sum(wait <= 2 for wait in waits) / len(waits)
    return Seen(inside, waits[int(0.99 * len(waits))], done, sum(running[END // 2 :]) / (END // 2))


def as_a_fluid(requests: list[Request], ready: int, step: int) -> Seen:
    serving, running = Serving(ENGINE), []
    for begin in range(0, END, step):
        come = [one for one in requests if begin <= one.arrival < begin + step]
        count = len(come) or 1
        prompt, output = sum(one.prompt_tokens for one in come) / count, sum(one.output_tokens for one in come) / count
        serving.advance(Arrival(len(come), prompt, output), ready, step)
        running.append(serving.running)
    waits = serving.waits
    waits.start(END, END, waits.waiting)
    half = running[len(running) // 2 :]
    return Seen(waits.inside(2), waits.percentile(0.99), serving.finished, sum(half) / len(half))


@pytest.mark.parametrize("step", [1, 10])
@pytest.mark.parametrize("rate", [7.0, 10.0, 12.5])
def test_requests_of_one_length_fare_as_one_by_one(rate, step):
    """Quiet, at the edge, overloaded: 10 a second of 12.1 that two replicas can, and 1.4 times that for 150 s."""
    exact, fluid = one_by_one(drawn(rate, 1, 0.0), 2), as_a_fluid(drawn(rate, 1, 0.0), 2, step)
    print(f"\n{rate} a second, step {step} s\n  {exact}\n  {fluid}")  # noqa: T201  the figures are what it shows
    assert fluid.inside == pytest.approx(exact.inside, abs=0.06)
    assert fluid.p99 == pytest.approx(exact.p99, rel=0.15, abs=1)
    assert fluid.finished == pytest.approx(exact.finished, rel=0.01)
    assert fluid.running == pytest.approx(exact.running, rel=0.03, abs=5)


@pytest.mark.parametrize("rate", [7.0, 10.0, 11.0])
def test_requests_of_many_lengths_fare_nearly_as_one_by_one(rate):
    """Stated: a full pool is 3 % too fast, as the slots of long prompts that are read are left out."""
    exact, fluid = one_by_one(drawn(rate, 1, 0.8), 2), as_a_fluid(drawn(rate, 1, 0.8), 2, 5)
    print(f"\n{rate} a second\n  {exact}\n  {fluid}")  # noqa: T201  the figures are what it shows
    assert fluid.inside == pytest.approx(exact.inside, abs=0.1)
    assert exact.p99 - 20 < fluid.p99 <= exact.p99 + 1
    assert fluid.finished == pytest.approx(exact.finished, rel=0.03)
    assert fluid.running == pytest.approx(exact.running, rel=0.1, abs=5)
