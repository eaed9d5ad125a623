"""What a query gave over the last days, read from one Prometheus (or Thanos, Mimir, VictoriaMetrics), day by day.

A day is one request: its points stay under the 11,000 that a server gives at most, progress can be told, and a day
that fails is a gap. The newest comes first: if nothing can be had, that is known soon.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from math import isfinite
from typing import TYPE_CHECKING, Any

import msgspec

from poolkeeper.shell.answer import WORDS, MetricError
from poolkeeper.shell.proofs import Proof, Wire, veiled
from poolkeeper.shell.servers import ServerConfig

if TYPE_CHECKING:
    from prometheus_api_client import PrometheusConnect
    from requests import PreparedRequest, Response, Session

Progress = Callable[[int, int], None]

DAY = timedelta(days=1)
EPOCH = datetime.fromtimestamp(0, UTC)
CONNECT = timedelta(seconds=5)
ATTEMPTS = 3
"""So many days that fail while none was read mean that none can be."""

BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)
TOO_MUCH = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.TOO_MANY_REQUESTS)
"""What a server answers that would have answered a smaller question: another day may be one."""

_NOTE = "PromQL info"  # how some versions begin a remark that is filed among the warnings


class HistoryError(Exception):
    """A history that cannot be had, in words that say what would be right."""


class NothingError(HistoryError):
    """A query that gives no number at all: nobody can tell a name that is wrong from a thing that never was."""


class DayError(Exception):
    """A day that cannot be had: another one may be."""


@dataclass(frozen=True, slots=True)
class Range:
    """What to read: a query, over `days` up to `end`, a value each `step`."""

    query: str
    end: datetime
    days: int
    step: timedelta

    @property
    def start(self) -> datetime:
        """The first point's instant: on whole steps since the epoch, so that a later look asks for the same points."""
        return self.end - (self.end - EPOCH) % self.step - self.days * DAY


@dataclass(frozen=True, slots=True)
class Gap:
    """A day that could not be read, and why."""

    start: datetime
    words: str


@dataclass(frozen=True, slots=True)
class History:
    """Values at `start`, `start + step`, ...; None is a hole: nothing was there, no number, or a gap."""

    start: datetime
    step: timedelta
    values: tuple[float | None, ...]
    gaps: tuple[Gap, ...] = ()


def read(
    server: ServerConfig, wanted: Range, progress: Progress, timeout: timedelta = timedelta(seconds=30)
) -> History:
    """Return what a server has of a range; `progress` is told how many days are done, of how many.

    `timeout` is for the wait for each day's next bytes, and for the server's own work on it.

    Raises:
        HistoryError: the server cannot be used, the query is wrong or gives several series, or nothing was found.
    """
    found, gaps = [], []
    with connected(server, timeout) as prometheus:
        for done, start in enumerate(reversed(list(days(wanted))), start=1):
            try:
                found += day(prometheus, wanted, start, timeout)
            except DayError as error:
                gaps.append(Gap(start, str(error)))
                if len(gaps) == done == min(wanted.days, ATTEMPTS):
                    raise HistoryError(f"{error}{f', {done} times in a row' if done > 1 else ''}") from error
            progress(done, wanted.days)
    if not any(isfinite(value) for _, value in found):
        raise NothingError(
            f"{wanted.query!r} gives no number in the {wanted.days} days up to {wanted.end:%Y-%m-%d %H:%M} UTC; "
            "try it on the server's own page: is the metric's name right, are its labels?"
        )
    return History(wanted.start, wanted.step, gridded(wanted, found), tuple(reversed(gaps)))


def days(wanted: Range) -> Iterator[datetime]:
    """Yield where each day of a range begins."""
    return (wanted.start + number * DAY for number in range(wanted.days))


