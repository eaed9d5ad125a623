"""Who is on which node, in whatever order the news comes."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

import pytest
from tests.shell.provider_objects import aks, eks, gke, karpenter, node, pod

from poolkeeper.shell.tenancy import Room, Site, Tenancy

KEY = ("lab", "any")
GPU = (("nvidia.com/gpu", Decimal(1)),)
EIGHT = (("nvidia.com/gpu", Decimal(8)),)
NODE = replace(karpenter(), devices=EIGHT)


def tenant(name="p1", on="n1", **changes):
    return replace(pod(name, on=on), **{"devices": GPU} | changes)


@pytest.fixture
def index():
    """A node of eight GPUs with one tenant."""
    found = Tenancy()
    found.node_changed(KEY, None, NODE)
    found.pod_changed(KEY, None, tenant())
    return found


def test_a_node_is_a_place_with_gpus(index):
    site = index.room("n1").site
    assert (site.uid, site.gpus, site.place.spot, site.place.zone, site.machine) == (
        "uid-n1",
        8,
        True,
        "us-east-1a",
        "i-n1",
    )


def test_one_that_its_cloud_has_no_name_for_has_its_own():
    assert Site.of(replace(NODE, provider_id=""), None).machine == "n1"


def test_a_node_that_nobody_has_seen(index):
    assert index.room("n2") == Room()


@pytest.mark.parametrize("made", [karpenter(), eks(), gke(), aks(), replace(node(), node_claim="gpu-x7k2q")])
def test_provisioners_and_node_groups_make_nodes(made):
    assert Site.of(made, None).made


def test_one_that_nobody_makes_stands_there_anyway():
    assert not Site.of(node(), None).made


def test_its_gpus_count_while_its_kubelet_starts_anew(index):
    index.node_changed(KEY, NODE, replace(NODE, devices=()))
    assert index.room("n1").site.gpus == 8


def test_those_of_its_namesake_do_not(index):
    index.node_changed(KEY, NODE, replace(NODE, devices=(), uid="uid-other"))
    assert index.room("n1").site.gpus is None


def test_news_that_does_not_matter_leaves_the_very_same(index):
    before = index.room("n1").site
    index.node_changed(KEY, NODE, replace(NODE, taints={"a": "b"}))
    assert index.room("n1").site is before


def test_a_node_that_is_gone(index):
    index.node_changed(KEY, NODE, None)
    assert index.room("n1").site is None


def test_its_tenants(index):
    index.pod_changed(KEY, None, tenant("p2"))
    assert [pod.name for pod in index.room("n1").tenants] == ["p1", "p2"]


@pytest.mark.parametrize("news", [*permutations(["p2", "p3", None])])
def test_tenants_come_in_any_order(index, news):
    for name in news:
        index.pod_changed(KEY, *((tenant(), None) if name is None else (None, tenant(name))))
    assert {pod.name for pod in index.room("n1").tenants} == {"p2", "p3"}


@pytest.mark.parametrize("changes", [{"devices": ()}, {"phase": "Succeeded"}, {"phase": "Failed"}, {"node": ""}])
def test_who_keeps_no_gpu_of_it_is_none(index, changes):
    index.pod_changed(KEY, tenant(), tenant(**changes))
    assert index.room("n1").tenants == ()


def test_one_that_drains_still_is(index):
    index.pod_changed(KEY, tenant(), tenant(terminating=True))
    assert [pod.terminating for pod in index.room("n1").tenants] == [True]


def test_one_that_was_scheduled_at_last(index):
    index.pod_changed(KEY, tenant("p2", on=""), tenant("p2"))
    assert len(index.room("n1").tenants) == 2


def test_its_tenants_stay_where_their_node_goes_first(index):
    index.node_changed(KEY, NODE, None)
    assert index.room("n1") == Room(None, (tenant(),))


def test_of_a_node_that_is_gone_with_its_tenants_nothing_is_kept(index):
    index.node_changed(KEY, NODE, None)
    index.pod_changed(KEY, tenant(), None)
    assert index.room("n1") is Tenancy().room("n1")
