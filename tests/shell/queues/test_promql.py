from datetime import timedelta

import pytest

from poolkeeper.core.model import PrometheusSource
from poolkeeper.shell.queues.promql import Wish, flaw, join, quote


def wish(namespace="a", metric="queue", selector=(), age=30):
    return Wish(namespace, PrometheusSource("q", metric=metric, selector=selector, max_age=timedelta(seconds=age)))


def test_pools_that_share_a_metric_share_a_sum():
    wishes = [wish("b", selector=(("app", "x"),)), wish("a", selector=(("app", "y"),))]
    assert join([wishes]) == (
        "label_replace(sum by (namespace, pod, app) (last_over_time("
        '{__name__="queue", namespace=~"|a|b", app=~"x|y"}[30000ms])), "poolkeeper_part", "0", "namespace", ".*")'
    )


def test_parts_are_told_apart_by_a_label():
    assert join([[wish()], [wish(age=5)]]).count(" or label_replace(") == 1


@pytest.mark.parametrize(
    "other", [wish(metric="other"), wish(age=31), wish(selector=(("app", "x"),))], ids=["metric", "age", "keys"]
)
def test_what_cannot_be_asked_together_is_another_part(other):
    assert other.part != wish().part


def test_the_order_of_a_selector_makes_no_other_part():
    assert wish(selector=(("a", "1"), ("b", "2"))).part == wish(selector=(("b", "3"), ("a", "4"))).part


def test_a_label_that_is_joined_by_anyway_is_named_once():
    assert "sum by (namespace, pod)" in join([[wish(selector=(("pod", "x"),))]])


def test_values_are_literal():
    query = join([[wish(selector=(("app", 'a.b|c"} or up{x="\\\n'),))]])
    assert r'app=~"a\\.b\\|c\"\\} or up\\{x=\"\\\\\n"' in query


def test_quote_leaves_nothing_open():
    assert quote('a"b\\c\nd') == r'"a\"b\\c\nd"'


@pytest.mark.parametrize(
    "source",
    [
        wish(metric="up{} or vector(1)"),
        wish(metric=""),
        wish(metric="1up"),
        wish(metric="up\n"),
        wish(selector=(("app=", "x"),)),
        wish(selector=(("__name__", "x"),)),
        wish(selector=(("poolkeeper_part", "x"),)),
        wish(selector=(("app", "x"), ("app", "y"))),
        wish(age=0),
    ],
)
def test_what_is_no_metric_no_label_and_no_age_is_refused(source):
    assert flaw(source.source)


@pytest.mark.parametrize("metric", ["vllm:num_requests_waiting", "sum", "inf", "by"])
def test_any_metric_name_will_do(metric):
    assert not flaw(wish(metric=metric, selector=(("by", ""),)).source)
