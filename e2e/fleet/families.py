"""vLLM's metric families as its V1 engine prints them: names, help, types, buckets.

Names, words and buckets follow vllm/v1/metrics/loggers.py (0.10 and later; `num_requests_waiting_by_reason` came with
0.27). Left out are the families that only some options turn on: LoRA, speculative decoding, connectors' caches, sleep.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family: its help text and, for a histogram, the upper bounds of its buckets but +Inf."""

    help: str
    bounds: tuple[float, ...] = ()


LATENCY = (
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0,
    1920.0, 7680.0,
)  # fmt: skip
FIRST_TOKEN = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0,
    640.0, 2560.0,
)  # fmt: skip
BETWEEN_TOKENS = (
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0,
)  # fmt: skip
TOKENS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0)

GAUGES = {
    "num_requests_running": Family("Number of requests in model execution batches."),
    "num_requests_waiting": Family("Number of requests waiting to be processed."),
    "num_requests_waiting_by_reason": Family("Number of waiting requests by reason."),
    "kv_cache_usage_perc": Family("KV-cache usage. 1 means 100 percent usage."),
}
COUNTERS = {
    "prefix_cache_queries": Family("Prefix cache queries, in terms of number of queried tokens."),
    "prefix_cache_hits": Family("Prefix cache hits, in terms of number of cached tokens."),
    "num_preemptions": Family("Cumulative number of preemption from the engine."),
    "prompt_tokens": Family("Number of prefill tokens processed."),
    "generation_tokens": Family("Number of generation tokens processed."),
    "request_success": Family("Count of successfully processed requests."),
}
HISTOGRAMS = {
    "request_prompt_tokens": Family("Number of prefill tokens processed.", TOKENS),
    "request_generation_tokens": Family("Number of generation tokens processed.", TOKENS),
    "time_to_first_token_seconds": Family("Histogram of time to first token in seconds.", FIRST_TOKEN),
    "inter_token_latency_seconds": Family("Histogram of inter-token latency in seconds.", BETWEEN_TOKENS),
    "request_time_per_output_token_seconds": Family(
        "Histogram of time_per_output_token_seconds per request.", BETWEEN_TOKENS
    ),
    "e2e_request_latency_seconds": Family("Histogram of e2e request latency in seconds.", LATENCY),
    "request_queue_time_seconds": Family("Histogram of time spent in WAITING phase for request.", LATENCY),
    "request_inference_time_seconds": Family("Histogram of time spent in RUNNING phase for request.", LATENCY),
    "request_prefill_time_seconds": Family("Histogram of time spent in PREFILL phase for request.", LATENCY),
    "request_decode_time_seconds": Family("Histogram of time spent in DECODE phase for request.", LATENCY),
}
