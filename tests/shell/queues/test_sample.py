from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as text_form
from prometheus_client.openmetrics.exposition import generate_latest as open_form

from builders import START, at
from poolkeeper.core.model import Slo
from poolkeeper.core.observation import PodSample
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.engines import BY_NAME, generation, recognise
from poolkeeper.shell.queues.sample import sample

FOLDER = Path(__file__).parent / "pages"
PAGES = {path.stem: path.read_bytes() for path in FOLDER.glob("*.txt")}
REFUSED = {path.stem: path.read_bytes() for path in (FOLDER / "refused").glob("*.txt")}
SLO = Slo(timedelta(seconds=2))
VLLM, SGLANG = BY_NAME["vllm"], BY_NAME["sglang"]

# Page -> engine, then what it says: waiting, running, KV usage; inside and finished of the histogram that counts;
# requests done; tokens of prompts and generated; hours of prefill and decode.
SAID = {
    "vllm-0.8": ("vllm", 6, 24, 0.61, 188, 200, 200, 51200, 25600, 0.01, 0.25),
    "vllm-0.10": ("vllm", 5, 40, 0.44, 31, 32, 32, 4096, 8192, 0.005, 0.1),
    # ranks are summed, ratios are not, _by_reason is not added on top, and what was aborted was not served
    "vllm-0.21": ("vllm", 15, 125, 0.7012, 990, 1100, 1000, 8128902, 7557572, 0.3, 2.7),
    # no queue times: time to first token, whose bucket of 1 s is the last inside
    "sglang-0.4": ("sglang", 2826, 162, 0.28, 27, 11008, None, 8128902, 7557572, None, None),
    # the series of each priority and of each tensor-parallel rank repeat the same queue
    "sglang-0.5": ("sglang", 2826, 162, 0.28, 45, 50, 7600, 8128902, 7557572, None, None),
    "sglang-0.5-decode": ("sglang", 20, 58, 0.97, 85, 100, 100, 30000, 90000, None, None),
    "tgi-3": ("tgi", 7, 32, None, 1100, 1200, 1190, 614400, 240000, None, None),
    "trtllm-serve-1.3": ("trtllm-serve", 4, 16, 0.5, 90, 100, 98, 1024, 2048, 0.01, 0.1),
    # milliseconds, and nv_inference_exec_count is not taken for running
    "triton-trtllm-25": ("triton-trtllm", 9, 8, 0.4875, 200, 250, None, None, None, None, None),
    "triton-25": ("triton", 7, None, None, 200, 250, None, None, None, None, None),
    "triton-23.12": ("triton", 95, None, None, None, None, None, None, None, None, None),
}
GENERATIONS = {
    "vllm-0.8": "names before 0.10",
    "vllm-0.10": "names since 0.10",
    "vllm-0.21": "names since 0.10",
    "sglang-0.4": "without queue times, so time to first token counts",
    "sglang-0.5": "with queue times",
    "sglang-0.5-decode": "with queue times",
}


def test_every_page_is_in_the_table_and_every_engine_has_one():
    assert (PAGES.keys(), {row[0] for row in SAID.values()}) == (SAID.keys(), BY_NAME.keys())


@pytest.mark.parametrize("name", [*PAGES, *(f"refused/{name}" for name in REFUSED)])
def test_every_page_says_where_it_is_from(name):
    first = (FOLDER / f"{name}.txt").read_text().splitlines()[0]
    assert first.startswith("# ")
    assert "/" in first


@pytest.mark.parametrize("name", SAID)
def test_a_page_is_recognised_and_says(name):
    engine, *said = SAID[name]
    found = recognise(PAGES[name])
    assert (found.name, sample("a", found, PAGES[name], SLO, START)) == (engine, PodSample("a", *said))


@pytest.mark.parametrize("name", SAID)
def test_the_generation_of_names_is_told_where_it_matters(name):
    assert generation(BY_NAME[SAID[name][0]], PAGES[name]) == GENERATIONS.get(name, "")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("triton-trtllm-23.11", "the page has no nv_trt_llm_request_metrics"),
        ("triton-vllm-25", "the page has no vllm:num_requests_waiting"),
    ],
)
def test_a_page_that_hides_its_queue_is_a_fault_and_no_empty_queue(name, words):
    with pytest.raises(MetricError, match=words) as fault:
        sample("a", recognise(REFUSED[name]), REFUSED[name], SLO, START)
    assert fault.value.reason is Reason.METRIC_EMPTY


