"""Pods by owner chain, in whatever order the news comes."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from poolkeeper.shell.ownership import Ownership
from poolkeeper.shell.views import PodView, SetView

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
KEY = ("lab", "any")


def pod(uid, controller="rs1"):
    return PodView("lab", uid, uid, AT, controller=controller)


def replica_set(uid="rs1", deployment="d1"):
    return SetView("lab", uid, uid, deployment)


@pytest.fixture
def owned():
    """A Deployment `d1` with one ReplicaSet and two pods."""
    index = Ownership()
    index.set_changed(KEY, None, replica_set())
    index.pod_changed(KEY, None, pod("a"))
    index.pod_changed(KEY, None, pod("b"))
    return index


def names(index, deployment="d1"):
    return {found.name for found in index.pods_of(deployment)}


def test_it_finds_the_pods_of_a_deployment(owned):
    assert names(owned) == {"a", "b"}


def test_it_finds_those_of_all_its_replica_sets(owned):
    owned.set_changed(KEY, None, replica_set("rs2"))
    owned.pod_changed(KEY, None, pod("c", "rs2"))
    assert names(owned) == {"a", "b", "c"}


def test_it_finds_nothing_for_a_stranger(owned):
    assert names(owned, "d2") == set()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_order_of_the_news_does_not_matter(order):
    index = Ownership()
    news = [
        lambda: index.set_changed(KEY, None, replica_set()),
        lambda: index.pod_changed(KEY, None, pod("a")),
        lambda: index.pod_changed(KEY, None, pod("b")),
    ]
    for turn in order:
        news[turn]()
    assert names(index) == {"a", "b"}


def test_a_deleted_pod_is_gone(owned):
    owned.pod_changed(KEY, pod("a"), None)
    assert names(owned) == {"b"}


def test_a_pod_replaced_under_its_name_is_counted_once(owned):
    owned.pod_changed(KEY, pod("a"), pod("c"))
    assert names(owned) == {"b", "c"}


def test_a_pod_that_is_released_by_its_owner_is_not_counted(owned):
    """Somebody changed its labels: the ReplicaSet lets go of it."""
    owned.pod_changed(KEY, pod("a"), pod("a", controller=""))
    assert names(owned) == {"b"}


def test_a_replica_set_that_is_gone_takes_its_pods_along(owned):
    owned.set_changed(KEY, replica_set(), None)
    assert names(owned) == set()


@pytest.fixture
def grouped():
    """A LeaderWorkerSet `l1` of two groups, of which one has two workers, and the other none yet."""
    index = Ownership()
    for found in (replica_set("leaders", "l1"), replica_set("workers", "a")):
        index.set_changed(KEY, None, found)
    for found in (pod("a", "leaders"), pod("b", "leaders"), pod("a-1", "workers"), pod("a-2", "workers")):
        index.pod_changed(KEY, None, found)
    return index


def test_a_replica_is_a_leader_and_its_workers(grouped):
    found = [[one.name for one in replica] for replica in grouped.replicas_of("l1")]
    assert found == [["a", "a-1", "a-2"], ["b"]]


def test_all_pods_of_groups_belong_to_their_workload(grouped):
    assert names(grouped, "l1") == {"a", "a-1", "a-2", "b"}


def test_a_stateful_sets_pods_are_its_own(owned):
    owned.pod_changed(KEY, None, pod("s-0", "s1"))
    assert names(owned, "s1") == {"s-0"}


def test_nothing_is_left_of_what_is_gone(owned):
    for uid in "ab":
        owned.pod_changed(KEY, pod(uid), None)
    owned.set_changed(KEY, replica_set(), None)
    assert (owned._pods, owned._sets) == ({}, {})  # noqa: SLF001  that memory is bounded shows nowhere else
