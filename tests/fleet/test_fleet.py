"""The fleet from outside: what a scraper meets at the pods' addresses."""

import asyncio
import time  # noqa: TID251  sockets live by the real clock
from collections.abc import Awaitable, Callable
from math import isinf, isnan, nan

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from fleet.control import FleetError
from fleet.faults import HUGE_SIZE, Fault
from fleet.fleet import Settings
from fleet.pods import Pod
from fleet.thread import FleetThread

CHAT = "team/chat"
Scrape = Callable[[Pod], Awaitable[str]]


@pytest.fixture(autouse=True)
def seen(fleet: FleetThread, three: list[Pod]) -> None:
    fleet.see(*three)


def gauge(page: str, name: str = "vllm:num_requests_waiting") -> float:
    (found,) = (each for each in text_string_to_metric_families(page) if each.name == name)
    return found.samples[0].value


async def waiting(scrape: Scrape, pods: list[Pod]) -> list[float]:
    return [gauge(await scrape(pod)) for pod in pods]


async def test_a_ready_pod_answers_at_its_own_address(scrape: Scrape, three: list[Pod]) -> None:
    assert 'model_name="chat"' in await scrape(three[0])


async def test_the_answer_has_vllms_content_type(session: aiohttp.ClientSession, three: list[Pod]) -> None:
    async with session.get(f"http://{three[0].ip}:8000/metrics") as response:
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"


async def test_another_path_is_not_found(session: aiohttp.ClientSession, three: list[Pod]) -> None:
    async with session.get(f"http://{three[0].ip}:8000/metric") as response:
        assert response.status == 404


async def test_a_connection_is_kept_alive(scrape: Scrape, session: aiohttp.ClientSession, three: list[Pod]) -> None:
    await waiting(scrape, [three[0]] * 5)
    assert len(session.connector._conns) == 1  # type: ignore[union-attr]  # noqa: SLF001  aiohttp shows it nowhere else


async def test_a_client_that_wants_no_more_is_let_go(session: aiohttp.ClientSession, three: list[Pod]) -> None:
    url = f"http://{three[0].ip}:8000/metrics"
    async with session.get(url, headers={"Connection": "close"}) as response:
        assert (await response.read())[-1:] == b"\n"


@pytest.mark.parametrize(("total", "expected"), [(1500, [500, 500, 500]), (8, [3, 3, 2]), (0, [0, 0, 0])])
async def test_a_queue_is_divided(
    fleet: FleetThread, scrape: Scrape, three: list[Pod], total: int, expected: list[int]
) -> None:
    fleet.queue(CHAT, total)
    assert await waiting(scrape, three) == expected


