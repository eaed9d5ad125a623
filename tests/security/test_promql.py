"""What stands in a pool's selector is text to Prometheus, and never PromQL: whatever it is, the query's shape stays."""

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from poolkeeper.core.model import PrometheusSource
from poolkeeper.shell.queues.promql import Wish, flaw, join, quote

STRING = re.compile(r'"((?:\\.|[^"\\\n])*)"')
"""A string as PromQL's lexer takes it: it ends at the first quote that no backslash stands before."""
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}
ATTACKS = [
    'x"} or up{job="',
    'x"}[30s])) or vector(0) or sum(({a="',
    "x\\",
    'x\\"} or up or {a="',
    ".*",
    "a|b",
    "(?i)CHAT",
    "[^x]+",
    "x\n# a remark",
    "$1",
    "${1}",
    "`",
    "'",
    "{{ .Values }}",
    "\\E.*\\Q",
    "",
]
text = some.text(some.characters(codec="utf-8"), max_size=40) | some.sampled_from(ATTACKS)


def source(**selector):
    return PrometheusSource("queue", "default", "vllm:num_requests_waiting", tuple(sorted(selector.items())))


def query(namespace, value):
    return join([[Wish(namespace, source(app=value))]])


def shape(promql):
    """Return a query with nothing in its strings."""
    return STRING.sub('""', promql)


def strings(promql):
    found = STRING.findall(promql)
    return [re.sub(r"\\[\\\"n]", lambda one: ESCAPES[one[0]], one) for one in found]


@given(text, text)
def test_no_value_changes_a_querys_shape(value, namespace):
    assert shape(query(namespace, value)) == shape(query("inference", "chat"))


@given(text)
def test_a_value_matches_itself_and_nothing_else(value):
    pattern = strings(query("inference", value))[-5]
    assert re.fullmatch(pattern, value)
    assert not re.fullmatch(pattern, value + "x")


@given(text)
def test_what_is_quoted_is_what_was_meant(value):
    assert strings(quote(value)) == [value]


@pytest.mark.parametrize("key", ["__name__", "a-b", 'a"', 'a=~".*",b', "poolkeeper_part", "", "a\n", "Ä", "1a"])
def test_a_key_that_is_no_label_is_refused(key):
    assert flaw(PrometheusSource("queue", "default", "up", ((key, "x"),), max_age=timedelta(seconds=30)))


@pytest.mark.parametrize("metric", ["up or vector(1)", 'up{a="b"}', "up[5m]", "", "up\n", "ä"])
def test_a_metric_that_is_no_name_is_refused(metric):
    assert flaw(PrometheusSource("queue", "default", metric, max_age=timedelta(seconds=30)))


def test_a_selector_for_another_namespace_stays_in_ones_own():
    promql = join([[Wish("inference", source(namespace="kube-system"))]])
    assert 'namespace=~"inference|"' in promql or 'namespace=~"|inference"' in promql
