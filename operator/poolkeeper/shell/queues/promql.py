"""One PromQL query for the `metric` + `selector` sources of all pools that share a server.

`sum by (namespace, pod, …) (last_over_time(m[maxAge]))` for each metric, maxAge and set of selector keys, the parts
joined by `or` under a label that tells them apart. Series stay apart by pod, because `sum` hides a stale one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from poolkeeper.core.model import PrometheusSource

PART = "poolkeeper_part"
"""The label that tells which part of a joined query an element came from."""

_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")
_ESCAPES = {"\\": r"\\", '"': r"\"", "\n": r"\n"}
_JOINED = ("namespace", "pod")


@dataclass(frozen=True, slots=True)
class Part:
    """What sources must share to be asked for together: metric, age and selector keys, sorted."""

    metric: str
    max_age: timedelta
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """One pool's part of a query: its namespace and its source."""

    namespace: str
    source: PrometheusSource

    @property
    def part(self) -> Part:
        """The part of the joined query that holds the answer."""
        keys = tuple(sorted({key for key, _ in self.source.selector}))
        return Part(self.source.metric or "", self.source.max_age, keys)


def flaw(source: PrometheusSource) -> str:
    """Say why no query can be made of a source with `metric`, or return ""."""
    if not _METRIC.fullmatch(source.metric or ""):
        return f"{source.metric!r} is no metric name"
    for key, _ in source.selector:
        if not _LABEL.fullmatch(key) or key.startswith("__") or key == PART:
            return f"{key!r} is no label name to select by"
    if len(dict(source.selector)) != len(source.selector):
        return "the selector names a label twice"
    return "" if source.max_age > timedelta(0) else "maxAge must be above zero"


def join(parts: Sequence[Sequence[Wish]]) -> str:
    """Return the query for these parts, each a group of flawless wishes that have the same `part`.

    An element's label `PART` is the index of its group.
    """
    return " or ".join(
        f'label_replace({_sum(wishes)}, "{PART}", "{index}", "namespace", ".*")' for index, wishes in enumerate(parts)
    )


def quote(text: str) -> str:
    """Return `text` as a PromQL string."""
    return '"' + "".join(_ESCAPES.get(character, character) for character in text) + '"'


def _sum(wishes: Sequence[Wish]) -> str:
    part = wishes[0].part
    labels = ", ".join(dict.fromkeys([*_JOINED, *part.keys]))
    nowhere = (
        [""] if part.keys else []
    )  # who selects may have series of no namespace: an exporter's outside the cluster
    matchers = [f"__name__={quote(part.metric)}", _any("namespace", [*(wish.namespace for wish in wishes), *nowhere])]
    matchers += [_any(key, [dict(wish.source.selector)[key] for wish in wishes]) for key in part.keys]
    age = round(part.max_age / timedelta(milliseconds=1))
    return f"sum by ({labels}) (last_over_time({{{', '.join(matchers)}}}[{max(age, 1)}ms]))"


def _any(label: str, values: Iterable[str]) -> str:
    """Match any of these values, literally; PromQL anchors a regular expression at both ends."""
    pattern = "|".join(_META.sub(r"\\\g<0>", value) for value in sorted(set(values)))
    return f"{label}=~{quote(pattern)}"
