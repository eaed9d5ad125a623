"""Whatever a page holds: numbers that can be, or one of R3's reasons; and never an empty queue out of garbage."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import START
from poolkeeper.core.model import Slo
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.engines import BY_NAME, ENGINES, recognise
from poolkeeper.shell.queues.exposition import MOST
from poolkeeper.shell.queues.picker_page import PickerPage, page_of
from poolkeeper.shell.queues.sample import LONGEST, sample

FOLDERS = Path(__file__).parents[1] / "shell" / "queues"
PAGES = [path.read_bytes() for path in sorted((FOLDERS / "pages").glob("*.txt"))]
PICKERS = [path.read_bytes() for path in sorted((FOLDERS / "picker_pages").glob("*"))]
SLO = Slo(START - START.replace(hour=11))
LIMIT = 4 * 2**20
WAITING = [engine.waiting.name.encode() for engine in ENGINES]

NUMBERS = st.sampled_from(
    [b"NaN", b"+Inf", b"-Inf", b"-1", b"1e308", b"1e400", b"-0", b"0", b"7", b"0x7", b"1_0", b"", b" ", b"9" * 400]
)
BITS = st.sampled_from(
    [b"\n", b"\r\n", b"{", b"}", b'"', b"\\", b"=", b",", b"# ", b"\xff", b"\0", b" ", b"\t", b'le="']
)
PIECES = NUMBERS | BITS | st.sampled_from(WAITING) | st.binary(max_size=8)


@st.composite
def spoilt(draw, pages):
    """Return a real page in which up to eight places hold something else."""
    page = draw(st.sampled_from(pages))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(page)))
        page = page[:at] + draw(PIECES) + page[at + draw(st.sampled_from([0, 1, 7, 300])) :]
    return page


@st.composite
def renumbered(draw, pages):
    """Return a real page with other numbers."""
    lines = draw(st.sampled_from(pages)).split(b"\n")
    numbered = [
        line.rpartition(b" ")[0] + b" " + draw(NUMBERS) if line[:1] not in (b"#", b"") else line for line in lines
    ]
    return b"\n".join(numbered)


def read(page):
    """Return what a page says, None where it is refused for one of R3's reasons."""
    engine = recognise(page, ENGINES)
    if engine is None:
        return None
    try:
        return sample("uid", engine, page, SLO, START)
    except MetricError:
        return None


def picked(page):
    try:
        return page_of(page, "chat")
    except MetricError:
        return None


def numbers(found):
    return [one for one in found if isinstance(one, float | int)]


@given(spoilt(PAGES) | renumbered(PAGES) | st.binary(max_size=300))
def test_an_engines_page_gives_numbers_that_can_be_or_a_reason(page):
    found = read(page)
    assert found is None or all(math.isfinite(one) and one >= 0 for one in numbers(found))


@given(spoilt(PICKERS) | renumbered(PICKERS) | st.binary(max_size=300))
def test_a_pickers_page_gives_numbers_that_can_be_or_a_reason(page):
    found = picked(page)
    assert found is None or all(math.isfinite(one) and 0 <= one <= LONGEST for one in numbers(found))


@given(st.lists(PIECES, max_size=30).map(b"".join).filter(lambda page: not any(name in page for name in WAITING)))
def test_a_page_without_the_queue_is_never_an_empty_queue(page):
    with pytest.raises(MetricError):
        sample("uid", BY_NAME["vllm"], page, None, START)


@given(st.sampled_from(ENGINES), NUMBERS)
def test_a_queue_is_empty_only_where_it_says_so(engine, number):
    labels = b",".join(f'{key}="{value}"'.encode() for key, value in engine.waiting.labels)
    page = engine.waiting.name.encode() + (b"{" + labels + b"}" if labels else b"") + b" " + number + b"\n"
    found = read(page)
    assert found is None or found.waiting == float(number)


LARGE = {
    "one line of names": lambda name: b"x " + (name + b" ") * (LIMIT // (len(name) + 1)),
    "one line of open braces": lambda name: (name + b"{") * (LIMIT // (len(name) + 1)),
    "one label": lambda name: name + b'{a="' + b"x" * LIMIT,
    "one label of backslashes": lambda name: name + b'{a="' + b"\\" * LIMIT + b'"} 1\n',
    "labels without end": lambda name: name + b"{" + b'a="",' * (LIMIT // 5) + b"} 1\n",
    "blanks": lambda name: b" " * LIMIT + name + b" 1\n",
    "lines of blanks": lambda name: b" \n" * (LIMIT // 2) + name + b" 1\n",
    "samples": lambda name: b"".join(name + b'{a="%d"} 1\n' % number for number in range(MOST + 1)),
    "the same sample": lambda name: (name + b" 1\n") * (LIMIT // (len(name) + 3)),
    "digits": lambda name: name + b" " + b"9" * LIMIT,
    "comments": lambda name: b"# TYPE " * (LIMIT // 7) + name,
    "types": lambda name: (b"# TYPE " + name + b" gauge\n") * (LIMIT // (len(name) + 14)),
    "zeroes": lambda name: name + b" 0" + b"\0" * LIMIT,
}


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.timeout(60)
def test_a_page_of_the_largest_size_ends_soon(shape):
    """The slowest took five minutes once; now half a second, and a test of times would fail on a slow machine."""
    page = LARGE[shape](b"vllm:num_requests_waiting")
    engine, picker = read(page), picked(page.replace(b"vllm:num_requests_waiting", b"llm_d_epp_ready_endpoints"))
    assert engine is None or engine.waiting == 1
    assert picker in (None, PickerPage(0), PickerPage(0, 1.0))