def test_a_page_whose_names_have_no_prefix_is_not_recognised():
    assert recognise(REFUSED["trtllm-serve-1.2"]) is None


def test_a_page_of_something_else_is_not_recognised():
    assert recognise(b"# TYPE node_load1 gauge\nnode_load1 0.5\n") is None


def test_an_engine_that_has_served_nothing_is_recognised_by_its_comments():
    assert recognise(b"# TYPE sglang:num_queue_reqs gauge\n").name == "sglang"


def test_without_an_slo_no_histogram_is_read():
    seen = sample("a", VLLM, PAGES["vllm-0.21"], None, START)
    assert (seen.inside, seen.finished) == (None, None)


def test_several_models_of_one_server_are_summed():
    page = b'vllm:num_requests_waiting{model_name="a"} 1\nvllm:num_requests_waiting{model_name="b"} 2\n'
    assert sample("a", VLLM, page, None, START).waiting == 3


def test_data_parallel_ranks_are_summed_and_their_mirrors_are_not():
    page = b"".join(
        b'sglang:num_queue_reqs{dp_rank="%d",tp_rank="%d"} %d\n' % (data, tensor, 10 + data)
        for data in (0, 1)
        for tensor in (0, 1)
    )
    assert sample("a", SGLANG, page, None, START).waiting == 21


def test_tensor_parallel_mirrors_of_a_histogram_count_once():
    page = b"sglang:num_queue_reqs 0\n" + b"".join(
        b'sglang:queue_time_seconds_bucket{tp_rank="%d",le="2"} 40\nsglang:queue_time_seconds_count{tp_rank="%d"} 50\n'
        % (rank, rank)
        for rank in range(4)
    )
    seen = sample("a", SGLANG, page, SLO, START)
    assert (seen.inside, seen.finished) == (40, 50)


def test_what_ended_in_an_error_was_not_served():
    page = (
        b'vllm:request_success_total{finished_reason="error"} 3\nvllm:request_success_total{finished_reason="stop"} 5\n'
    )
    assert sample("a", VLLM, b"vllm:num_requests_waiting 0\n" + page, None, START).requests == 5


@pytest.mark.parametrize(
    ("engine", "counter"), [("tgi", "tgi_request_success_total"), ("vllm", "vllm:request_success")]
)
def test_a_counter_is_found_with_and_without_total(engine, counter):
    page = f"{BY_NAME[engine].waiting.name} 1\n{counter} 4\n".encode()
    assert sample("a", BY_NAME[engine], page, None, START).requests == 4


def test_lora_adapters_are_no_queues_of_their_own():
    page = b'vllm:num_requests_waiting 6\nvllm:lora_requests_info{waiting_lora_adapters="a,b}",max_lora="2"} 1.7e9\n'
    assert sample("a", VLLM, page, None, START).waiting == 6


@pytest.fixture
def registry():
    """A vLLM's metrics, as prometheus_client holds them: one request served, whose trace is an exemplar."""
    registry = CollectorRegistry()
    Gauge("vllm:num_requests_waiting", "Waiting.", ["engine"], registry=registry).labels("0").set(3)
    Counter("vllm:prompt_tokens", "Tokens.", registry=registry).inc(7, {"trace_id": "oHg5"})
    Counter("vllm:generation_tokens", "Tokens.", registry=registry).inc(9)
    Counter("vllm:request_success", "Served.", ["finished_reason"], registry=registry).labels("stop").inc()
    waits = Histogram("vllm:request_queue_time_seconds", "Waits.", buckets=(1, 2, 4), registry=registry)
    waits.observe(1.5, {"trace_id": "oHg5 # {"})
    return registry


@pytest.mark.parametrize("form", [text_form, open_form], ids=["text", "OpenMetrics with exemplars and # EOF"])
def test_both_formats_say_the_same(registry, form):
    page = form(registry)
    seen = sample("a", recognise(page), page, SLO, START)
    assert seen == PodSample("a", 3, inside=1, finished=1, requests=1, prompt_tokens=7, generation_tokens=9)


def test_names_whose_colons_were_escaped_are_read_as_they_are():
    page = PAGES["vllm-0.21"].replace(b"vllm:", b"vllm_")
    assert sample("a", recognise(page), page, SLO, START) == PodSample("a", *SAID["vllm-0.21"][1:])
    assert generation(VLLM, page) == "names since 0.10"


