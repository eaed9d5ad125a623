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
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sum(", "answered 400: 1:5: parse error: unclosed left parenthesis"),
        ('requests_total or label_replace(requests_total, "pod", "a", "", "")', "gives 2 series .* as in sum"),
        ("request_total", "'request_total' gives no number in the 40 days up to 2025-11-20 00:00 UTC"),
        ("requests_total * 0 / 0", "gives no number"),
        ("requests_total[5m]", 'answered 400: invalid expression type "range vector" for range query'),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(server, query, words):
    with pytest.raises(HistoryError, match=words):
        look(server, query)


@pytest.mark.cluster
def test_a_number_is_a_history_too(server):
    assert set(look(server, "scalar(sum(rate(requests_total[10m])))").values[-1440:]) == {10}
