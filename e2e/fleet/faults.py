"""The ways in which a pod's `/metrics` goes wrong: each one word, and what a client sees of it."""

from collections.abc import Callable
from enum import StrEnum
from math import inf, nan
from typing import NamedTuple

from fleet.page import CONTENT_TYPE, Gauges, stamped


class Fault(StrEnum):
    """What is wrong; whether with a whole workload, a part of its pods or one is said where it is set."""

    REFUSED = "refused"  # nobody listens
    TIMEOUT = "timeout"  # the connection is taken, no answer ever comes
    SLOW = "slow"  # the right answer, `delay` seconds late
    HTTP_500 = "http-500"
    EMPTY = "empty"  # a page without one of the engine's series
    NAN = "nan"
    INFINITE = "infinite"
    NEGATIVE = "negative"
    GARBAGE = "garbage"  # text that is no metrics page
    HUGE = "huge"  # the right page, then 64 MiB of other series
    STALE = "stale"  # the right values, stamped ten minutes old
    FROZEN = "frozen"  # the page of the moment when the fault began, for ever
    LINGER = "linger"  # right while the pod is there, and goes on with its last page when the pod has gone


class Answer(NamedTuple):
    """An HTTP answer, given `delay` seconds late."""

    body: bytes
    status: int = 200
    content_type: str = CONTENT_TYPE
    delay: float = 0.0


HUGE_SIZE = 64 * 1024 * 1024
STALE_AGE = 600.0
BROKEN_GAUGES = {
    Fault.NAN: Gauges(nan, nan, nan),
    Fault.INFINITE: Gauges(inf, inf, inf),
    Fault.NEGATIVE: Gauges(-1.0, -1.0, -1.0),
}
FOREIGN_PAGE = (
    "# HELP python_info Python platform information\n"
    "# TYPE python_info gauge\n"
    'python_info{implementation="CPython",major="3",minor="12",patchlevel="11",version="3.12.11"} 1.0\n'
)
GARBAGE_PAGE = "<html><body><h1>Welcome to nginx!</h1>\nvllm:num_requests_waiting{engine= 0 zero\n\x00\x01}}\n"

MakePage = Callable[[Gauges | None], str]
"""Makes the page, with these gauges in place of the true ones if any are given."""


def answer(fault: Fault | None, page: MakePage, *, delay: float, wall: float) -> Answer | None:
    """What a pod under `fault` answers at the Unix time `wall`; None is no answer, ever."""
    match fault:
        case Fault.TIMEOUT | Fault.REFUSED:
            return None
        case Fault.HTTP_500:
            return Answer(b"Internal Server Error", 500, "text/plain; charset=utf-8")
        case _:
            return Answer(_page(fault, page, wall).encode(), delay=delay if fault is Fault.SLOW else 0.0)


def _page(fault: Fault | None, page: MakePage, wall: float) -> str:
    match fault:
        case Fault.EMPTY:
            return FOREIGN_PAGE
        case Fault.GARBAGE:
            return GARBAGE_PAGE
        case Fault.NAN | Fault.INFINITE | Fault.NEGATIVE:
            return page(BROKEN_GAUGES[fault])
        case Fault.HUGE:
            return page(None) + _padding()
        case Fault.STALE:
            return stamped(page(None), wall - STALE_AGE)
        case _:
            return page(None)


def _padding() -> str:
    line = 'padding_total{reason="a page that has no end and says nothing at all"} 1.0\n'
    return line * (HUGE_SIZE // len(line))
