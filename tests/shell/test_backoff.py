from datetime import timedelta

import pytest

from builders import at
from poolkeeper.shell.backoff import Backoff
from poolkeeper.shell.kube_errors import ConflictError, Forbidden, Invalid, TooManyRequests


def refused(times):
    backoff = Backoff()
    for _ in range(times):
        backoff.failed(Forbidden("no", status=403), at(0))
    return backoff


def test_rests_double_up_to_half_a_minute():
    assert [refused(times).until for times in (1, 2, 3, 9)] == [at(0.5), at(1), at(2), at(30)]


def test_the_server_may_ask_for_a_longer_rest_but_not_for_ever():
    backoff = Backoff()
    backoff.failed(Forbidden("no", status=403, retry_after=timedelta(hours=1)), at(0))
    assert backoff.until == at(30)


def test_a_conflict_is_no_refusal():
    backoff = refused(3)
    backoff.failed(ConflictError("modified", status=409), at(0))
    assert (backoff.rests(at(0)), backoff.problem) == (False, "")


@pytest.mark.parametrize(
    ("error", "times", "lasting"),
    [(Forbidden, 1, True), (Invalid, 1, True), (TooManyRequests, 1, False), (TooManyRequests, 2, True)],
)
def test_a_plain_no_lasts_and_so_does_what_comes_again(error, times, lasting):
    backoff = Backoff()
    for _ in range(times):
        backoff.failed(error("no", status=400), at(0))
    assert backoff.lasting is lasting


def test_a_success_ends_it():
    backoff = refused(3)
    backoff.succeeded()
    assert backoff == Backoff()
