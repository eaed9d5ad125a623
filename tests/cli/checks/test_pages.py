"""What check tells of pods' pages: whose they are, where, and what is sent or believed more freely than need be."""

from dataclasses import replace

import pytest

from builders import START, published, reading
from poolkeeper.cli.checks.pages import PodPage, cautions, pages_of, told
from poolkeeper.core.model import PickerSource, PodsSource, PrometheusSource, SecretKey, Transport
from poolkeeper.core.observation import PodFault
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.engines import BY_NAME
from poolkeeper.shell.queues.scrape import Found
from poolkeeper.shell.views import PodView

TOKEN = SecretKey("scrape", "token")
VLLM = Found(Endpoint(8000, "/metrics"), BY_NAME["vllm"], "names since 0.10")
TGI = Found(Endpoint(80, "/metrics"), BY_NAME["tgi"], "")


def pod(name):
    return PodView("inference", name, name, START)


def page(name, **known):
    return PodPage("pods", name, **known)


def seen(found, *faults):
    looked = replace(reading(None), source="pods", faults=tuple(PodFault(uid, *why) for uid, *why in faults))
    return list(pages_of([pod("a")], looked, lambda _: found))


def test_a_page_that_was_found_is_named_with_its_engine_and_names():
    known = {"engine": "vllm", "names": "names since 0.10", "page": ":8000/metrics"}
    assert seen(VLLM) == [page("a", **known)]


def test_a_pod_without_a_page_is_told_with_its_fault():
    found = seen(None, ("a", Reason.METRIC_EMPTY, ":80/metrics shows no metrics"))
    assert list(told(found)) == ["source pods: a: MetricEmpty: :80/metrics shows no metrics"]


def test_a_page_that_lacks_its_queue_is_told_with_both():
    found = seen(TGI, ("a", Reason.METRIC_EMPTY, "the page has no tgi_queue_size"))
    assert list(told(found)) == ["source pods: a: tgi at :80/metrics, but MetricEmpty: the page has no tgi_queue_size"]


def test_pods_that_show_the_same_share_a_line():
    pages = [page(name, engine="vllm", names="names since 0.10", page=":8000/metrics") for name in "edcba"]
    assert list(told(pages)) == ["source pods: a, b, c and 2 more: vllm (names since 0.10) at :8000/metrics"]


def test_pods_of_several_engines_have_a_line_each():
    pages = [page("a", engine="vllm", page=":8000/metrics"), page("b", engine="tgi", page=":80/metrics")]
    assert list(told(pages)) == ["source pods: a: vllm at :8000/metrics", "source pods: b: tgi at :80/metrics"]


@pytest.mark.parametrize(
    ("transport", "words"),
    [
        (Transport(), []),
        (Transport(token=TOKEN), ["its token is sent in plain HTTP"]),
        (Transport(tls=True, token=TOKEN), []),
        (Transport(tls=True, verify=False), ["insecureSkipVerify believes"]),
    ],
)
@pytest.mark.parametrize("kind", ["pods", "picker"])
def test_trust_that_is_given_freely_is_noted(transport, words, kind):
    made = {"pods": PodsSource(transport=transport), "picker": PickerSource("p", "chat", transport=transport)}
    found = list(cautions(published(queue={"sources": (made[kind],)})))
    assert len(found) == len(words)
    assert all(word in line for word, line in zip(words, found, strict=True))


def test_a_source_that_shows_no_token_to_pods_is_left_alone():
    assert list(cautions(published(queue={"sources": (PrometheusSource("edge"),)}))) == []
