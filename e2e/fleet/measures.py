"""What a replica has counted since it began: vLLM's counters and histograms, under vLLM's names without the prefix."""

from bisect import bisect_left
from dataclasses import dataclass, field

from fleet.families import HISTOGRAMS
from fleet.request import Request


class Histogram:
    """Counts of observations by bucket; `counts` has one more than `bounds`, for what lies above them all."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float, times: int = 1) -> None:
        """Count `value`, `times` over; a bound belongs to its own bucket, as in Prometheus."""
        self.counts[bisect_left(self.bounds, value)] += times
        self.total += value * times


def _histograms() -> dict[str, Histogram]:
    return {name: Histogram(family.bounds) for name, family in HISTOGRAMS.items()}


@dataclass
class Measures:
    """Counters and histograms; `generated` is fractional between two tokens, `observed` grows as they change."""

    prompted: int = 0
    generated: float = 0.0
    observed: int = 0
    success: dict[str, int] = field(default_factory=lambda: {"stop": 0, "length": 0, "abort": 0, "error": 0})
    histograms: dict[str, Histogram] = field(default_factory=_histograms)

    def first_token(self, request: Request) -> None:
        """Count the end of a prefill, which is also the first output token."""
        self.observed += 1
        self.prompted += request.prompt_tokens
        self.generated += 1
        self._observe("time_to_first_token_seconds", request.first_token, request.queued)

    def finish(self, request: Request) -> None:
        """Count a request at its last token: vLLM observes nearly all of its histograms only then."""
        self.observed += 1
        self.success["stop"] += 1
        self._observe("request_queue_time_seconds", request.started, request.queued)
        self._observe("request_prefill_time_seconds", request.first_token, request.started)
        self._observe("request_decode_time_seconds", request.finished, request.first_token)
        self._observe("request_inference_time_seconds", request.finished, request.started)
        self._observe("e2e_request_latency_seconds", request.finished, request.queued)
        self.histograms["request_prompt_tokens"].observe(request.prompt_tokens)
        self.histograms["request_generation_tokens"].observe(request.output_tokens)
        self._observe_pace(request)

    def _observe_pace(self, request: Request) -> None:
        """The time between tokens: the request's own mean, once for each of its tokens but the first."""
        gaps = request.output_tokens - 1
        if gaps and request.finished is not None and request.first_token is not None:
            mean = (request.finished - request.first_token) / gaps
            self.histograms["inter_token_latency_seconds"].observe(mean, gaps)
            self.histograms["request_time_per_output_token_seconds"].observe(mean)

    def _observe(self, name: str, end: float | None, start: float | None) -> None:
        if end is None or start is None:
            raise ValueError(f"{name}: a request without its instants")
        self.histograms[name].observe(end - start)
