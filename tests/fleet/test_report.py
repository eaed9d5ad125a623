import pytest

from fleet.report import Frame, by_bins, percentile, places, waits
from fleet.request import Request

NOW = Frame(now=100.0)


def waited(wait: float, arrival: float = 0.0) -> Request:
    return Request(arrival, 1, 1, queued=arrival, started=arrival + wait)


def test_a_wait_of_just_the_sla_is_inside() -> None:
    assert waits([waited(2.0), waited(2.1)], NOW).share_inside == 0.5


def test_what_was_cut_off_is_outside() -> None:
    assert waits([waited(0.0), Request(0.0, 1, 1, cut_off=True)], NOW).share_inside == 0.5


def test_what_waits_too_long_already_is_outside() -> None:
    assert waits([Request(97.0, 1, 1)], NOW).outside == 1


def test_what_may_still_come_in_time_is_undecided() -> None:
    young = waits([Request(99.0, 1, 1)], NOW)
    assert (young.arrived, young.inside, young.outside) == (1, 0, 0)


def test_percentiles_are_of_the_nearest_rank() -> None:
    total = waits([waited(float(wait)) for wait in range(1, 101)], NOW)
    assert (total.p50, total.p95, total.p99) == (50.0, 95.0, 99.0)


def test_nobody_has_no_percentile() -> None:
    assert percentile([], 95) == 0.0


def test_bins_are_by_arrival_from_the_start_on() -> None:
    found = by_bins([waited(0.0, 10.0), waited(0.0, 69.0), waited(9.0, 71.0)], Frame(now=100.0, start=10.0))
    assert [(each.start, each.arrived, each.share_inside) for each in found] == [(0.0, 2, 1.0), (60.0, 1, 0.0)]


@pytest.mark.parametrize(
    ("request_", "place"),
    [
        (Request(0, 1, 1), "held"),
        (Request(0, 1, 1, queued=1), "waiting"),
        (Request(0, 1, 1, queued=1, started=2), "running"),
        (Request(0, 1, 1, queued=1, started=2, finished=3), "finished"),
        (Request(0, 1, 1, queued=1, cut_off=True), "cut_off"),
    ],
)
def test_a_request_has_one_place(request_: Request, place: str) -> None:
    assert [where for where, number in places([request_]).items() if number] == [place]
