"""A `/metrics` page, byte for byte as vLLM's prometheus_client prints it.

Written by hand because a fleet prints a thousand of these a second: prometheus_client takes several milliseconds for
one. A test compares the two.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from prometheus_client.utils import floatToGoString

from fleet.families import COUNTERS, GAUGES, HISTOGRAMS
from fleet.measures import Histogram, Measures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Gauges(NamedTuple):
    """The state of an engine: requests that wait and run, and the share of its KV cache in use."""

    waiting: float = 0.0
    running: float = 0.0
    cache_use: float = 0.0


class Page:
    """The page of one replica of `model` that was born at a Unix time; text that has not changed is not made anew."""

    def __init__(self, model: str, born: float) -> None:
        self._labels = f'engine="0",model_name="{model}"'
        self._model = model
        self._born = number(born)
        self._observed = -1
        self._histogram_text = ""

    def text(self, gauges: Gauges, measures: Measures) -> str:
        """The page for these values."""
        if measures.observed != self._observed:
            self._histogram_text = "".join(self._histograms(measures))
            self._observed = measures.observed
        return "".join((*self._gauges(gauges), *self._counters(measures), self._histogram_text))

    def _gauges(self, gauges: Gauges) -> Iterable[str]:
        values = {
            "num_requests_running": {self._labels: gauges.running},
            "num_requests_waiting": {self._labels: gauges.waiting},
            "num_requests_waiting_by_reason": {
                f'{self._labels},reason="capacity"': gauges.waiting,
                f'{self._labels},reason="deferred"': 0.0,
            },
            "kv_cache_usage_perc": {self._labels: gauges.cache_use},
        }
        for name, family in GAUGES.items():
            yield _head(f"vllm:{name}", "gauge", family.help)
            yield _samples(f"vllm:{name}", values[name])

    def _counters(self, measures: Measures) -> Iterable[str]:
        plain = dict.fromkeys(COUNTERS, 0.0)
        plain["prompt_tokens"] = plain["prefix_cache_queries"] = measures.prompted
        # A part of a token is no token yet; the millionth is for sums of parts that lack a trifle to a whole.
        plain["generation_tokens"] = int(measures.generated + 1e-6)
        for name, family in COUNTERS.items():
            values = self._success(measures) if name == "request_success" else {self._labels: plain[name]}
            yield _head(f"vllm:{name}_total", "counter", family.help)
            yield _samples(f"vllm:{name}_total", values)
            yield self._created(name, family.help, values)

    def _success(self, measures: Measures) -> dict[str, float]:
        labels = 'engine="0",finished_reason="{}",model_name="{}"'
        return {labels.format(reason, self._model): times for reason, times in measures.success.items()}

    def _histograms(self, measures: Measures) -> Iterable[str]:
        for name, family in HISTOGRAMS.items():
            yield _head(f"vllm:{name}", "histogram", family.help)
            yield self._buckets(f"vllm:{name}", measures.histograms[name])
            yield self._created(name, family.help, [self._labels])

    def _buckets(self, name: str, histogram: Histogram) -> str:
        running = list(accumulate(histogram.counts))
        starts = _bucket_starts(name, self._model, histogram.bounds)
        buckets = "".join(f"{start}{number(count)}\n" for start, count in zip(starts, running, strict=True))
        return (
            buckets
            + _samples(f"{name}_count", {self._labels: running[-1]})
            + _samples(f"{name}_sum", {self._labels: histogram.total})
        )

    def _created(self, name: str, words: str, labels: Iterable[str]) -> str:
        lines = (f"vllm:{name}_created{{{each}}} {self._born}\n" for each in labels)
        return _head(f"vllm:{name}_created", "gauge", words) + "".join(lines)


def number(value: float) -> str:
    """A sample's value as Go prints it, which is how vLLM does."""
    # Below a million Go and Python agree, and this is most of the work of a page.
    return repr(float(value)) if 0 <= value < 1e6 else str(floatToGoString(value))  # type: ignore[no-untyped-call]


def stamped(page: str, at: float) -> str:
    """The same page with the Unix time `at` on each of its samples, as an exporter does that relays old values."""
    stamp = f" {int(at * 1000)}"
    return "".join(line if line[0] == "#" else f"{line[:-1]}{stamp}\n" for line in page.splitlines(keepends=True))


@lru_cache
def _bucket_starts(name: str, model: str, bounds: tuple[float, ...]) -> tuple[str, ...]:
    """The lines of a histogram's buckets up to their values."""
    names = (*map(number, bounds), "+Inf")
    return tuple(f'{name}_bucket{{engine="0",le="{le}",model_name="{model}"}} ' for le in names)


def _head(name: str, kind: str, words: str) -> str:
    return f"# HELP {name} {words}\n# TYPE {name} {kind}\n"


def _samples(name: str, values: Mapping[str, float]) -> str:
    return "".join(f"{name}{{{labels}}} {number(value)}\n" for labels, value in values.items())
