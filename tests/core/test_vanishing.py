"""Queues that are not there while they are empty: `empty` is believed of those that were seen to hold something."""

from builders import START
from poolkeeper.core.observation import Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.core.vanishing import KEPT, believed

JOBS = "list 'jobs' of redis 'default'"


def found(waiting, vanishes=JOBS):
    return Reading("jobs", START, waiting=waiting, vanishes=vanishes)


def test_a_queue_that_holds_something_is_known_from_then_on():
    assert believed((found(3),), ()) == ((found(3),), (JOBS,))


def test_a_known_queue_that_is_not_there_is_empty():
    assert believed((found(0),), (JOBS,)) == ((found(0),), (JOBS,))


def test_a_queue_that_was_never_there_is_a_fault_that_says_why():
    ((reading,), known) = believed((found(0),), ())
    assert (reading.waiting, reading.fault, known) == (None, Reason.METRIC_EMPTY, ())
    assert reading.detail == f"{JOBS} is not there, and never was: it may be empty, or its name is wrong"


def test_a_renamed_queue_is_another_one():
    ((reading,), _) = believed((found(0, "list 'jbos' of redis 'default'"),), (JOBS,))
    assert reading.fault is Reason.METRIC_EMPTY


def test_a_look_that_failed_forgets_nothing():
    failed = Reading("jobs", START, fault=Reason.METRIC_REFUSED)
    assert believed((failed, found(0, "other")), (JOBS,))[1] == (JOBS,)


def test_other_sources_are_left_alone():
    empty = Reading("edge", START, waiting=0)
    assert believed((empty,), ()) == ((empty,), ())


def test_the_newest_are_remembered():
    names = [f"list {number}" for number in range(KEPT + 1)]
    known = ()
    for name in names:
        _, known = believed((found(1, name),), known)
    assert known == tuple(names[1:])


def test_what_is_in_use_is_remembered_before_what_is_newer():
    names = tuple(f"list {number}" for number in range(KEPT))
    readings = (found(0, names[0]), found(1, "renamed"), *(found(1, name) for name in names[1:-1]))
    assert believed(readings, names) == (readings, (*names[:-1], "renamed"))


def test_what_is_known_keeps_its_order_so_that_it_is_not_stored_anew():
    _, known = believed((found(1, "a"), found(1, "b")), ("b", "a"))
    assert known == ("b", "a")
