from datetime import timedelta
from pathlib import Path

import pytest

from builders import START, at
from poolkeeper.core.model import Slo
from poolkeeper.core.observation import PodSample
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.engines import BY_NAME, ENGINES, recognise
from poolkeeper.shell.queues.exposition import read
from poolkeeper.shell.queues.sample import sample

PAGES = {path.stem: path.read_bytes() for path in (Path(__file__).parent / "pages").glob("*.txt")}
SLO = Slo(timedelta(seconds=2))
VLLM = BY_NAME["vllm"]


def test_every_engine_has_a_page():
    assert PAGES.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", PAGES)
def test_auto_recognises_each_engine(name):
    assert recognise(PAGES[name]).name == name


def test_a_page_of_something_else_is_not_recognised():
    assert recognise(b"# TYPE node_load1 gauge\nnode_load1 0.5\n") is None


def test_an_engine_that_has_served_nothing_is_recognised_by_its_comments():
    assert recognise(b"# TYPE sglang:num_queue_reqs gauge\n").name == "sglang"


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_token_counters_are_on_the_engine_s_page(engine):
    assert set(read(PAGES[engine.name], engine.tokens)) == set(engine.tokens)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_the_time_of_each_phase_is_on_the_engine_s_page(engine):
    assert set(read(PAGES[engine.name], engine.phases)) == set(engine.phases)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # ranks are summed, ratios are not, _by_reason is not added on top, and what was aborted was not served
        ("vllm", PodSample("a", 15, 125, 0.7012, 990, 1100, 1000, 8128902, 7557572, 0.3, 2.7)),
        # the series of each priority and of each tensor-parallel rank repeat the same queue
        ("sglang", PodSample("a", 2826, 162, 0.28, 45, 50, 7600, 8128902, 7557572)),
        ("tgi", PodSample("a", 7, 32, None, 1100, 1200, 1190, 614400, 240000)),
        ("trtllm-serve", PodSample("a", 4, 16, 0.5, 90, 100, 98, 1024, 2048, 0.01, 0.1)),
        # milliseconds, and nv_inference_exec_count is not taken for running
        ("triton-trtllm", PodSample("a", waiting=9, running=8, kv_usage=0.4875, inside=200, finished=250)),
        ("triton", PodSample("a", waiting=7, inside=200, finished=250)),
    ],
)
def test_reads_a_real_page(name, expected):
    assert sample("a", BY_NAME[name], PAGES[name], SLO, START) == expected


def test_without_an_slo_no_histogram_is_read():
    seen = sample("a", VLLM, PAGES["vllm"], None, START)
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
    assert sample("a", BY_NAME["sglang"], page, None, START).waiting == 21


def test_the_old_name_of_the_kv_gauge_is_read_too():
    page = PAGES["vllm"].replace(b"vllm:kv_cache_usage_perc", b"vllm:gpu_cache_usage_perc")
    assert sample("a", VLLM, page, None, START).kv_usage == 0.7012


def test_time_to_first_token_stands_in_for_queue_time():
    page = PAGES["vllm"].replace(b"vllm:request_queue_time_seconds", b"other")
    assert sample("a", VLLM, page, SLO, START).inside == 700


def test_an_slo_under_the_smallest_bucket_is_not_measured():
    page = PAGES["trtllm-serve"]
    seen = sample("a", BY_NAME["trtllm-serve"], page, Slo(timedelta(seconds=1)), START)
    assert (seen.inside, seen.finished) == (None, None)


def test_a_bucket_at_the_queue_time_counts_in_full():
    assert sample("a", VLLM, PAGES["vllm"], Slo(timedelta(seconds=2.5)), START).inside == 1045


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
        sample("a", BY_NAME["sglang"], page, None, START)


def stamped(seconds):
    return f"vllm:num_requests_waiting 0 {int(at(seconds).timestamp() * 1000)}\n".encode()


def test_what_was_stamped_long_ago_is_stale():
    with pytest.raises(MetricError) as fault:
        sample("a", VLLM, stamped(-31), None, START)
    assert (fault.value.reason, fault.value.detail) == (Reason.METRIC_STALE, "vllm:num_requests_waiting is 31 s old")


def test_what_was_stamped_just_now_counts():
    assert sample("a", VLLM, stamped(-29), None, START).waiting == 0
