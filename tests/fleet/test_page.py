"""The page against prometheus_client itself: its own registry, filled by hand, must print the same bytes."""

from math import nan

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from fleet.families import COUNTERS, GAUGES, HISTOGRAMS
from fleet.measures import Measures
from fleet.page import Gauges, Page, stamped
from fleet.request import Request

BORN = 1_750_000_000.5
LABELS = ["model_name", "engine"]


def measured() -> Measures:
    measures = Measures()
    for request in (
        Request(0.0, 1200, 200, queued=0.0, started=0.5, first_token=0.75, finished=10.0),
        Request(0.0, 12_345_678, 1, queued=1.0, started=1.0, first_token=1.0, finished=1.0),
    ):
        measures.first_token(request)
        measures.finish(request)
    measures.generated = 201.5
    return measures


def printed(gauges: Gauges, measures: Measures) -> str:
    registry = CollectorRegistry()
    _gauges(registry, gauges)
    _counters(registry, measures)
    _histograms(registry, measures)
    text = generate_latest(registry).decode()
    return "".join(_born(line) for line in text.splitlines(keepends=True))


def _gauges(registry: CollectorRegistry, gauges: Gauges) -> None:
    by_name = {
        "num_requests_running": gauges.running,
        "num_requests_waiting": gauges.waiting,
        "kv_cache_usage_perc": gauges.cache_use,
    }
    for name, family in GAUGES.items():
        if name == "num_requests_waiting_by_reason":
            gauge = Gauge(f"vllm:{name}", family.help, [*LABELS, "reason"], registry=registry)
            gauge.labels("chat", "0", "capacity").set(gauges.waiting)
            gauge.labels("chat", "0", "deferred").set(0)
        else:
            Gauge(f"vllm:{name}", family.help, LABELS, registry=registry).labels("chat", "0").set(by_name[name])


def _counters(registry: CollectorRegistry, measures: Measures) -> None:
    prompted = {"prompt_tokens", "prefix_cache_queries"}
    for name, family in COUNTERS.items():
        if name == "request_success":
            counter = Counter(f"vllm:{name}", family.help, [*LABELS, "finished_reason"], registry=registry)
            for reason, times in measures.success.items():
                counter.labels("chat", "0", reason).inc(times)
        else:
            value = measures.prompted if name in prompted else 201 if name == "generation_tokens" else 0
            Counter(f"vllm:{name}", family.help, LABELS, registry=registry).labels("chat", "0").inc(value)


def _histograms(registry: CollectorRegistry, measures: Measures) -> None:
    for name, family in HISTOGRAMS.items():
        histogram = Histogram(f"vllm:{name}", family.help, LABELS, buckets=family.bounds, registry=registry)
        child = histogram.labels("chat", "0")
        for bucket, times in zip(child._buckets, measures.histograms[name].counts, strict=True):  # noqa: SLF001
            bucket.inc(times)
        child._sum.inc(measures.histograms[name].total)  # noqa: SLF001


def _born(line: str) -> str:
    return f"{line.rpartition(' ')[0]} 1.7500000005e+09\n" if "_created{" in line else line


def test_the_page_is_byte_for_byte_what_prometheus_client_prints() -> None:
    gauges = Gauges(waiting=7, running=64, cache_use=0.25)
    assert Page("chat", BORN).text(gauges, measured()) == printed(gauges, measured())


def test_the_parser_finds_vllms_types() -> None:
    families = {
        each.name: each.type for each in text_string_to_metric_families(Page("m", BORN).text(Gauges(), measured()))
    }
    expected = (
        dict.fromkeys(GAUGES, "gauge") | dict.fromkeys(COUNTERS, "counter") | dict.fromkeys(HISTOGRAMS, "histogram")
    )
    assert {f"vllm:{name}": kind for name, kind in expected.items()}.items() <= families.items()


def test_a_page_follows_its_measures() -> None:
    page, measures = Page("m", BORN), Measures()
    before = page.text(Gauges(), measures)
    measures.first_token(Request(0.0, 10, 5, queued=0.0, started=0.0, first_token=0.2))
    assert 'vllm:time_to_first_token_seconds_count{engine="0",model_name="m"} 1.0' in page.text(Gauges(), measures)
    assert 'vllm:time_to_first_token_seconds_count{engine="0",model_name="m"} 0.0' in before


def test_a_gauge_may_be_no_number() -> None:
    assert 'vllm:num_requests_waiting{engine="0",model_name="m"} NaN\n' in Page("m", BORN).text(Gauges(nan), Measures())


def test_a_stamp_is_on_every_sample() -> None:
    page = stamped(Page("m", BORN).text(Gauges(), Measures()), 1_750_000_000.0)
    samples = [sample for family in text_string_to_metric_families(page) for sample in family.samples]
    assert {sample.timestamp for sample in samples} == {1_750_000_000.0}
