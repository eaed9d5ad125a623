"""Every pool is of exactly one shard; a lease's name tells its shard, and nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolkeeper.api.shards import MOST, Shard, shards


@given(st.uuids(), st.integers(1, MOST))
def test_a_pool_is_of_exactly_one_shard(uid, of):
    assert sum(shard.has(str(uid)) for shard in shards(of)) == 1


@pytest.mark.parametrize("of", [1, 2, 11, MOST])
def test_a_lease_is_called_after_its_shard(of):
    assert [Shard.named(shard.lease) for shard in shards(of)] == list(shards(of))


def test_the_only_shard_has_the_lease_that_there_always_was():
    assert Shard().lease == "poolkeeper"


def test_one_of_several_says_of_how_many():
    assert Shard(1, 3).lease == "poolkeeper-1-of-3"


@pytest.mark.parametrize(
    "name",
    [
        "kube-scheduler",
        "poolkeeper-0-of-1",
        "poolkeeper-3-of-3",
        "poolkeeper-0-of-65",
        "poolkeeper-00-of-2",
        "poolkeeper-x",
    ],
)
def test_other_leases_are_no_shards(name):
    assert Shard.named(name) is None


@pytest.mark.parametrize("of", [0, -1, MOST + 1])
def test_a_number_of_shards_that_cannot_be_is_refused_by_the_options_name(of):
    with pytest.raises(ValueError, match=f"--shards: {of} "):
        shards(of)
