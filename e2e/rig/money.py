"""What pods were paid for, by the API server's audit log: from their binding to a node until they were gone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from controlplane import Cluster
from rig import audit

HOUR = timedelta(hours=1)
A_SECOND = Decimal(3600)
"""A price for a GPU and an hour at which each second costs 1."""


@dataclass(frozen=True)
class Stay:
    """A pod's time on its node; `end` None: it is there."""

    name: str
    begin: datetime
    end: datetime | None = None

    def within(self, begin: datetime, end: datetime) -> timedelta:
        """Return how much of it lies between two instants."""
        return max(timedelta(0), min(end, self.end or end) - max(begin, self.begin))


def stays(cluster: Cluster, namespace: str, prefix: str) -> list[Stay]:
    """Return the stays of all pods of a namespace whose names begin so."""
    ends = {one.name: one.at for one in _of(cluster, namespace, prefix) if one.verb == "delete"}
    bound = (one for one in _of(cluster, namespace, prefix) if one.resource == "pods/binding")
    return [Stay(one.name, one.at, ends.get(one.name)) for one in bound]


def paid(found: list[Stay], price: Decimal, begin: datetime, end: datetime) -> Decimal:
    """Return what pods of one GPU each cost between two instants, at a price for an hour."""
    lasted = sum((one.within(begin, end) for one in found), timedelta(0))
    return price * Decimal(str(lasted / HOUR))


def noon() -> str:
    """Return a zone where it is about noon: no day ends while a test runs."""
    offset = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"


def _of(cluster: Cluster, namespace: str, prefix: str) -> Iterator[audit.Request]:
    for one in audit.answered(cluster, namespace):
        if one.namespace == namespace and one.name.startswith(prefix) and one.status < 300:
            yield one
