"""limits.md: how much, how long and how often the operator reads from anybody, from the constants that say so."""

from datetime import timedelta

from poolkeeper.api import journal, override, price_book
from poolkeeper.api.nesting import MOST_NESTED
from poolkeeper.api.spec import DEEPEST, LARGEST
from poolkeeper.api.units import format_duration
from poolkeeper.shell import kube, list_watch, prometheus, readers
from poolkeeper.shell.queues import batch, exposition, external, outside, pages, rabbit, redis
from reference.markdown import headed, table

INTRO = """Whoever the operator reads from may be slow, broken or somebody else's. So each read ends by itself. Sizes
are of what was unpacked; times are for the whole answer, however slowly its bytes come. No redirect is followed, except
by the libraries of clouds that say who asks. What is over a limit is a fault of that source or that object
([`MetricTooLarge`, `MetricTimeout`](reasons.md)), never a zero, and holds up nobody else."""

REST = """A line of a head, and one of a chunk's size, has 8,190 bytes at the most. Of an API server nothing packed is
taken, of the others gzip. An answer's `Retry-After` counts up to an hour. Pools themselves are watched by kopf, whose
lines have no limit of ours: the API server takes objects of 3 MiB, etcd of 1.5 MiB. The files that the administrator
names are read whole."""

KEPT = """What an object, an annotation or a ConfigMap may hold before it is refused or told as a problem:"""


def page() -> str:
    """Return the page."""
    return headed("Limits", INTRO, (_reads(), REST, KEPT, _held()))


def _reads() -> str:
    page, hot, pace = pages.Limits(), kube.Limits(), list_watch.Pace()
    lifetime = f"{_time(pace.silence)} without a byte; {_time(1.2 * pace.watch + pace.silence)} in whole"
    samples = f"{exposition.MOST:,} samples of what is looked for"
    return table(
        ("What is read", "Time", "Size", "At once"),
        [
            (
                "a pod's page",
                f"{_time(page.timeout)}, and no longer than the interval",
                _size(page.size),
                str(page.concurrency),
            ),
            ("of it, and of a picker's", "", samples, ""),
            ("an endpoint picker's page", _time(page.timeout), _size(page.size), "each ready one"),
            ("Prometheus, for all pools' `metric`", _time(prometheus.TIMEOUT), _size(prometheus.SIZE), "one a server"),
            ("Prometheus, a raw `query`", _time(prometheus.TIMEOUT), _size(batch.SINGLE), "8 a server"),
            (
                "external metrics",
                _time(outside.PATIENCE),
                _size(readers.ASKED.body),
                f"every {_time(external.EVERY)} a metric",
            ),
            ("RabbitMQ", _time(rabbit.TIMEOUT), _size(rabbit.SIZE), f"{rabbit.CONNECTIONS} a broker"),
            (
                "Redis",
                f"{_time(redis.TIMEOUT)} a part, {_time(outside.PATIENCE)}",
                _redis(),
                f"{redis.CONNECTIONS} a broker",
            ),
            ("the API server, an object or a Secret", _time(hot.request), _size(hot.body), str(hot.connections)),
            (f"the API server, {hot.page} objects of a list", _time(hot.list_page), _size(hot.body), "one a kind"),
            ("the API server, a watch", lifetime, f"{_size(hot.event)} an event", "one a kind"),
        ],
    )


def _held() -> str:
    return table(
        ("What is held", "Limit"),
        [
            ("an object in a list or a watch", f"nested {MOST_NESTED:,} deep, as the API server has it"),
            ("`spec.template`", f"{_size(LARGEST)}, nested {DEEPEST} deep"),
            ("an override", f"{override.LENGTH:,} characters, nested {override.DEPTH} deep"),
            ("the price book", _size(price_book.LARGEST)),
            ("a part of the journal", _size(journal.LARGEST)),
        ],
    )


def _redis() -> str:
    return f"{_size(redis.SIZE)}, or {redis.SIZE // redis.LINE:,} values"


def _size(count: int) -> str:
    """Return a number of bytes in words."""
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count // 2**10} KiB"


def _time(span: timedelta) -> str:
    return format_duration(span)
