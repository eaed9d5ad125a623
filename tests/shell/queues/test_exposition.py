import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from poolkeeper.shell.queues.exposition import MalformedError, Sample, check, mentions, read

NAMES = ["up", "up_total", "vllm:waiting", "vllm:waiting_by_reason", "a_bucket"]

blanks = st.sampled_from([" ", "  ", "\t"])
values = st.one_of(
    st.floats(width=64).map(repr),
    st.integers(-(10**25), 10**25).map(str),
    st.sampled_from(["NaN", "+Inf", "-Inf", "Inf", "1e400", "0x", "1_000", "1.797e308", "-0", "+3"]),
)
texts = st.text('ab "\\\n{}#=,_1é模', max_size=8)
labels = st.dictionaries(st.sampled_from(["le", "engine", "model_name", "rank"]), texts, max_size=3)


def escaped(value):
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


@st.composite
def samples(draw):
    blank = draw(blanks)
    pairs = draw(labels)
    inner = draw(st.sampled_from([",", ", "])).join(f'{name}="{escaped(value)}"' for name, value in pairs.items())
    braces = f"{{{inner}{draw(st.sampled_from(['', ',']))}}}" if pairs else draw(st.sampled_from(["", "{}"]))
    stamp = draw(st.one_of(st.just(""), st.integers(0, 2**45).map(lambda at: f"{blank}{at}")))
    lead = draw(st.sampled_from(["", " ", "\t"]))
    return f"{lead}{draw(st.sampled_from(NAMES))}{braces}{blank}{draw(values)}{stamp}"


comments = st.sampled_from(["", "# HELP up words: up 4", "# TYPE vllm:waiting gauge", "# up 3", "  # EOF", "#"])


@st.composite
def pages(draw):
    lines = draw(st.lists(st.one_of(samples(), comments), max_size=8))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join(lines) + draw(st.sampled_from(["", end]))


def reference(page):
    """What prometheus_client reads of the page, or None if it refuses it."""
    try:
        families = list(text_string_to_metric_families(page))
    except ValueError:
        return None
    return comparable(sample[:3] for family in families for sample in family.samples)


def ours(page):
    try:
        found = read(page.encode(), NAMES)
    except MalformedError:
        return None
    return comparable((name, labels, value) for name, samples in found.items() for labels, value, _ in samples)


def comparable(samples):
    """Sort by name and labels, the first of equals counting; as text, for NaN equals nothing."""
    first = {}
    for name, labels, value in samples:
        first.setdefault((name, *sorted(labels.items())), repr(float(value) + 0.0))
    return sorted(first.items())


@given(pages())
def test_reads_what_the_reference_parser_reads(page):
    assert ours(page) == reference(page)


def only(page, name="up"):
    (sample,) = read(page, [name])[name]
    return sample


@pytest.mark.parametrize(
    ("line", "sample"),
    [
        (b"up 1", Sample({}, 1)),
        (b"up{} 1\n", Sample({}, 1)),
        (b"up 1\r\n", Sample({}, 1)),
        (b"  up\t1\n", Sample({}, 1)),
        (b"up 1 1712345678901\n", Sample({}, 1, 1712345678.901)),
        (b"up 1 1712345678.5\n", Sample({}, 1, 1712345678.5)),
        (b'up{a="b",} 2\n', Sample({"a": "b"}, 2)),
        (b'up{ a = "b" , c = "d" } 2\n', Sample({"a": "b", "c": "d"}, 2)),
        (b'up{a="}"} 2\n', Sample({"a": "}"}, 2)),
        (b'up{a="# {",b="x y"} 2\n', Sample({"a": "# {", "b": "x y"}, 2)),
        (rb'up{a="q\"\\\n\t"} 2', Sample({"a": 'q"\\\n\\t'}, 2)),
        ('up{a="é模"} 2'.encode(), Sample({"a": "é模"}, 2)),
        (b'up{le="5"} 17 # {trace_id="oHg5"} 9.8 1520879607.789\n# EOF\n', Sample({"le": "5"}, 17)),
        (b"up 17 1520879607 # {} 9.8\n", Sample({}, 17, 1520879607)),
        (b"up 123456789012345678901234567890\n", Sample({}, 123456789012345678901234567890.0)),
        (b"up 1e400\n", Sample({}, math.inf)),
        (b"up -Inf\n", Sample({}, -math.inf)),
        (b"up 1\nup 2\n", Sample({}, 1)),
        (b'up{a="1",b="2"} 1\nup{b="2",a="1"} 2\n', Sample({"a": "1", "b": "2"}, 1)),
    ],
)
def test_reads_a_line(line, sample):
    assert only(line) == sample


@pytest.mark.parametrize(
    "line",
    [
        b"up",
        b"up \n",
        b"up one\n",
        b"up 1_000\n",
        b"up 1 2 3\n",
        b"up 1 noon\n",
        b'up{a="b} 1\n',
        b'up{a="b"',
        b'up{a="b" c="d"} 1\n',
        b'up{a="b",a="c"} 1\n',
        b"up{a=b} 1\n",
        b'up{="b"} 1\n',
        b'up{a="\xff"} 1\n',
    ],
)
def test_refuses_a_line_that_is_no_sample(line):
    with pytest.raises(MalformedError, match="line 2 is no sample: 'up"):
        read(b"other 1\n" + line, ["up"]) or check(b"other 1\n" + line)


def test_other_metrics_are_not_read():
    page = b'up_total 1\nup:x 2\nnot_up 3\n# HELP up up 4\nother{a="up 5"} 6\nother{a="\\nup 7"} 6\n'
    assert read(page, ["up"]) == {}


def test_check_names_the_first_line_of_something_else():
    with pytest.raises(MalformedError, match="line 2 is no sample: '<html>'"):
        check(b"# a comment\n<html>\n<body>\n")


@pytest.mark.parametrize("page", [b"", b"\n\n", b"# EOF", b"up 1\n\n  down 2 3\r\n", b'{"utf.8"} 1\n'])
def test_check_accepts_a_page(page):
    check(page)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b"vllm:x 1\n", True),
        (b"a 1\n vllm:x 1\n", True),
        (b"# TYPE vllm:x gauge\n", True),
        (b"# HELP a vllm:x\n", False),
        (b'a{model_name="vllm:x"} 1\n', False),
    ],
)
def test_mentions_looks_at_names_only(page, expected):
    assert mentions(page, b"vllm:") is expected
