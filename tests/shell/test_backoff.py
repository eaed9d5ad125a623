from datetime import timedelta

from builders import at
from poolkeeper.shell.backoff import Backoff
from poolkeeper.shell.kube_errors import ConflictError, Forbidden


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


def test_a_success_ends_it():
    backoff = refused(3)
    backoff.succeeded()
    assert backoff == Backoff()
