from datetime import UTC, datetime, timedelta

from poolkeeper.core.arrivals import Arrival, Traffic

START = datetime(2024, 5, 12, tzinfo=UTC)
TRAFFIC = Traffic(START, timedelta(seconds=5), (Arrival(2, 1000, 200), Arrival(0.5, 800, 100)))


def test_traffic_ends_with_its_last_step():
    assert TRAFFIC.end == START + timedelta(seconds=10)


def test_the_requests_of_all_steps_are_summed():
    assert TRAFFIC.requests == 2.5
