r"""A trace's bins as the arrivals of steps: the rates scaled, and bursts drawn inside the bins.

    rate of a bin wider than the step              counts of its steps
          ___.                                        gamma, mean m, variance m * index
      __./    \.__       m = the area of a step   ->   each step by itself, so that any stretch
     |    |    |    |                                 of steps has the same index of dispersion

A bin's edges are the means of its rate and its neighbours', its middle is what keeps the bin's sum.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import accumulate, pairwise

from poolkeeper.core.arrivals import Arrival, Traffic
from poolkeeper.core.engine import Engine
from poolkeeper.simulate.trace import DISPERSION, Trace

STANDARD = Engine()
BUSIEST = timedelta(minutes=10)
BUSIEST_OF_FINE = timedelta(minutes=1)
"""Over how long a peak is a peak: longer for bins that hide what happens in a minute."""


def draw(  # noqa: PLR0913  what a command line may ask for, each with its default
    trace: Trace,
    step: timedelta,
    seed: int,
    load: float = 1.0,
    *,
    dispersion: float | None = None,
    peak_replicas: float | None = None,
    engine: Engine = STANDARD,
) -> Traffic:
    """Return a trace as traffic in steps of a bin's whole part, or of whole bins, that is nearest to `step`.

    With `peak_replicas` the rates are first multiplied so that the trace's peak needs so many replicas of `engine`
    (`peak`); then `load` multiplies them. Bins wider than the step get bursts of this index of dispersion (variance
    over mean of a count), else of what the trace's clients have, else of 5.7, measured on Azure's LLM trace of 2024.
    What multiplies the rates for `peak_replicas` leaves the index as it is, which is to have fewer or more users of
    the same kind; so does a load above 1. A load f below 1 is each request taken with that chance, whose index is
    1 + f * (index - 1). Bins no wider than the step are counted already, and are summed.

    The expected sum of each bin is the trace's; the same seed draws the same traffic.

    Raises:
        ValueError: a peak is asked for of a trace without a request.
    """
    rates = multiplied(trace.bins, load * (factor(trace, peak_replicas, engine) if peak_replicas else 1.0))
    thin = min(1.0, load)
    chance = random.Random(seed)  # noqa: S311  the same seed is to draw the same
    parts = max(1, round(trace.width / step))
    if parts > 1:
        indices = (dispersion,) * len(rates) if dispersion is not None else trace.dispersion
        thinned = [1 + thin * (index - 1) for index in indices or (DISPERSION,) * len(rates)]
        return Traffic(trace.start, trace.width / parts, tuple(bursts(rates, parts, thinned, chance)))
    together = max(1, round(step / trace.width))
    counted = (bin_._replace(requests=drawn(bin_.requests, 1 - thin, chance)) for bin_ in rates)
    return Traffic(trace.start, trace.width * together, tuple(summed(list(counted), together)))


def multiplied(bins: Iterable[Arrival], by: float) -> list[Arrival]:
    """Return bins with so many times the requests."""
    return [Arrival(requests * by, prompt, output) for requests, prompt, output in bins]


def factor(trace: Trace, replicas: float, engine: Engine) -> float:
    """Return by what to multiply a trace so that its peak needs so many replicas."""
    highest = peak(trace, engine)
    if not highest:
        raise ValueError("a trace without a request has no peak to scale")
    return replicas / highest


def peak(trace: Trace, engine: Engine) -> float:
    """Return how many replicas the busiest 10 minutes of a trace need, busiest minute where bins are finer than that.

    Any stretch of whole bins counts, of a shorter trace all of it. What it needs is the larger of its prefill and its
    decode work in replica-seconds, over its length.
    """
    span = BUSIEST_OF_FINE if trace.width < BUSIEST_OF_FINE else BUSIEST
    many = min(len(trace.bins), max(1, round(span / trace.width)))
    work = [seconds(engine, each) for each in trace.bins]
    highest = max(busiest([one for one, _ in work], many), busiest([other for _, other in work], many))
    return highest / (many * trace.width.total_seconds())


def seconds(engine: Engine, arrival: Arrival) -> tuple[float, float]:
    """Return the replica-seconds that arrivals take of a replica's prefill and of its full batch's decoding."""
    requests, prompt, output = arrival
    batch = engine.batch(prompt, output)
    return requests * prompt / engine.prefill_rate, requests * output / (batch * engine.pace(batch))


def busiest(values: Sequence[float], many: int) -> float:
    """Return the largest sum of so many neighbours."""
    sums = list(accumulate(values, initial=0.0))
    return max(after - before for before, after in zip(sums, sums[many:], strict=False))


def bursts(bins: Sequence[Arrival], parts: int, indices: Sequence[float], chance: random.Random) -> Iterator[Arrival]:
    """Yield the steps of bins, each cut into so many parts, with counts drawn."""
    counts = [requests for requests, _, _ in bins]
    edges = [(before + after) / 2 for before, after in zip([counts[0], *counts], [*counts, counts[-1]], strict=True)]
    for place, (requests, prompt, output) in enumerate(bins):
        for mean in sloped(edges[place], requests, edges[place + 1], parts):
            yield Arrival(drawn(mean, indices[place], chance), prompt, output)


def sloped(left: float, total: float, right: float, parts: int) -> list[float]:
    """Return a bin's requests in equal parts: linear from the left edge to the middle, and on to the right edge.

    Edges and `total` are requests a bin. Where no middle from 0 on keeps the sum, the middle is 0 and the edges shrink.
    """
    middle = 2 * total - (left + right) / 2
    if middle < 0:
        shrunk = 4 * total / (left + right)
        left, middle, right = left * shrunk, 0.0, right * shrunk
    until = [so_far(left, middle, place / parts) for place in range(parts // 2 + 1)]
    since = [so_far(right, middle, place / parts) for place in range((parts + 1) // 2)]
    areas = [*until, *(total - area for area in reversed(since))]
    return [max(0.0, after - before) for before, after in pairwise(areas)]


def so_far(edge: float, middle: float, share: float) -> float:
    """Return the area under the first share, at most a half, of a line from an edge to the middle."""
    return edge * share + (middle - edge) * share**2


def drawn(mean: float, index: float, chance: random.Random) -> float:
    """Return a gamma count of this mean and index of dispersion, the mean itself at index 0."""
    return chance.gammavariate(mean / index, index) if mean > 0 and index > 0 else mean


def summed(bins: Sequence[Arrival], many: int) -> Iterator[Arrival]:
    """Yield so many bins after each other as one step; what is left over at the end is one more step."""
    for begin in range(0, len(bins), many):
        part = bins[begin : begin + many]
        total = sum(requests for requests, _, _ in part)
        if not total:
            yield part[0]
            continue
        prompt = sum(requests * prompt for requests, prompt, _ in part) / total
        yield Arrival(total, prompt, sum(requests * output for requests, _, output in part) / total)
