"""What a replica can do, by GPU and model as published benchmarks have it, or from what a pool's own engines counted.

How the figures of a benchmark become an engine's, for one kind of request each:

    decode_rate, half_batch   the time between two tokens against how many run at once: a straight line, so the pace of
                              one alone and the batch at which it is half of that; prefill that slows decoding is in it
    prefill_rate              prompt tokens over the time to the first one, for a request alone; where more were read in
                              a second at the highest throughput, those
    slots                     how many ran at once at most; where the cache was the limit, how many were sent at once
    cache_tokens              the tokens of all that ran at once where no more did, else at least of all that ran
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from math import ceil
from statistics import linear_regression

from poolkeeper.core.engine import Engine
from poolkeeper.core.observation import PodSample, Reading

ASSUMED = "assumed"
PRICES: Mapping[str, Decimal] = {"OnDemand": Decimal("3.00"), "Spot": Decimal("0.90")}
"""What a GPU costs an hour where nobody says, by capacity type: an H100 in manifests/samples/prices.yaml."""
HOUR = timedelta(hours=1)
FEWEST = 3
"""Looks that tell a line."""
FULL = 0.95
"""A cache that is fuller than this may be what keeps requests waiting, and not the slots."""


@dataclass(frozen=True, slots=True)
class Preset:
    """An engine, and where its figures are from: page, software, and how long the requests were."""

    engine: Engine
    source: str


PRESETS: Mapping[str, Preset] = {
    ASSUMED: Preset(Engine(), "assumed, not measured: about a 70B model in 8-bit on the GPUs of one replica"),
    "2xh100-llama-3.3-70b-fp8": Preset(
        Engine(slots=250, prefill_rate=12_292, decode_rate=53.8, half_batch=21.4, cache_tokens=470_000),
        "docs.nvidia.com/nim/benchmarking/llm/1.0.0/performance: Llama-3.3-70b-instruct, NIM 1.8.0, 2 x H100 80G, "
        "FP8, TP2; prompts of 5,000 and outputs of 500 tokens: 407 ms to the first token alone, 18.6 ms between tokens "
        "alone and 59.7 ms at 50; from 100 on 920 tokens a second at 93 ms, so 86 ran at once",
    ),
    "2xb200-nemotron-nano-30b-fp8": Preset(
        Engine(slots=512, prefill_rate=75_000, decode_rate=344, half_batch=119, cache_tokens=1_310_720),
        "docs.vultr.com/inference-cookbook/cuda/optimization/concurrency-tuning: Nemotron Nano 30B, vLLM 0.16, "
        "2 x B200, FP8, TP2; prompts of 2,048 and outputs of 512 tokens: 2.91 ms between tokens alone and 15.46 ms at "
        "512, all of which ran at once; the 18,746 output tokens a second there came with 75,000 of prompts, which it "
        "reads at the least",
    ),
    "rtx4090-mistral-7b": Preset(
        Engine(slots=48, prefill_rate=4_830, decode_rate=58.4, half_batch=35.4, cache_tokens=54_000),
        "mushfiqrahman.dev/?p=1668: Mistral-7B-Instruct-v0.3, vLLM, RTX 4090 24 GB; prompts of 256 and outputs of 128 "
        "tokens: 53 ms to the first token at 4, 210 tokens a second in all at 4 and 1,190 at 48; the cache is what 90 "
        "% of the memory leaves beside the weights, at 128 KiB a token",
    ),
    "l4-qwen2.5-0.5b": Preset(
        Engine(slots=32, prefill_rate=9_480, decode_rate=196, half_batch=79, cache_tokens=1_080_000),
        "ai.wmx.dev/benchmarks: Qwen2.5-0.5B-Instruct, vLLM 0.23, L4 23 GB, BF16; prompts of 256 and outputs of 128 "
        "tokens: 27 ms to the first token alone, 5.1 ms between tokens alone and 7.1 ms at 32; 1.1 % of the cache in "
        "use with 31 running",
    ),
}


class CalibrationError(ValueError):
    """Readings that tell too little of an engine; the words say what is missing."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one replica did between two looks: seconds and tokens, and what ran and waited on the average."""

    seconds: float
    requests: float
    prompt: float
    output: float
    prefilling: float
    decoding: float
    running: float
    waiting: float
    usage: float


