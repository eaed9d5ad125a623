from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.arrivals import requests
from fleet.engine import Profile, Replica
from fleet.request import Request
from fleet.shapes import constant

ALONE = Profile(slots=2, prefill_rate=100.0, decode_rate=10.0, half_batch=1.0, cache_tokens=1000)


def served(profile: Profile, *given: Request, until: float = 1e6) -> Replica:
    replica = Replica(profile, 0.0)
    for request in given:
        replica.submit(request, request.arrival)
    replica.advance(until)
    return replica


def test_a_prompt_takes_its_tokens_over_the_prefill_rate() -> None:
    request = Request(0.0, 50, 1)
    served(ALONE, request)
    assert request.first_token == request.finished == 0.5


def test_output_takes_its_tokens_but_the_first_over_the_decode_rate() -> None:
    request = Request(0.0, 50, 11)
    served(ALONE, request)
    assert request.finished == pytest.approx(0.5 + 10 / 5.0)  # at a batch of one, half_batch 1: 10 / (1 + 1)


def test_prompts_are_prefilled_one_after_the_other() -> None:
    first, second = Request(0.0, 100, 5), Request(0.0, 100, 5)
    served(ALONE, first, second)
    assert (first.first_token, second.first_token) == (1.0, 2.0)


def test_decoding_slows_with_the_batch() -> None:
    first, second = Request(0.0, 0, 31), Request(0.0, 0, 31)
    served(ALONE, first, second)
    assert first.finished == pytest.approx(30 / (10 / 3))


def test_a_third_request_waits_for_one_of_two_slots() -> None:
    given = [Request(0.0, 10, 21) for _ in range(3)]
    served(ALONE, *given)
    assert given[2].started == given[0].finished


def test_a_request_waits_until_its_tokens_fit_the_cache() -> None:
    large, small = Request(0.0, 900, 51), Request(0.0, 90, 21)
    served(ALONE, large, small)
    assert small.started == large.finished


def test_a_request_larger_than_the_cache_runs_alone() -> None:
    huge = Request(0.0, 5000, 2)
    assert served(ALONE, huge).cache_use == 0.0
    assert huge.finished is not None


def test_the_cache_holds_prompts_and_what_was_given_since() -> None:
    replica = served(ALONE, Request(0.0, 100, 101), until=1.0 + 10.0)
    assert replica.cache_use == pytest.approx((100 + 50) / 1000)


sizes = st.tuples(st.floats(0, 5), st.integers(0, 300), st.integers(1, 60))
bursts = st.lists(sizes, min_size=1, max_size=40)


def paced(burst: list[tuple[float, int, int]]) -> list[Request]:
    arrival, found = 0.0, []
    for gap, prompt, output in burst:
        arrival += gap
        found.append(Request(arrival, prompt, output))
    return found


@given(bursts)
def test_no_more_run_than_there_are_slots(burst: list[tuple[float, int, int]]) -> None:
    replica = Replica(ALONE, 0.0)
    for request in paced(burst):
        replica.submit(request, request.arrival)
        assert replica.running <= ALONE.slots


@given(bursts)
def test_counters_never_fall(burst: list[tuple[float, int, int]]) -> None:
    replica, seen = Replica(ALONE, 0.0), [(0.0, 0.0)]
    for request in paced(burst):
        replica.submit(request, request.arrival)
        seen.append((replica.measures.prompted, replica.measures.generated))
    assert all(before[at] <= after[at] for before, after in pairwise(seen) for at in (0, 1))


@given(bursts)
def test_every_token_is_counted_once(burst: list[tuple[float, int, int]]) -> None:
    given = paced(burst)
    measures = served(ALONE, *given).measures
    assert measures.prompted == sum(each.prompt_tokens for each in given)
    assert measures.generated == pytest.approx(sum(each.output_tokens for each in given))


@given(bursts, st.floats(0.01, 3))
def test_how_often_it_is_looked_at_changes_nothing(burst: list[tuple[float, int, int]], step: float) -> None:
    seldom, often = paced(burst), paced(burst)
    served(ALONE, *seldom)
    replica = Replica(ALONE, 0.0)
    for request in often:
        for number in count():
            at = number * step
            if at > request.arrival or number > 50:
                break
            replica.advance(max(at, replica._now))  # noqa: SLF001  the clock may not go back
        replica.submit(request, request.arrival)
    replica.advance(1e6)
    assert [each.finished for each in often] == pytest.approx([each.finished for each in seldom])


def test_littles_law_holds_under_a_constant_load() -> None:
    replica, inside, profile = Replica(Profile(), 0.0), 0.0, Profile()
    given = list(requests(constant(3.0, 2000), seed=5))
    for before, request in zip([Request(0.0, 0, 1), *given], given, strict=False):
        inside += replica.load * (request.arrival - before.arrival)
        replica.submit(request, request.arrival)
    replica.advance(1e6)
    spent = sum((each.finished or 0) - each.arrival for each in given)
    assert replica.profile == profile
    assert inside / given[-1].arrival == pytest.approx(spent / len(given) * 3.0, rel=0.05)


def test_the_preset_serves_six_typical_requests_a_second() -> None:
    given = list(requests(constant(8.0, 600), seed=1))
    replica = served(Profile(), *given, until=600.0)
    assert sum(replica.measures.success.values()) / 600 == pytest.approx(6.0, rel=0.1)
