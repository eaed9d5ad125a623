"""Numbers of things, as people say them."""

from decimal import Decimal


def counted(number: int | Decimal, noun: str) -> str:
    """Return a number of things.

    >>> counted(1, "replica"), counted(2, "replica")
    ('1 replica', '2 replicas')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
