import asyncio
import gzip
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from poolkeeper.core.model import PodsSource, Transport
from poolkeeper.core.observation import PodSample, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.queues import scrape as module
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.engines import BY_NAME
from poolkeeper.shell.queues.pages import Limits, Pages
from poolkeeper.shell.queues.scrape import Found, PodScraper
from poolkeeper.shell.views import PodView

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
PAGE = b'# TYPE vllm:num_requests_waiting gauge\nvllm:num_requests_waiting{engine="0"} 3\n'
VLLM, AUTO = PodsSource(engine="vllm"), PodsSource()


@pytest.fixture
async def scraping():
    """Make scrapers within limits; what they open is closed."""
    opened = []

    def made(**limits):
        opened.append(Pages(None, Limits(**limits)))
        return PodScraper(opened[-1])

    yield made
    for pages in opened:
        await pages.close()


@pytest.fixture
def scraper(scraping):
    return scraping(timeout=timedelta(seconds=5), size=1000)


def target(port, uid="a", ip="127.0.0.1"):
    return PodView("inference", f"chat-{uid}", uid, NOW, ip=ip, ports={"http": port})


async def fault(scraper, pod, source=VLLM):
    reading = await scraper.scrape([target(pod.port)], source, None, NOW)
    (found,) = reading.faults
    return found


async def sampled(scraper, pod, source=VLLM):
    reading = await scraper.scrape([target(pod.port)], source, None, NOW)
    return [one.waiting for one in reading.pods]


async def test_a_pod_s_queue_is_read(scraper, pod):
    pod.answers["/metrics"] = PAGE
    reading = await scraper.scrape([target(pod.port)], VLLM, None, NOW)
    assert reading == Reading("pods", NOW, pods=(PodSample("a", 3),))


async def test_without_ready_pods_the_source_does_not_apply(scraper):
    assert await scraper.scrape([], VLLM, None, NOW) == Reading("pods", NOW, applies=False)


async def test_a_closed_port_is_refused(scraper, unused_tcp_port):
    reading = await scraper.scrape([target(unused_tcp_port)], VLLM, None, NOW)
    assert reading.faults[0].reason is Reason.METRIC_REFUSED


async def test_a_silent_pod_times_out_and_the_others_are_looked_at(scraping, pod):
    never = asyncio.Event()
    pod.answers["/metrics"] = lambda _: never.wait()
    scraper = scraping(timeout=timedelta(milliseconds=50))
    reading = await scraper.scrape([target(pod.port), target(1, "b", ip="")], VLLM, None, NOW)
    never.set()
    assert {one.uid: one.reason for one in reading.faults} == {"a": Reason.METRIC_TIMEOUT, "b": Reason.METRIC_REFUSED}


async def test_the_interval_bounds_the_wait_too(scraper, pod):
    never = asyncio.Event()
    pod.answers["/metrics"] = lambda _: never.wait()
    reading = await scraper.scrape([target(pod.port)], VLLM, None, NOW, timedelta(milliseconds=50))
    never.set()
    assert reading.faults[0].detail == "no answer within 0.05 s"


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (web.HTTPInternalServerError(), Reason.METRIC_SERVER_ERROR, "/metrics answered 500"),
        (web.HTTPNotFound(), Reason.METRIC_SERVER_ERROR, "/metrics answered 404"),
        (web.HTTPFound("/elsewhere"), Reason.METRIC_SERVER_ERROR, "/metrics answered 302"),
        (b"", Reason.METRIC_EMPTY, "/metrics shows no metrics of vllm"),
        (b"# TYPE vllm:num_requests_waiting gauge\n", Reason.METRIC_EMPTY, "has no vllm:num_requests_waiting"),
        (PAGE.replace(b"3", b"NaN"), Reason.METRIC_NOT_A_NUMBER, "vllm:num_requests_waiting is nan"),
        (PAGE.replace(b"3", b"+Inf"), Reason.METRIC_INFINITE, "is inf"),
        (PAGE.replace(b"3", b"-3"), Reason.METRIC_NEGATIVE, "is -3"),
        (PAGE.replace(b"3", b"x"), Reason.METRIC_GARBAGE, "line 2 is no sample"),
        (b"<!doctype html>\n<html>", Reason.METRIC_GARBAGE, "/metrics line 1 is no sample"),
        (PAGE + b"#" * 1000, Reason.METRIC_TOO_LARGE, "more than 1,000 bytes"),
    ],
)
async def test_each_bad_answer_has_its_reason(scraper, pod, answer, reason, words):
    pod.answers["/metrics"] = answer
    found = await fault(scraper, pod)
    assert (found.reason, words in found.detail) == (reason, True)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"# TYPE node_load1 gauge\nnode_load1 1\n", Reason.METRIC_UNKNOWN_ENGINE),
        (b'[{"iter": 1}]', Reason.METRIC_GARBAGE),
        (b"", Reason.METRIC_EMPTY),
    ],
)
async def test_auto_says_what_it_found_instead(scraper, pod, answer, reason):
    pod.answers["/metrics"] = answer
    assert (await fault(scraper, pod, AUTO)).reason is reason


