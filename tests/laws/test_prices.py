"""Whatever a price book holds, the row that counts is the one that the table at the top of prices.py names."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from builders import at
from poolkeeper.core.prices import ANY, Book, Place, Row, fits, rank

INSTANTS = st.integers(0, 4).map(lambda hour: at(3600 * hour))
MACHINES = st.sampled_from(["", "p5", "g6"])
KINDS = st.sampled_from(["", "H100"])
PLACES = st.builds(
    Place,
    provider=st.sampled_from(["", "aws"]),
    region=st.sampled_from(["", "east", "west"]),
    zone=st.sampled_from(["", "east-a", "east-b"]),
    instance=MACHINES,
    gpu=KINDS,
    spot=st.booleans(),
)
ROWS = st.builds(
    Row,
    price=st.just(Decimal(1)),
    currency=st.just("USD"),
    since=INSTANTS,
    provider=st.sampled_from([ANY, "aws"]),
    region=st.sampled_from([ANY, "east", "west"]),
    zone=st.sampled_from([ANY, "east-a", "east-b"]),
    instance=MACHINES,
    gpu=KINDS,
    spot=st.booleans(),
)
BOOKS = st.lists(ROWS, max_size=30, unique_by=lambda row: replace(row, gpu="" if row.instance else row.gpu)).map(
    lambda rows: Book(tuple(rows))
)


def about(row, place):
    """Return whether a row is about a place's machine or GPU, and its capacity type."""
    machine = row.instance == place.instance if row.instance else bool(row.gpu) and row.gpu == place.gpu
    return machine and row.spot == place.spot


@given(BOOKS, PLACES, INSTANTS)
def test_the_row_that_counts_is_the_highest_of_those_that_fit(book, place, instant):
    fitting = [row for row in book.rows if about(row, place) and fits(row, place) and row.since <= instant]
    assert book.best(place, instant) == max(fitting, key=rank, default=None)


@given(BOOKS, INSTANTS)
def test_the_next_change_is_the_first_that_is_to_come(book, instant):
    changes = [row.since for row in book.rows if row.since > instant]
    assert book.next_change(instant) == min(changes, default=None)
    assert book.next_change(instant + timedelta(days=1)) is None
