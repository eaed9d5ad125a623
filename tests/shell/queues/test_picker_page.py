"""Pickers' pages, of each generation of names: what they hold back, and what waits at their model servers."""

from pathlib import Path

import pytest

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.picker_page import page_of

PAGES = Path(__file__).with_name("picker_pages")
INFO = b'llm_d_epp_info{commit="b64f44e"} 1\n'


def stored(name):
    return (PAGES / f"{name}.txt").read_bytes()


def refusal(page, pool="chat"):
    with pytest.raises(MetricError) as told:
        page_of(page, pool)
    return told.value


@pytest.mark.parametrize(
    ("name", "held", "waiting", "working"), [("llm-d-router", 42, 9, 126), ("inference-extension", 0, 5, None)]
)
def test_each_generation_of_names_is_read(name, held, waiting, working):
    page = page_of(stored(name), "chat")
    assert (page.held, page.waiting, page.working) == (held, waiting, working)


def test_the_names_between_are_read():
    page = page_of(stored("llm-d-router").replace(b"llm_d_epp_", b"llm_d_router_epp_"), "chat")
    assert (page.held, page.ready, page.average) == (42, 4, 2.25)


def test_newer_names_go_before_their_twins():
    page = page_of(stored("llm-d-router").replace(b'inference_pool_ready_pods{name="chat"} 4', b""), "chat")
    assert page.ready == 4


def test_a_picker_without_figures_of_any_server_tells_what_it_holds():
    held = b'llm_d_epp_flow_control_queue_size{inference_pool="chat",priority="0"} 7\n'
    page = page_of(held + b'llm_d_epp_ready_endpoints{name="chat"} 0\n', "chat")
    assert (page.held, page.waiting, page.working) == (7, 0, None)


def test_what_is_left_of_servers_that_are_gone_is_not_counted():
    page = page_of(stored("llm-d-router").replace(b'{name="chat"} 4', b'{name="chat"} 0'), "chat")
    assert page.waiting == 0


def test_a_picker_that_has_seen_nothing_yet_is_a_picker():
    assert page_of(INFO, "chat").held == 0


def test_flow_control_without_the_pools_label_is_counted():
    assert page_of(b'inference_extension_flow_control_queue_size{priority="0"} 3\n', "chat").held == 3


@pytest.mark.parametrize(
    ("page", "reason", "words"),
    [
        (b"up 1\n", Reason.METRIC_EMPTY, "no metrics of an endpoint picker"),
        (b"<html>not found</html>\n", Reason.METRIC_GARBAGE, "line 1 is no sample"),
        (b'llm_d_epp_ready_endpoints{name="chat} 4\n', Reason.METRIC_GARBAGE, "is no sample"),
        (b'llm_d_epp_ready_endpoints{name="chat"} 4\n', Reason.METRIC_EMPTY, "no llm_d_epp_average_queue_size"),
        (b'llm_d_epp_ready_endpoints{name="chat"} NaN\n', Reason.METRIC_NOT_A_NUMBER, "is nan"),
        (b'llm_d_epp_flow_control_queue_size{priority="0"} -1\n', Reason.METRIC_NEGATIVE, "is -1.0"),
    ],
)
def test_what_cannot_be_is_a_fault(page, reason, words):
    told = refusal(page)
    assert (told.reason, words in told.detail) == (reason, True)


def test_another_pools_picker_is_named():
    told = refusal(stored("inference-extension"), "other")
    assert told.detail == "the picker tells of InferencePool 'chat' and not of 'other'"