def packed(body):
    return web.Response(body=body, headers={"Content-Encoding": "gzip"})


async def test_gzip_is_asked_for_and_read(scraper, pod):
    pod.answers["/metrics"] = packed(gzip.compress(PAGE, mtime=0))
    assert (await sampled(scraper, pod), pod.headers["Accept-Encoding"]) == ([3], "gzip")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gzip.compress(PAGE + b"\n" * 1000, mtime=0), Reason.METRIC_TOO_LARGE),
        (gzip.compress(PAGE, mtime=0)[:-9], Reason.METRIC_GARBAGE),
        (gzip.compress(PAGE, mtime=0) * 2, Reason.METRIC_GARBAGE),
        (PAGE, Reason.METRIC_GARBAGE),
    ],
)
async def test_the_limit_is_on_what_gzip_unpacks_to(scraper, pod, body, reason):
    pod.answers["/metrics"] = packed(body)
    assert (await fault(scraper, pod)).reason is reason


async def test_a_packing_that_was_not_asked_for_is_garbage(scraper, pod):
    pod.answers["/metrics"] = web.Response(body=PAGE, headers={"Content-Encoding": "br"})
    assert (await fault(scraper, pod)).detail == "packed as 'br', which was not asked for"


async def test_a_bomb_is_never_unpacked_whole(scraper, pod):
    bomb = gzip.compress(bytes(900_000))
    pod.answers["/metrics"] = packed(bomb)
    await fault(scraper, pod)  # what is made once is no part of the bomb
    pod.answers["/metrics"] = packed(bomb)
    tracemalloc.start()
    found = await fault(scraper, pod)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (found.reason, peak < 600_000) == (Reason.METRIC_TOO_LARGE, True)


async def test_an_answer_that_is_no_http_is_garbage(scraper, unused_tcp_port):
    async def answer(_, writer):
        writer.write(b"ssh-2.0 nonsense\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port):
        reading = await scraper.scrape([target(unused_tcp_port)], VLLM, None, NOW)
    assert reading.faults[0].reason is Reason.METRIC_GARBAGE


async def test_an_answer_that_breaks_off_is_refused(scraper, unused_tcp_port):
    async def answer(_, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + PAGE)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port):
        reading = await scraper.scrape([target(unused_tcp_port)], VLLM, None, NOW)
    assert reading.faults[0].reason is Reason.METRIC_REFUSED


async def test_what_is_no_address_is_never_asked(scraper, pod):
    reading = await scraper.scrape([target(pod.port, ip="localhost")], VLLM, None, NOW)
    assert (reading.faults[0].detail, pod.asked.total()) == ("'localhost' is no pod address", 0)


async def test_redirects_are_not_followed(scraper, pod):
    pod.answers |= {"/metrics": web.HTTPFound("/elsewhere"), "/elsewhere": PAGE}
    await fault(scraper, pod)
    assert pod.asked["/elsewhere"] == 0


async def test_the_proxy_of_the_environment_is_not_used(scraper, pod, monkeypatch, unused_tcp_port):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{unused_tcp_port}")
    pod.answers["/metrics"] = PAGE
    assert await sampled(scraper, pod) == [3]


async def test_one_connection_is_kept_alive(scraper, pod):
    pod.answers["/metrics"] = PAGE
    for _ in range(3):
        await sampled(scraper, pod)
    assert len(pod.connections) == 1


