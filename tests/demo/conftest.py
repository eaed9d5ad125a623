from collections.abc import Callable

import pytest

from demo.record import Change, Record, Sample
from fleet import Report, Waits

Make = Callable[..., Sample]

UP = "2 -> 3: the queue is longer than the replicas can be expected to work down (queue 18 over 10, 0 on the way)"


@pytest.fixture
def sample() -> Make:
    """Make a look at two ready replicas and an empty queue, but for what is given."""
    return lambda at, **changes: Sample(**{"at": at, "queue": 0.0, "desired": 2, "ready": 2, "pods": 2} | changes)


@pytest.fixture
def growth() -> Change:
    return Change(288.0, 2, 3, "QueueAbove", UP)


@pytest.fixture
def record(sample, growth) -> Record:
    """An hour at two replicas with one more from minute 5 on, and 1,000 requests of which 950 were in time."""
    total = Waits(0, 1000, 0, 950, 50, 0.0, 1.5, 3.0)
    report = Report(
        now=3480, sla=2.0, width=60, share_inside=0.95, arrived=1000, finished=1000, running=0, waiting=0, held=0,
        cut_off=0, retried=0, ended=True, trace="azure2023_conv", total=total, bins=(),
    )  # fmt: skip
    samples = [sample(0), sample(300, queue=18.0, desired=3, pods=3), sample(360, desired=3, ready=3, pods=3)]
    return Record("azure2023_conv", samples, [growth], {"because": "all is well", "next": []}, report)
