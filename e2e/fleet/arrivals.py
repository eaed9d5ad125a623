"""From a trace's bins to single requests: when in its bin each came, and how many tokens of the bin's it carried."""

from collections.abc import Iterator
from itertools import accumulate, pairwise
from random import Random

from fleet.request import Request
from fleet.trace import Bin, Trace

DISPERSION = 5.7
"""Variance over mean of requests by the minute in azure2024_conv's true rows (../shared/traces/README.md)."""
SPREAD = 0.8
"""Sigma of the log-normal sizes inside a bin: a coefficient of variation near 1, as in azure2023_conv."""
MINUTE = 60.0


def requests(trace: Trace, seed: int) -> Iterator[Request]:
    """The requests of `trace` in order of arrival; the same seed gives the same ones."""
    random = Random(seed)  # noqa: S311  a load, not a secret
    for number, each in enumerate(trace.bins):
        yield from _within(each, number * trace.width, trace.width, random)


def _within(each: Bin, start: float, width: float, random: Random) -> Iterator[Request]:
    times = sorted(start + offset for offset in _offsets(each.requests, width, random))
    prompts = _split(each.prompt_tokens, each.requests, random)
    outputs = _split(each.output_tokens, each.requests, random)
    for arrival, prompt, output in zip(times, prompts, outputs, strict=True):
        yield Request(arrival, prompt, output)


def _offsets(count: int, width: float, random: Random) -> list[float]:
    """`count` moments in a bin: uniform in a short one, else in minutes that are busy by the published measure."""
    minutes = int(width // MINUTE)
    if minutes <= 1:
        return [random.random() * width for _ in range(count)]
    shape = minute_shape(count / minutes)
    weights = [random.gammavariate(shape, 1 / shape) for _ in range(minutes)]
    chosen = random.choices(range(minutes), weights, k=count)
    return [(minute + random.random()) * width / minutes for minute in chosen]


def minute_shape(mean: float) -> float:
    """The gamma shape that gives counts of that mean the published dispersion: variance = mean + mean^2 / shape."""
    return max(mean, 1.0) / (DISPERSION - 1)


def _split(total: int, parts: int, random: Random) -> list[int]:
    """`total` tokens in log-normal shares, each at least 1; their sum is `total`, but for those raised to 1."""
    if not parts:
        return []
    shares = list(accumulate((random.lognormvariate(0, SPREAD) for _ in range(parts)), initial=0.0))
    edges = [round(total * share / shares[-1]) for share in shares]
    return [max(1, after - before) for before, after in pairwise(edges)]
