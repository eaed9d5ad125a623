"""The one table of inference engines (DESIGN.md, section 5): where each shows its metrics, and what they are called."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache

from poolkeeper.shell.queues.exposition import mentions

SECOND = timedelta(seconds=1)
UNSERVED = frozenset({("finished_reason", "abort"), ("finished_reason", "error")})
"""Labels of requests that ended without having been served."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A metric, and the labels that its series must have; "" also means that the label is absent."""

    name: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram's name without `_bucket` and `_count`, and what a bound of 1 means."""

    name: str
    unit: timedelta = SECOND


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine. `kv_usage` and `waits` are in order of preference; `waits` is queue time, else time to first token.

    `held` are queues before `waiting`, added where they are shown.
    `done` counts requests that were served, UNSERVED ones left out; `tokens` are those of prompts and those generated,
    `phases` the seconds that requests have spent with either, all together.
    `mirrors` are labels of processes that report one and the same queue: the largest counts, where other series
    (data-parallel ranks, models) are added.
    `generations` tell by a metric of its own which names a page has, the newest first.
    """

    name: str
    prefix: str
    waiting: Gauge
    held: tuple[Gauge, ...] = ()
    running: Gauge | None = None
    kv_usage: tuple[Gauge, ...] = ()
    tokens: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    done: str = ""
    waits: tuple[Histogram, ...] = ()
    port: int = 8000
    path: str = "/metrics"
    mirrors: frozenset[str] = field(default_factory=frozenset)
    generations: tuple[tuple[str, str], ...] = ()


# Recognised in this order: a Triton that runs TensorRT-LLM shows Triton's own metrics too.
ENGINES = (
    Engine(
        "vllm",
        prefix="vllm:",
        waiting=Gauge("vllm:num_requests_waiting"),
        running=Gauge("vllm:num_requests_running"),
        kv_usage=(Gauge("vllm:kv_cache_usage_perc"), Gauge("vllm:gpu_cache_usage_perc")),
        tokens=("vllm:prompt_tokens_total", "vllm:generation_tokens_total"),
        phases=("vllm:request_prefill_time_seconds_sum", "vllm:request_decode_time_seconds_sum"),
        done="vllm:request_success_total",
        waits=(Histogram("vllm:request_queue_time_seconds"), Histogram("vllm:time_to_first_token_seconds")),
        generations=(
            ("vllm:kv_cache_usage_perc", "names since 0.10"),
            ("vllm:gpu_cache_usage_perc", "names before 0.10"),
        ),
    ),
    Engine(
        "sglang",
        prefix="sglang:",
        port=30000,
        # With priorities, the same gauge also holds one series for each priority; the total has none.
        waiting=Gauge("sglang:num_queue_reqs", (("priority", ""),)),
        # A decode worker of a split pair: what waits for room in its KV cache stands in no other queue.
        held=(Gauge("sglang:num_decode_prealloc_queue_reqs", (("priority", ""),)),),
        running=Gauge("sglang:num_running_reqs", (("priority", ""),)),
        kv_usage=(Gauge("sglang:token_usage"),),
        tokens=("sglang:prompt_tokens_total", "sglang:generation_tokens_total"),
        done="sglang:num_requests_total",
        waits=(Histogram("sglang:queue_time_seconds"), Histogram("sglang:time_to_first_token_seconds")),
        # --enable-metrics-for-all-schedulers: each tensor-parallel rank schedules the same requests.
        mirrors=frozenset({"tp_rank", "pp_rank", "moe_ep_rank"}),
        generations=(
            ("sglang:queue_time_seconds", "with queue times"),
            ("sglang:num_queue_reqs", "without queue times, so time to first token counts"),
        ),
    ),
    Engine(
        "tgi",
        prefix="tgi_",
        port=80,
        waiting=Gauge("tgi_queue_size"),
        running=Gauge("tgi_batch_current_size"),
        tokens=("tgi_request_input_length_sum", "tgi_request_generated_tokens_sum"),
        done="tgi_request_success",
        waits=(Histogram("tgi_request_queue_duration"),),
    ),
    Engine(
        "trtllm-serve",
        prefix="trtllm_",
        path="/prometheus/metrics",
        waiting=Gauge("trtllm_num_requests_waiting"),
        running=Gauge("trtllm_num_requests_running"),
        kv_usage=(Gauge("trtllm_kv_cache_utilization"),),
        tokens=("trtllm_prompt_tokens_total", "trtllm_generation_tokens_total"),
        phases=("trtllm_request_prefill_time_seconds_sum", "trtllm_request_decode_time_seconds_sum"),
        done="trtllm_request_success_total",
        waits=(Histogram("trtllm_request_queue_time_seconds"), Histogram("trtllm_time_to_first_token_seconds")),
    ),
    Engine(
        "triton-trtllm",
        prefix="nv_trt_llm_",
        port=8002,
        waiting=Gauge("nv_trt_llm_request_metrics", (("request_type", "waiting"),)),
        running=Gauge("nv_trt_llm_request_metrics", (("request_type", "scheduled"),)),
        kv_usage=(Gauge("nv_trt_llm_kv_cache_block_metrics", (("kv_cache_block_type", "fraction"),)),),
        waits=(Histogram("nv_inference_first_response_histogram_ms", timedelta(milliseconds=1)),),
    ),
    Engine(
        "triton",
        prefix="nv_inference_",
        port=8002,
        waiting=Gauge("nv_inference_pending_request_count"),
        waits=(Histogram("nv_inference_first_response_histogram_ms", timedelta(milliseconds=1)),),
    ),
)

BY_NAME = {engine.name: engine for engine in ENGINES}

PER_POD = frozenset(engine.waiting.name for engine in ENGINES)
"""Metrics that always belong to the pod that shows them, wherever they are read."""


def generation(engine: Engine, page: bytes) -> str:
    """Return which of the engine's generations of names the page shows, "" where it is none of them."""
    spelled = escaped(engine, page) or engine
    return next((words for name, words in spelled.generations if mentions(page, name.encode())), "")


def recognise(page: bytes, engines: Sequence[Engine] = ENGINES) -> Engine | None:
    """Return the first of the engines whose metrics the page shows."""
    return next((engine for engine in engines if mentions(page, engine.prefix.encode()) or escaped(engine, page)), None)


def escaped(engine: Engine, page: bytes) -> Engine | None:
    """Return the engine as the page spells it if that is with underscores for colons, else None.

    OpenMetrics keeps the colon for recording rules, so that some clients (prometheus_client among them) and relays
    print `vllm_num_requests_waiting`.
    """
    if ":" not in engine.prefix:
        return None
    other = _underscored(engine)
    return other if mentions(page, other.waiting.name.encode()) else None


@cache
def _underscored(engine: Engine) -> Engine:
    def gauges(given: tuple[Gauge, ...]) -> tuple[Gauge, ...]:
        return tuple(Gauge(_plain(one.name), one.labels) for one in given)

    return replace(
        engine,
        waiting=gauges((engine.waiting,))[0],
        held=gauges(engine.held),
        running=gauges((engine.running,))[0] if engine.running else None,
        kv_usage=gauges(engine.kv_usage),
        tokens=tuple(map(_plain, engine.tokens)),
        phases=tuple(map(_plain, engine.phases)),
        done=_plain(engine.done),
        waits=tuple(Histogram(_plain(one.name), one.unit) for one in engine.waits),
        generations=tuple((_plain(name), words) for name, words in engine.generations),
    )


def _plain(name: str) -> str:
    return name.replace(":", "_")