async def test_a_pod_that_is_gone_is_forgotten(scraper, pod):
    pod.answers["/metrics"] = PAGE
    await sampled(scraper, pod)
    await scraper.prune({"b"})
    await sampled(scraper, pod)
    assert len(pod.connections) == 2


@pytest.mark.parametrize("first", [web.HTTPNotFound(), b'[{"iter": 1}]'])
async def test_auto_finds_the_second_path_and_remembers_it(scraper, pod, first):
    pod.answers |= {"/metrics": first, "/prometheus/metrics": b"trtllm_num_requests_waiting 4\n"}
    found = [await sampled(scraper, pod, AUTO) for _ in range(3)]
    assert (found, pod.asked["/metrics"], pod.asked["/prometheus/metrics"]) == ([[4]] * 3, 1, 3)


async def test_what_was_found_is_told(scraper, pod):
    pod.answers["/metrics"] = PAGE + b"vllm:kv_cache_usage_perc 0.5\n"
    await sampled(scraper, pod, AUTO)
    assert scraper.found("a", AUTO) == Found(Endpoint(pod.port, "/metrics"), BY_NAME["vllm"], "names since 0.10")


async def test_of_a_pod_that_shows_no_page_nothing_is_told(scraper, pod):
    await fault(scraper, pod, AUTO)
    assert scraper.found("a", AUTO) is None


async def test_a_refusal_is_told_rather_than_that_the_other_path_is_missing(scraper, pod):
    pod.answers["/metrics"] = web.HTTPUnauthorized()
    assert "it wants a token (tokenSecretRef)" in (await fault(scraper, pod, AUTO)).detail


async def test_auto_looks_again_when_what_it_found_has_moved(scraper, pod):
    pod.answers |= {"/prometheus/metrics": PAGE}
    await sampled(scraper, pod, AUTO)
    pod.answers = {"/metrics": PAGE}
    found = [await sampled(scraper, pod, AUTO) for _ in range(2)]
    assert found == [[], [3]]


async def test_a_named_engine_is_looked_for_on_every_likely_port(scraper, pod, unused_tcp_port):
    pod.answers["/metrics"] = b"nv_inference_pending_request_count 7\n"
    both = replace(target(pod.port), ports={"http": unused_tcp_port, "metrics": pod.port})
    reading = await scraper.scrape([both], PodsSource(engine="triton"), None, NOW)
    assert reading.pods == (PodSample("a", 7),)


async def test_as_many_pods_at_once_as_the_limit_and_no_more(scraping, pod):
    inside, most, pair = 0, 0, asyncio.Barrier(2)

    async def answer(_):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await pair.wait()
        inside -= 1
        return web.Response(body=PAGE)

    pod.answers["/metrics"] = answer
    await scraping(concurrency=2).scrape([target(pod.port, str(uid)) for uid in range(10)], VLLM, None, NOW)
    assert most == 2


class Crowd:
    """Pages that count how many are read at once."""

    def __init__(self):
        self.limits, self.inside, self.most = Limits(concurrency=8, handshakes=2), 0, 0

    async def read(self, *_):
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0)
        self.inside -= 1
        return PAGE


@pytest.mark.parametrize(("tls", "first"), [(True, 2), (False, 8)])
async def test_fewer_pods_at_once_are_met_over_tls_than_are_read(tls, first):
    pages, source = Crowd(), PodsSource(engine="vllm", transport=Transport(tls=tls))
    scraper, pods = PodScraper(pages), [target(1, str(uid)) for uid in range(20)]
    await scraper.scrape(pods, source, None, NOW)
    met, pages.most = pages.most, 0
    await scraper.scrape(pods, source, None, NOW)
    assert (met, pages.most) == (first, 8)


async def test_a_bug_on_one_page_does_not_hide_the_others(scraper, pod, monkeypatch):
    def broken(uid, *_):
        return PodSample(uid, 1 / (uid != "a"))

    monkeypatch.setattr(module, "sample", broken)
    pod.answers["/metrics"] = PAGE
    reading = await scraper.scrape([target(pod.port), target(pod.port, "b")], VLLM, None, NOW)
    assert (reading.pods, reading.faults[0].detail[:17]) == ((PodSample("b", 1),), "ZeroDivisionError")
