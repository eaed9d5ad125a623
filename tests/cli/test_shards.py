"""Of an operator of several shards, each process tells the decisions of its own; commands put them together."""

import pytest

from poolkeeper.cli.connection import joined

OURS = {"namespace": "inference", "name": "chat", "decision": {"size": 3}}
THEIRS = {"namespace": "inference", "name": "chat"}
OTHER = {"namespace": "inference", "name": "search", "decision": {"size": 2}}


@pytest.mark.parametrize("pages", [[OURS, THEIRS], [THEIRS, OURS]])
def test_of_one_pool_the_page_that_tells_a_decision_counts(pages):
    assert joined(pages) == OURS


def test_a_pool_that_nobody_has_decided_is_shown_as_it_is():
    assert joined([THEIRS, THEIRS]) == THEIRS


@pytest.mark.parametrize("pages", [[[OURS], [THEIRS, OTHER]], [[THEIRS, OTHER], [OURS]]])
def test_of_all_pools_each_is_there_once_with_its_decision(pages):
    found = joined([{"items": page} for page in pages])["items"]
    assert sorted(found, key=lambda item: item["name"]) == [OURS, OTHER]


def test_one_page_is_what_it_is():
    assert joined([{"items": [OURS, OTHER]}]) == {"items": [OURS, OTHER]}
