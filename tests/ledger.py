"""Days of a ledger for tests: say only what the test is about."""

from datetime import date
from decimal import Decimal

from poolkeeper.api.ledger import Entry
from poolkeeper.core.days import Amount, Day, Line

MONDAY = date(2026, 11, 2)


def line(gpu_hours="1", cost="3", **changes) -> Line:
    """Return a line of so many GPU-hours for so much money, all of it on demand."""
    money = Decimal(cost)
    known = {"gpu_hours": Decimal(gpu_hours), "listed": money, "contracted": money, "effective": money}
    return Line(**known | changes)


def entry(amount: Amount | None = None, **changes) -> Entry:
    """Return a day of a pool that cost 3 USD; `on` is the day."""
    known = {
        "cluster": "prod",
        "namespace": "inference",
        "name": "chat",
        "uid": "uid-1",
        "currency": "USD",
        "timezone": "UTC",
        "labels": {},
        "day": Day(changes.pop("on", MONDAY), amount or Amount({"on-demand": line()})),
    }
    return Entry(**known | changes)
