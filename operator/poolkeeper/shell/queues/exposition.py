"""A reader of just the wanted metrics on a Prometheus text or OpenMetrics page.

It looks only at lines that begin with a wanted name, so a 100 KB page costs little more than a search through it.
Metric names in the newer quoted form, `{"a.name"}`, are not looked for: no engine has one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

_SHOWN = 80  # characters of a bad line in an error
_SNIFFED = 64 * 1024  # bytes of a page that are looked at to tell a page without a metric from no page at all
_MILLISECONDS = 1e11  # as seconds, an instant in the year 5138

_QUOTED = rb'"(?:[^"\\\n]|\\.)*+"'
_BRACES = rb"\{((?:[^\"}\n]|" + _QUOTED + rb")*+)\}"
_REST = re.compile(
    rb"[ \t]*+(?:" + _BRACES + rb")?[ \t]*+([^ \t\r\n]++)"  # labels, value
    rb"(?:[ \t]++([-+0-9.eE]++))?(?:[ \t]++\#[^\n]*+)?[ \t\r]*+(?:\n|\Z)"  # timestamp, exemplar
)
_LABEL = re.compile(rb'[ \t]*+([a-zA-Z_][a-zA-Z0-9_]*+)[ \t]*+=[ \t]*+"((?:[^"\\\n]|\\.)*+)"[ \t]*+(?:,[ \t]*+|\Z)')
_NAME = re.compile(rb"[a-zA-Z_:][a-zA-Z0-9_:]*+|(?=\{)")
_ESCAPE = re.compile(r'\\([\\n"])')
_START = re.compile(rb"[ \t\r]*+")


class MalformedError(ValueError):
    """A line that is no sample. The message names the line and repeats it."""


class Sample(NamedTuple):
    """One line of a page: its labels, and its value as it stands there (NaN, infinite and negative too).

    `stamp` is the Unix time in seconds that the line carries, None where it has none: engines stamp nothing, relays do.
    """

    labels: Mapping[str, str]
    value: float
    stamp: float | None = None


def read(page: bytes, names: Iterable[str]) -> dict[str, list[Sample]]:
    """Return the samples of each of `names` that the page has, in the page's order.

    Of several lines with the same name and labels the first counts, as in Prometheus. Raises MalformedError.
    """
    found = {name: list(_samples(page, name.encode())) for name in names}
    return {name: samples for name, samples in found.items() if samples}


def mentions(page: bytes, prefix: bytes) -> bool:
    """Tell whether a sample, or a TYPE comment, has a name that begins with `prefix`."""
    return any(_begins(page, at) or page.endswith(b"# TYPE ", 0, at) for at in _places(page, prefix))


def check(page: bytes) -> None:
    """Raise MalformedError for the first line, in the page's first 64 KB, that is neither sample nor comment."""
    at, end = 0, min(len(page), _SNIFFED)
    while at < end:
        stop = page.find(b"\n", at) + 1 or len(page)
        line = page[at:stop].strip()
        if line and not line.startswith(b"#"):
            _check_sample(page, at)
        at = stop


def _check_sample(page: bytes, at: int) -> None:
    """Look at a line's shape only: its labels may be in a form that is not read here."""
    start = _START.match(page, at)
    name = _NAME.match(page, start.end() if start else at)
    rest = name and _REST.match(page, name.end())
    try:
        _number(rest[2] if rest else b"")
    except ValueError as error:
        raise _malformed(page, at) from error


def _samples(page: bytes, name: bytes) -> Iterator[Sample]:
    seen = set()
    for at in _places(page, name):
        after = at + len(name)
        if page[after : after + 1] not in (b"{", b" ", b"\t") or not _begins(page, at):
            continue
        rest = _REST.match(page, after)
        if rest is None:
            raise _malformed(page, at)
        sample, key = _sample(page, at, rest)
        if key not in seen:
            seen.add(key)
            yield sample


def _sample(page: bytes, at: int, rest: re.Match[bytes]) -> tuple[Sample, frozenset[tuple[str, str]]]:
    try:
        labels, key = _labels(rest[1] or b"")
        return Sample(labels, _number(rest[2]), _stamp(rest[3])), key
    except ValueError as error:
        raise _malformed(page, at) from error


def _places(page: bytes, text: bytes) -> Iterator[int]:
    at = page.find(text)
    while at >= 0:
        yield at
        at = page.find(text, at + len(text))


def _begins(page: bytes, at: int) -> bool:
    """Tell whether only blanks stand between the line's start and `at`."""
    return page[at - 1 : at] in (b"", b"\n") or not page[page.rfind(b"\n", 0, at) + 1 : at].strip(b" \t\r")


@lru_cache(maxsize=8192)  # replicas of one model show the same labels, second after second
def _labels(text: bytes) -> tuple[Mapping[str, str], frozenset[tuple[str, str]]]:
    """Return the labels between the braces, as a mapping and as a key. Raises ValueError."""
    labels: dict[str, str] = {}
    place = 0
    while place < len(text):
        pair = _LABEL.match(text, place)
        if pair is None or (name := pair[1].decode()) in labels:
            raise ValueError(text)
        labels[name] = _unescape(pair[2].decode())
        place = pair.end()
    return MappingProxyType(labels), frozenset(labels.items())


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], value) if "\\" in value else value


def _number(text: bytes) -> float:
    if b"_" in text:  # Python reads 1_000 as a number, and nobody else does
        raise ValueError(text)
    return float(text)


def _stamp(text: bytes | None) -> float | None:
    """Return an instant in seconds: Prometheus' text format counts milliseconds, OpenMetrics seconds."""
    if text is None:
        return None
    number = _number(text)
    return number / 1000 if abs(number) > _MILLISECONDS else number


def _malformed(page: bytes, at: int) -> MalformedError:
    start = page.rfind(b"\n", 0, at) + 1
    number = page.count(b"\n", 0, start) + 1
    shown = page[start : start + _SHOWN].partition(b"\n")[0].decode(errors="replace")
    return MalformedError(f"line {number} is no sample: {shown!r}")