def test_another_program_of_the_engine_s_name_is_not_taken_for_it():
    assert recognise(b"sglang_router_requests_total 7\n") is None


def test_stamps_of_openmetrics_are_in_seconds():
    page = f"vllm:num_requests_waiting 4 {at(-29).timestamp()}\n# EOF\n".encode()
    assert sample("a", VLLM, page, None, START).waiting == 4


def test_a_page_of_two_megabytes_is_read_like_a_small_one():
    line = b'vllm:request_params_n_bucket{engine="%d",le="%d",model_name="meta-llama/Llama-3.1-8B-Instruct"} 1.0\n'
    padding = b"".join(line % (rank, bound) for rank in range(100) for bound in range(250))
    assert len(padding) > 2_000_000
    small = PAGES["vllm-0.21"]
    assert sample("a", VLLM, padding + small, SLO, START) == sample("a", VLLM, small, SLO, START)


def test_the_old_name_of_the_kv_gauge_is_read_too():
    page = PAGES["vllm-0.21"].replace(b"vllm:kv_cache_usage_perc", b"vllm:gpu_cache_usage_perc")
    assert sample("a", VLLM, page, None, START).kv_usage == 0.7012


def test_time_to_first_token_stands_in_for_queue_time():
    page = PAGES["vllm-0.21"].replace(b"vllm:request_queue_time_seconds", b"other")
    assert sample("a", VLLM, page, SLO, START).inside == 700


def test_an_slo_under_the_smallest_bucket_is_not_measured():
    page = PAGES["trtllm-serve-1.3"]
    seen = sample("a", BY_NAME["trtllm-serve"], page, Slo(timedelta(seconds=1)), START)
    assert (seen.inside, seen.finished) == (None, None)


def test_a_bucket_at_the_queue_time_counts_in_full():
    assert sample("a", VLLM, PAGES["vllm-0.21"], Slo(timedelta(seconds=2.5)), START).inside == 1045


def waiting(value):
    return f'vllm:num_requests_waiting{{engine="0"}} {value}\nvllm:num_requests_waiting{{engine="1"}} 3\n'.encode()


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (waiting("NaN"), Reason.METRIC_NOT_A_NUMBER),
        (waiting("+Inf"), Reason.METRIC_INFINITE),
        (waiting("1e999"), Reason.METRIC_INFINITE),
        (waiting("-1"), Reason.METRIC_NEGATIVE),
        (waiting("many"), Reason.METRIC_GARBAGE),
        (b"", Reason.METRIC_EMPTY),
        (b"vllm:num_requests_waiting_by_reason 4\n", Reason.METRIC_EMPTY),
        (b"<html>busy</html>", Reason.METRIC_GARBAGE),
        (b"\x00\xff\xfe\n", Reason.METRIC_GARBAGE),
    ],
)
def test_a_bad_queue_length_is_a_fault(page, reason):
    with pytest.raises(MetricError) as caught:
        sample("a", VLLM, page, None, START)
    assert caught.value.reason is reason


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-0.5"])
@pytest.mark.parametrize("gauge", ["num_requests_running", "kv_cache_usage_perc"])
def test_a_load_that_cannot_be_is_a_fault_and_not_unknown(gauge, value):
    with pytest.raises(MetricError, match=gauge):
        sample("a", VLLM, waiting("4") + f"vllm:{gauge} {value}\n".encode(), None, START)


def test_nan_in_one_of_two_mirrors_is_not_hidden_by_the_other():
    page = b'sglang:num_queue_reqs{tp_rank="0"} 5\nsglang:num_queue_reqs{tp_rank="1"} NaN\n'
    with pytest.raises(MetricError, match="MetricNotANumber"):
        sample("a", SGLANG, page, None, START)


def stamped(seconds):
    return f"vllm:num_requests_waiting 0 {int(at(seconds).timestamp() * 1000)}\n".encode()


def test_what_was_stamped_long_ago_is_stale():
    with pytest.raises(MetricError) as fault:
        sample("a", VLLM, stamped(-31), None, START)
    assert (fault.value.reason, fault.value.detail) == (Reason.METRIC_STALE, "vllm:num_requests_waiting is 31 s old")


def test_what_was_stamped_just_now_counts():
    assert sample("a", VLLM, stamped(-29), None, START).waiting == 0