async def test_a_queue_keeps_its_total_as_pods_come(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.see(*three[:2])
    fleet.queue(CHAT, 900)
    fleet.see(*three)
    assert await waiting(scrape, three) == [300, 300, 300]


async def test_a_pod_that_is_being_deleted_answers_and_has_no_part_in_the_queue(
    fleet: FleetThread, scrape: Scrape, three: list[Pod]
) -> None:
    fleet.see(Pod("uid-1", "chat-1", CHAT, three[0].ip, leaving=True), *three[1:])
    fleet.queue(CHAT, 30)
    assert await waiting(scrape, three) == [0, 15, 15]


async def test_running_and_cache_are_told_per_pod(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.running(CHAT, 48)
    fleet.kv(CHAT, 0.75)
    page = await scrape(three[2])
    assert (gauge(page, "vllm:num_requests_running"), gauge(page, "vllm:kv_cache_usage_perc")) == (48, 0.75)


async def test_one_pod_may_show_running_requests_of_its_own(
    fleet: FleetThread, scrape: Scrape, three: list[Pod]
) -> None:
    fleet.running(CHAT, 5)
    fleet.running(CHAT, 0, pod="chat-1")
    shown = [gauge(await scrape(pod), "vllm:num_requests_running") for pod in three]
    assert shown == [0, 5, 5]


async def test_a_number_for_all_ends_that_of_one(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.running(CHAT, 0, pod="chat-1")
    fleet.running(CHAT, 5)
    assert gauge(await scrape(three[0]), "vllm:num_requests_running") == 5


async def test_clear_brings_back_the_truth(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.queue(CHAT, 900)
    fleet.fault(CHAT, Fault.HTTP_500)
    fleet.clear(CHAT)
    assert await waiting(scrape, three) == [0, 0, 0]


async def test_a_pod_that_has_gone_refuses(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    await scrape(three[0])
    fleet.see(*three[1:])
    with pytest.raises(aiohttp.ClientConnectorError):
        await scrape(three[0])


async def test_a_pod_that_has_gone_cuts_its_open_connections(fleet: FleetThread, three: list[Pod]) -> None:
    reader, writer = await asyncio.open_connection(three[0].ip, 8000)
    writer.write(b"GET /health HTTP/1.1\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    fleet.see(*three[1:])
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()


async def test_a_fleet_runs_beside_a_test_that_has_a_loop(three: list[Pod]) -> None:
    async with FleetThread(Settings(port=8001)) as second:
        second.see(*three)
        assert second.pods(CHAT) == three


async def test_a_pod_that_is_not_ready_refuses(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.see(Pod("uid-1", "chat-1", CHAT, three[0].ip, ready=False), *three[1:])
    with pytest.raises(aiohttp.ClientConnectorError):
        await scrape(three[0])


def test_only_pods_that_serve_are_named(fleet: FleetThread, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.REFUSED, pod="chat-2")
    assert fleet.pods(CHAT) == [three[0], three[2]]


# Faults: each looks as it is named.


async def test_refused(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    await scrape(three[0])
    fleet.fault(CHAT, Fault.REFUSED)
    with pytest.raises(aiohttp.ClientConnectorError):
        await scrape(three[0])


async def test_timeout(fleet: FleetThread, session: aiohttp.ClientSession, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.TIMEOUT)
    with pytest.raises(TimeoutError):
        await session.get(f"http://{three[0].ip}:8000/metrics", timeout=aiohttp.ClientTimeout(total=0.3))


async def test_slow(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.SLOW, delay=0.3)
    began = time.monotonic()
    assert await waiting(scrape, three[:1]) == [0]
    assert time.monotonic() - began >= 0.3


async def test_http_500(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.HTTP_500)
    with pytest.raises(aiohttp.ClientResponseError, match="500"):
        await scrape(three[0])


async def test_empty(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.EMPTY)
    assert "vllm:" not in await scrape(three[0])


async def test_nan(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.NAN)
    assert isnan(gauge(await scrape(three[0])))


async def test_infinite(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.INFINITE)
    assert isinf(gauge(await scrape(three[0])))


async def test_negative(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.NEGATIVE)
    assert gauge(await scrape(three[0])) < 0


async def test_garbage(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.GARBAGE)
    with pytest.raises(ValueError, match=r".+"):
        list(text_string_to_metric_families(await scrape(three[0])))


async def test_huge(fleet: FleetThread, session: aiohttp.ClientSession, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.HUGE)
    async with session.get(f"http://{three[0].ip}:8000/metrics") as response:
        assert int(response.headers["Content-Length"]) > HUGE_SIZE
        response.close()


async def test_stale(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.STALE)
    (family,) = (f for f in text_string_to_metric_families(await scrape(three[0])) if f.name.endswith("_waiting"))
    assert time.time() - family.samples[0].timestamp == pytest.approx(600, abs=5)


async def test_frozen(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.queue(CHAT, 30)
    fleet.fault(CHAT, Fault.FROZEN)
    fleet.queue(CHAT, 0)
    assert await waiting(scrape, three) == [10, 10, 10]


async def test_linger(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.queue(CHAT, 30)
    fleet.fault(CHAT, Fault.LINGER)
    fleet.see(*three[1:])
    assert await waiting(scrape, three) == [10, 15, 15]


async def test_half_of_the_pods_are_silent(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.queue(CHAT, 30)
    fleet.fault(CHAT, Fault.HTTP_500, share=0.5)
    assert await waiting(scrape, three[2:]) == [10]
    with pytest.raises(aiohttp.ClientResponseError):
        await waiting(scrape, three[1:2])


async def test_one_pod_alone_is_hit(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.fault(CHAT, Fault.HTTP_500, pod="chat-1")
    assert await waiting(scrape, three[1:]) == [0, 0]


async def test_a_fault_of_all_hits_later_pods_too(fleet: FleetThread, scrape: Scrape, three: list[Pod]) -> None:
    fleet.see(*three[:1])
    fleet.fault(CHAT, Fault.HTTP_500)
    fleet.see(*three)
    with pytest.raises(aiohttp.ClientResponseError):
        await scrape(three[2])


def test_a_pod_that_is_not_there_cannot_be_hit(fleet: FleetThread) -> None:
    with pytest.raises(FleetError, match="chat-9"):
        fleet.fault(CHAT, Fault.NAN, pod="chat-9")


# The stand-in exporter.


async def exported(fleet: FleetThread, session: aiohttp.ClientSession) -> str:
    async with session.get(f"{fleet.exporter}/metrics") as response:
        return await response.text()


async def test_the_exporter_serves_several_elements(fleet: FleetThread, session: aiohttp.ClientSession) -> None:
    fleet.gauge("nginx_queue", 7, {"app": "chat"}, at=1_750_000_000)
    fleet.gauge("nginx_queue", nan, {"app": 'cod"e'})
    lines = (await exported(fleet, session)).splitlines()
    assert lines[2:] == ['nginx_queue{app="chat"} 7.0 1750000000000', 'nginx_queue{app="cod\\"e"} NaN']


async def test_a_dropped_element_is_served_no_more(fleet: FleetThread, session: aiohttp.ClientSession) -> None:
    fleet.gauge("nginx_queue", 7, {"app": "chat"})
    fleet.gauge("nginx_queue", 8, {"app": "code"})
    fleet.drop("nginx_queue", {"app": "chat"})
    assert "chat" not in await exported(fleet, session)


async def test_the_exporter_has_faults_too(fleet: FleetThread, session: aiohttp.ClientSession) -> None:
    fleet.exporter_fault(Fault.HTTP_500)
    assert "Internal" in await exported(fleet, session)


async def test_an_exporter_that_refuses_breaks_off(fleet: FleetThread, session: aiohttp.ClientSession) -> None:
    fleet.exporter_fault(Fault.REFUSED)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await exported(fleet, session)


async def test_an_exporter_may_never_answer(fleet: FleetThread, session: aiohttp.ClientSession) -> None:
    fleet.exporter_fault(Fault.TIMEOUT)
    with pytest.raises(TimeoutError):
        await session.get(f"{fleet.exporter}/metrics", timeout=aiohttp.ClientTimeout(total=0.3))
