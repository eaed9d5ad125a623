"""A Prometheus has the past that was written into it."""

from datetime import UTC, datetime, timedelta

import pytest

from controlplane.backfill import backfilled
from poolkeeper.shell.history import HistoryError, Range, read
from poolkeeper.shell.servers import ServerConfig

END = datetime(2025, 11, 20, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def server():
    """A Prometheus that has counted ten requests a second for forty days, and was not there on one of them."""
    minutes = [number for number in range(40 * 1440) if not 37 * 1440 <= number < 38 * 1440]
    samples = [(END.timestamp() + 60 * (number - 40 * 1440), 600 * number) for number in minutes]
    with backfilled("requests_total", samples) as url:
        yield ServerConfig(name="default", url=url)


def look(server, query, days=40):
    return read(server, Range(query, END, days, MINUTE), lambda *_: None)


@pytest.mark.cluster
def test_its_past_is_read_through_its_api(server):
    assert look(server, "sum(rate(requests_total[10m]))").values[-1440:] == (10,) * 1440


@pytest.mark.cluster
def test_a_day_without_samples_is_a_hole(server):
    holes = [place for place, value in enumerate(look(server, "requests_total").values) if value is None]
    assert (holes[0] - 37 * 1440, holes[-1] - 38 * 1440) == (
        pytest.approx(5, abs=1),
        -1,
    )  # five minutes are looked back


@pytest.mark.cluster
def test_a_query_that_is_none_is_refused_in_its_own_words(server):
    with pytest.raises(HistoryError, match="answered 400: 1:5: parse error: unclosed left parenthesis"):
        look(server, "sum(")