def calibrate(readings: Sequence[Reading], usual: Engine = PRESETS[ASSUMED].engine) -> Engine:
    """Return the engine that a pool's own counters tell of, by least squares; `usual` where they do not tell.

    By Little's law (L = lambda W) the mean number of requests in a stage is the time that all of them spent there over
    the time that passed. In each stage the seconds that a token takes grow in a straight line with that number: alone,
    1 / rate; with `half_batch` decoding, twice that. Slots are told by what runs while others wait and the cache has
    room, the cache by the tokens that running requests hold (half of the output has been given on the average) against
    the share that they fill.

    Raises:
        CalibrationError: fewer than three stretches of a replica's work are among the readings.
    """
    found = [stretch for before, after in pairwise(readings) for stretch in stretches(before, after)]
    if len(found) < FEWEST:
        raise CalibrationError(
            f"{len(found)} stretches of work tell nothing; {FEWEST} looks at working replicas are needed whose engine "
            "counts requests, tokens and the time of prefill and decode"
        )
    prefill, _ = stage(found, lambda one: one.prefilling, lambda one: one.prompt)
    decode, half = stage(found, lambda one: one.decoding, lambda one: one.output)
    engine = replace(usual, prefill_rate=prefill, decode_rate=decode, half_batch=half)
    return replace(engine, slots=slots(found, usual), cache_tokens=cache(found, usual))


def stretches(before: Reading, after: Reading) -> Iterator[Stretch]:
    """Yield what each replica did between two looks, where it did anything and its engine tells."""
    seconds = (after.at - before.at).total_seconds()
    known = {pod.uid: pod for pod in before.pods}
    for pod in after.pods:
        grown = growth(known[pod.uid], pod) if pod.uid in known else None
        if grown and all(value > 0 for value in grown):
            ends = (known[pod.uid], pod)
            means = (mean(one.running for one in ends), mean(one.waiting for one in ends))
            yield Stretch(seconds, *grown, *means, mean(one.kv_usage for one in ends))


def growth(before: PodSample, after: PodSample) -> tuple[float, float, float, float, float] | None:
    """Return how far a pod's counters went: requests, prompt and output tokens, seconds of prefill and of decode.

    None where its engine does not tell one of them.
    """
    counters = (
        (before.requests, after.requests),
        (before.prompt_tokens, after.prompt_tokens),
        (before.generation_tokens, after.generation_tokens),
        (before.prefill_hours, after.prefill_hours),
        (before.decode_hours, after.decode_hours),
    )
    grown = [None if old is None or new is None else new - old for old, new in counters]
    requests, prompt, output, prefill, decode = grown
    if requests is None or prompt is None or output is None or prefill is None or decode is None:
        return None
    return requests, prompt, output, prefill * HOUR.total_seconds(), decode * HOUR.total_seconds()


def mean(values: Iterator[float | None]) -> float:
    """Return the mean of two looks; what one does not tell is 0."""
    return sum(value or 0.0 for value in values) / 2


def stage(
    found: Sequence[Stretch], spent: Callable[[Stretch], float], tokens: Callable[[Stretch], float]
) -> tuple[float, float]:
    """Return a stage's tokens a second for a request alone, and at how many each is half as fast."""
    batches = [spent(one) / one.seconds for one in found]
    each = [spent(one) / tokens(one) for one in found]
    if max(batches) - min(batches) <= min(batches) * 1e-6:
        return 1 / (sum(each) / len(each)), Engine().half_batch
    slope, alone = linear_regression(batches, each)
    if alone <= 0:
        return 1 / min(each), Engine().half_batch
    return 1 / alone, alone / slope if slope > 0 else float("inf")


def slots(found: Sequence[Stretch], usual: Engine) -> int:
    """Return how many requests run at once while others wait; at least as many as were ever seen."""
    full = [one.running for one in found if one.waiting >= 1 and one.usage < FULL]
    return ceil(max(full) - 0.5) if full else max(usual.slots, ceil(max(one.running for one in found)))


def cache(found: Sequence[Stretch], usual: Engine) -> float:
    """Return the tokens that fill the cache."""
    pairs = [(one.running * held(one), one.usage) for one in found]
    squares = sum(usage * usage for _, usage in pairs)
    return sum(tokens * usage for tokens, usage in pairs) / squares if squares else usual.cache_tokens


def held(one: Stretch) -> float:
    """Return the tokens that a running request holds on the average."""
    return (one.prompt + one.output / 2) / one.requests