def gridded(wanted: Range, found: list[tuple[float, float]]) -> tuple[float | None, ...]:
    """Return points at the instants of a range, None where there is none that is a number."""
    values: list[float | None] = [None] * (wanted.days * DAY // wanted.step)
    for at, value in found:
        place = round((at - wanted.start.timestamp()) / wanted.step.total_seconds())
        if isfinite(value) and 0 <= place < len(values):
            values[place] = value
    return tuple(values)


def connected(server: ServerConfig, timeout: timedelta) -> "PrometheusConnect":
    """Return a client that proves who asks, tries a busy server twice more, and tells refusals in words."""
    # A seventh of a second, for a command that others need not wait for.
    from prometheus_api_client import PrometheusConnect  # noqa: PLC0415
    from urllib3 import Retry  # noqa: PLC0415

    retry = Retry(
        total=2,
        connect=0,
        read=False,
        redirect=False,
        backoff_factor=0.5,
        status_forcelist=BUSY,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    waits = (CONNECT.total_seconds(), timeout.total_seconds())
    return PrometheusConnect(server.url, retry=retry, session=session(server), timeout=waits)


def session(server: ServerConfig) -> "Session":
    """Return a session that takes nothing from its surroundings, trusts whom it should, and examines answers."""
    from requests import Session  # noqa: PLC0415

    opened = Session()
    opened.trust_env = False
    opened.verify = str(server.tls.ca_file) if server.tls.ca_file else True
    opened.cert = (str(server.tls.cert_file), str(server.tls.key_file)) if server.tls.cert_file else None
    proof = Proof(server)
    opened.auth = lambda request: proved(request, proof)
    opened.hooks["response"] = [lambda response, **_: examine(response)]
    return opened


def proved(request: "PreparedRequest", proof: Proof) -> "PreparedRequest":
    """Return a request with what proves who asks. A space in a URL is written as signatures have it.

    Raises:
        HistoryError: a secret's file cannot be read, or a cloud does not say who we are.
    """
    request.url = (request.url or "").replace("+", "%20")
    try:
        request.headers.update(proof.headers(Wire(request.method or "GET", request.url)))
    except MetricError as error:
        raise HistoryError(error.detail) from error
    return request


def day(
    prometheus: "PrometheusConnect", wanted: Range, start: datetime, timeout: timedelta
) -> list[tuple[float, float]]:
    """Return one day's points: seconds since the epoch, and the value, which may be no number.

    Raises:
        HistoryError: other days would fare no better.
        DayError: they may.
    """
    from requests import Timeout  # noqa: PLC0415

    limits = {"timeout": f"{timeout.total_seconds():g}s"}
    step = f"{wanted.step.total_seconds():g}"
    try:
        rows = prometheus.custom_query_range(wanted.query, start, start + DAY - wanted.step, step, limits)
        return points(rows)
    except Timeout as error:
        raise DayError(f"{prometheus.url} gave no answer within {timeout.total_seconds():g} s") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DayError(f"{prometheus.url} gave no answer of a Prometheus; is it the right address?") from error
    except OSError as error:
        raise DayError(f"{prometheus.url} cannot be reached: {cause(error)}"[:WORDS]) from error


def points(rows: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return the points of a range query's only series; HistoryError where there are several."""
    if len(rows) > 1:
        shown = ", ".join(str(row["metric"]) for row in rows[:2])
        raise HistoryError(f"the query gives {len(rows)} series ({shown}, ...); aggregate them, as in sum(...)")
    return [(float(at), float(value)) for row in rows for at, value in row["values"]]


def cause(error: BaseException) -> str:
    """Return what is behind an error of the client: the innermost one's words."""
    while (behind := error.__cause__ or error.__context__) is not None:
        error = behind
    return str(getattr(error, "strerror", None) or error)


def examine(response: "Response") -> None:
    """Refuse what is no whole answer, in the server's own words.

    Raises:
        HistoryError: the query is wrong, or whoever asks may not.
        DayError: another day may fare better.
    """
    told = f"{response.url.partition('?')[0].removesuffix('/api/v1/query_range')} answered"
    if response.status_code != HTTPStatus.OK:
        words = veiled(f"{told} {response.status_code}: {said(response)}", sent(response))
        passing = response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or response.status_code in TOO_MUCH
        raise DayError(words) if passing else HistoryError(words)
    warnings = [word for word in answered(response).warnings or () if not word.startswith(_NOTE)]
    if warnings:
        raise DayError(f"{told} with a part: {warnings[0]}"[:WORDS])


def sent(response: "Response") -> dict[str, str]:
    """Return the headers that an answer's request bore."""
    return {name: value for name, value in response.request.headers.items() if isinstance(value, str)}


class _Words(msgspec.Struct):
    error: str = ""
    warnings: list[str] | None = None


def answered(response: "Response") -> _Words:
    """Return what an answer says besides its points; nothing where it is none of a Prometheus."""
    try:
        return msgspec.json.decode(response.content, type=_Words)
    except msgspec.MsgspecError:
        return _Words()


def said(response: "Response") -> str:
    """Return what an error's body says, in one line."""
    if response.is_redirect:
        return f"it leads to {response.headers['Location']}: is that a login?"
    return " ".join((answered(response).error or response.text).split())[:WORDS] or "without a word"
