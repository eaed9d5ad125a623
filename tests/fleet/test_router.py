from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from fleet.arrivals import requests
from fleet.engine import Profile
from fleet.report import places
from fleet.request import Request
from fleet.router import Router, later
from fleet.shapes import constant

SMALL = Profile(slots=2, prefill_rate=1000.0, decode_rate=20.0, half_batch=4.0, cache_tokens=10_000)


def routed(*pods: str, arrivals: int = 0, retry: bool = False) -> Router:
    router = Router(SMALL, retry=retry)
    for pod in pods:
        router.join(pod, 0.0)
    router.route_to(pods, 0.0)
    router.expect(iter([Request(0.0, 10, 100) for _ in range(arrivals)]))
    router.advance(0.0)
    return router


def loads(router: Router) -> dict[str, int]:
    return {uid: replica.load for uid, replica in router.replicas.items()}


def test_requests_go_to_the_least_loaded() -> None:
    assert loads(routed("a", "b", "c", arrivals=7)) == {"a": 3, "b": 2, "c": 2}


def test_what_counts_is_what_is_there_now() -> None:
    router = routed("a", "b")
    router.expect(iter([Request(0.0, 10, 5000), Request(0.0, 10, 2), Request(50.0, 10, 5000)]))
    router.advance(60.0)
    assert loads(router) == {"a": 1, "b": 1}


def test_idle_replicas_take_turns() -> None:
    router = routed("a", "b")
    router.expect(iter([Request(at * 100.0, 10, 2) for at in range(4)]))
    router.advance(1000.0)
    assert {uid: replica.measures.success["stop"] for uid, replica in router.replicas.items()} == {"a": 2, "b": 2}


def test_requests_are_held_while_no_replica_is_ready() -> None:
    router = routed(arrivals=3)
    assert places(router.requests)["held"] == 3


def test_held_requests_go_to_the_first_that_is_ready() -> None:
    router = routed(arrivals=3)
    router.join("a", 5.0)
    router.route_to(["a"], 5.0)
    assert [each.started for each in router.requests] == [5.0, 5.0, None]


def test_a_pod_that_leaves_the_route_finishes_what_it_has() -> None:
    router = routed("a", arrivals=2)
    router.route_to([], 0.0)
    router.advance(1000.0)
    assert places(router.requests)["finished"] == 2


def test_a_pod_that_dies_cuts_off_what_it_held() -> None:
    router = routed("a", "b", arrivals=6)
    router.leave("a", 0.1)
    assert places(router.requests)["cut_off"] == 3


def test_what_was_cut_off_is_tried_again_where_that_is_wanted() -> None:
    router = routed("a", "b", arrivals=6, retry=True)
    router.leave("a", 0.1)
    router.advance(1000.0)
    assert (places(router.requests)["finished"], router.retried) == (6, 3)


def test_a_second_try_counts_its_wait_from_the_arrival() -> None:
    router = routed("a", arrivals=1, retry=True)
    router.leave("a", 3.0)
    router.join("b", 10.0)
    router.route_to(["b"], 10.0)
    assert router.requests[0].started == 10.0


def test_counters_die_with_their_pod() -> None:
    router = routed("a", arrivals=1)
    router.advance(1000.0)
    router.leave("a", 1000.0)
    router.join("a", 1000.0)
    assert router.replicas["a"].measures.success["stop"] == 0


acts = st.lists(st.tuples(st.floats(0.1, 20), st.sampled_from("abcd"), st.sampled_from(["join", "leave", "drain"])))


@given(acts, st.booleans(), st.integers(0, 1000))
def test_every_request_is_in_exactly_one_place(acts: list[tuple[float, str, str]], retry: bool, seed: int) -> None:  # noqa: FBT001
    router, now, open_to = Router(SMALL, retry=retry), 0.0, set[str]()
    given = list(requests(constant(1.0, 60), seed))
    router.expect(iter(given))
    for gap, pod, act in acts:
        now += gap
        router.advance(now)
        open_to = _change(router, open_to, pod, act, now)
    found = places(router.requests)
    inside = {"waiting": sum(len(each.waiting) for each in router.replicas.values()), "held": len(router.held)}
    assert sum(found.values()) == sum(each.arrival <= now for each in given)
    assert {place: found[place] for place in inside} == inside
    assert found["running"] == sum(each.running for each in router.replicas.values())


def _change(router: Router, open_to: set[str], pod: str, act: str, now: float) -> set[str]:
    if act == "join" and pod not in router.replicas:
        router.join(pod, now)
        open_to = open_to | {pod}
    elif act == "leave" and pod in router.replicas:
        router.leave(pod, now)
    if act != "join":
        open_to = open_to - {pod}
    router.route_to(open_to, now)
    return open_to


def test_the_same_seed_gives_the_same_run() -> None:
    def run() -> list[float | None]:
        router = routed("a", "b")
        router.expect(requests(constant(2.0, 100), seed=9))
        router.advance(500.0)
        return [each.finished for each in router.requests]

    assert run() == run()


def test_later_requests_keep_their_gaps() -> None:
    arrivals = [each.arrival for each in later(iter([Request(0.0, 1, 1), Request(2.0, 1, 1)]), 5.0)]
    assert [after - before for before, after in pairwise(arrivals)] == [2.0]
    assert arrivals[0] == 5.0
