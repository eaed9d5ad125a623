import json
import subprocess
import sys

import pytest

from poolkeeper.api import nesting


@pytest.fixture
def limit():
    before = sys.getrecursionlimit()
    yield
    sys.setrecursionlimit(before)


def nested(depth):
    return json.loads('{"a":[' * (depth // 2) + "1" + "]}" * (depth // 2))


@pytest.mark.parametrize(("depth", "deeper"), [(2, False), (4, False), (6, True)])
def test_depth_counts_maps_and_lists(depth, deeper):
    assert nesting.is_deeper(nested(depth), 4) is deeper


def test_what_the_api_server_takes_can_be_read(limit):
    nesting.allow()
    assert nesting.is_deeper(nested(nesting.MOST_NESTED), 32)


def test_a_higher_limit_stays(limit):
    sys.setrecursionlimit(200_000)
    nesting.allow()
    assert sys.getrecursionlimit() == 200_000


DEEP = """
from poolkeeper.api import nesting
from poolkeeper.shell.pools import dropped_fields
nesting.allow()
print(dropped_fields("[" * 200_000), dropped_fields('{"spec":' + "[" * 90_000 + "]" * 90_000 + "}"))
"""


def test_no_text_that_is_nested_without_end_ends_the_process():
    done = subprocess.run([sys.executable, "-c", DEEP], capture_output=True, text=True, check=False)  # noqa: S603
    assert (done.returncode, done.stdout) == (0, "[] []\n")


@pytest.mark.parametrize("text", ["[" * 1_001, '{"a":' * 1_001, "[" * 2_000 + "]" * 2_000])
def test_a_text_is_refused_that_is_nested_deeper_than_a_thousand(text):
    with pytest.raises(ValueError, match="deeper than 1000"):
        nesting.held(text)


@pytest.mark.parametrize("text", ["{}", "[" * 1_000 + "]" * 1_000, "[]" * 5_000])
def test_a_text_that_is_not_is_given_back(text):
    assert nesting.held(text) is text
