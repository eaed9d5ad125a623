"""Pickers: found by their Service's labels, asked one by one, and never taken for empty where they are blind."""

import pytest

from builders import START, at
from poolkeeper.core.model import PickerSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.gateway import Picked
from poolkeeper.shell.queues.outside import Found
from poolkeeper.shell.queues.picker import PickerReader, port_of
from poolkeeper.shell.views import PodView

SOURCE = PickerSource("picker", "chat")
PAGE = b"""llm_d_epp_flow_control_queue_size{{inference_pool="chat",priority="0"}} {held}
llm_d_epp_average_queue_size{{name="chat"}} {average}
llm_d_epp_average_running_requests{{name="chat"}} 10
llm_d_epp_ready_endpoints{{name="chat"}} {ready}
"""
SILENT = MetricError(Reason.METRIC_TIMEOUT, "no answer in time")


def page(held=0, average=0, ready=2):
    return PAGE.decode().format(held=held, average=average, ready=ready).encode()


class Rig:
    """Two ready model servers, and pickers that answer as they are told: a page, or what is raised."""

    def __init__(self, *answers, servers=2):
        self.now = self.second
        self.clock, self.answers, self.asked = self, {}, []
        self.cluster = Cluster(self)
        for number in range(servers):
            self.add(f"chat-{number}", {"app": "chat"})
        for number, answer in enumerate(answers):
            self.add(f"picker-{number}", {"app": "picker"})
            self.answers[f"picker-{number}"] = answer

    def second(self):
        return at(60)

    def add(self, name, labels, ready_at=START, **known):
        pod = PodView("inference", name, name, START, labels=labels, ready_at=ready_at, ip="127.0.0.1", **known)
        self.cluster.live_pods["inference"][name] = pod

    async def pool(self, *_):
        return Picked({"app": "chat"}, "picker", {"app": "picker"})

    async def read(self, pod, endpoint, transport):
        self.asked.append((pod.name, *endpoint, transport))
        if isinstance(self.answers[pod.name], Exception):
            raise self.answers[pod.name]
        return self.answers[pod.name]

    async def depth(self):
        return await PickerReader(self, self.cluster, self, self).depth("inference", SOURCE)

    async def refusal(self):
        with pytest.raises(MetricError) as told:
            await self.depth()
        return told.value


async def test_what_is_held_and_what_waits_at_servers_are_added():
    assert await Rig(page(held=30, average=4.5)).depth() == Found(39, 20)


async def test_the_page_is_asked_for_as_the_source_says():
    rig = Rig(page())
    await rig.depth()
    assert rig.asked == [("picker-0", 9090, "/metrics", SOURCE.transport)]


async def test_several_pickers_hold_for_themselves_and_see_the_same_servers():
    found = await Rig(page(held=30, average=4), page(held=5, average=5)).depth()
    assert (found.waiting, found.lacks) == (45, "")


async def test_one_that_is_not_ready_is_not_asked():
    rig = Rig(page(held=30))
    rig.add("picker-9", {"app": "picker"}, ready_at=None)
    assert (await rig.depth()).waiting == 30


async def test_a_silent_picker_makes_a_lower_bound():
    found = await Rig(page(held=30, average=4), SILENT).depth()
    assert (found.waiting, found.lacks) == (38, "1 of 2 pickers do not answer")


async def test_silence_of_all_is_a_fault_that_names_the_pod():
    told = await Rig(SILENT).refusal()
    assert (told.reason, told.detail) == (Reason.METRIC_TIMEOUT, "picker picker-0: no answer in time")


async def test_servers_of_which_it_has_no_figures_make_a_lower_bound():
    found = await Rig(page(held=30, average=4, ready=1)).depth()
    assert (found.waiting, found.lacks) == (34, "the picker has figures of 1 of 2 ready pods")


async def test_a_blind_picker_is_not_an_empty_queue():
    found = await Rig(page(held=30, average=4, ready=0)).depth()
    assert (found.waiting, found.lacks) == (30, "the picker has figures of 0 of 2 ready pods")


async def test_a_server_that_has_just_become_ready_is_not_missed():
    rig = Rig(page())
    rig.add("chat-9", {"app": "chat"}, ready_at=at(55))
    assert (await rig.depth()).lacks == ""


async def test_the_first_server_counts_as_soon_as_the_picker_knows_it():
    rig = Rig(page(average=300, ready=1), servers=0)
    rig.add("chat-9", {"app": "chat"}, ready_at=at(55))
    assert await rig.depth() == Found(300, 10)


async def test_until_then_nothing_is_believed_to_be_idle():
    rig = Rig(page(ready=0), servers=0)
    rig.add("chat-9", {"app": "chat"}, ready_at=at(55))
    found = await rig.depth()
    assert (found.running, found.lacks) == (None, "the picker has figures of 0 of 1 ready pods")


async def test_without_a_ready_server_only_what_is_held_counts():
    assert await Rig(page(held=30, average=4), servers=0).depth() == Found(30)


@pytest.mark.parametrize("known", [{}, {"unready_since": at(4)}, {"scheduled_at": at(40), "unready_since": at(41)}])
async def test_a_server_that_never_was_ready_has_nothing_waiting(known):
    rig = Rig(page(held=30), servers=0)
    rig.add("chat-0", {"app": "chat"}, ready_at=None, **known)
    assert await rig.depth() == Found(30)


async def test_servers_that_are_no_longer_ready_may_be_full():
    rig = Rig(page(held=30), servers=0)
    for number in range(2):
        rig.add(f"chat-{number}", {"app": "chat"}, ready_at=None, unready_since=at(50))
    assert await rig.depth() == Found(30, lacks="2 pods are no longer ready: what waits there is unknown")


async def test_without_a_ready_picker_there_is_nobody_to_ask():
    told = await Rig().refusal()
    words = "no pod of service 'picker', the picker of InferencePool 'chat', is ready"
    assert (told.reason, told.detail) == (Reason.METRIC_REFUSED, words)


@pytest.mark.parametrize(
    ("given", "declared", "port"),
    [
        ("metrics", {"grpc": 9002, "metrics": 9091}, 9091),
        ("metrics", {"grpc": 9002, "http-metrics": 9092}, 9092),
        ("metrics", {"grpc": 9002}, 9090),
        ("prom", {"prom": 9093}, 9093),
        (8080, {"metrics": 9091}, 8080),
    ],
)
def test_the_port_is_the_one_named_so_unless_the_source_says_otherwise(given, declared, port):
    assert port_of(PickerSource("picker", "chat", given), declared) == port


def test_a_port_that_no_container_has_is_named():
    with pytest.raises(MetricError, match="no port named 'prom'; its ports are: grpc"):
        port_of(PickerSource("picker", "chat", "prom"), {"grpc": 9002})
