import json
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
