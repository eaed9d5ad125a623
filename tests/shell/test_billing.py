"""What pools have to pay for: replicas from their scheduling on, and what nodes cost beyond them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.shell import provider_objects as made
from tests.shell.provider_objects import START
from tests.shell.test_sibling import KEY, TARGET, deployment

from builders import BODY
from poolkeeper.api.target import LEADER_WORKER_SET
from poolkeeper.core.days import OVERHEAD
from poolkeeper.core.prices import Book, Place
from poolkeeper.core.rates import Rental
from poolkeeper.shell.billing import Billing
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.views import SetView

BOOK = Book()
LABELS = {
    "topology.kubernetes.io/region": "us-east-1",
    "topology.kubernetes.io/zone": "us-east-1a",
    "node.kubernetes.io/instance-type": "p5.48xlarge",
}


def gpus(number):
    return (("nvidia.com/gpu", Decimal(number)),) if number else ()


def at(second):
    return START + timedelta(seconds=second)


class Rig:
    """A pool `chat` with a half on spot, beside another pool's pods; a node `n1` of eight GPUs made at second 0."""

    def __init__(self, **cost):
        self.cluster, self.pools = Cluster(None), Pools()
        self.billing = Billing(self.cluster)
        self.take(**cost)
        self.cluster.deployments.items.update({("inference", "chat"): TARGET})
        self.own("chat", "uid-d")
        self.pods, self.nodes = {}, {}
        self.node()

    def take(self, uid="uid-1", generation=1, target=BODY["spec"], **cost):
        body = {"metadata": BODY["metadata"] | {"uid": uid, "generation": generation}}
        self.pool = self.pools.take(body | {"spec": BODY["spec"] | target | ({"cost": cost} if cost else {})})

    def own(self, replica_set, deployment_uid):
        view = SetView("inference", replica_set, replica_set, deployment_uid)
        self.cluster.ownership.set_changed(KEY, None, view)

    def split(self):
        self.cluster.deployments.items[KEY] = deployment("chat-spot", tier="spot", owners=("uid-d",))
        self.own("chat-spot", "uid-chat-spot")

    def node(self, name="n1", number=8, kind=made.karpenter, **changes):
        view = kind(name, **({"capacity": "on-demand"} if kind is made.karpenter else {}))
        self.see_node(replace(view, labels=view.labels | LABELS, devices=gpus(number), **changes))

    def see_node(self, view=None, gone=None):
        name = view.name if view else gone
        self.cluster.tenancy.node_changed(KEY, self.nodes.get(name), view)
        self.nodes[name] = view

    def pod(self, name="p1", on="n1", since=60, number=1, half="chat", **changes):
        """A pod that was made with the first node, and is bound to its own at second `since`."""
        known = made.pod(name, on=on, since=since)
        self.see_pod(name, replace(known, controller=half, devices=gpus(number), **changes))

    def see_pod(self, name, view=None):
        old, self.pods[name] = self.pods.get(name), view
        self.cluster.ownership.pod_changed(KEY, old, view)
        self.cluster.tenancy.pod_changed(KEY, old, view)

    def bill(self, second=60, book=BOOK):
        return self.billing.bill(self.pool, book, at(second))

    def replicas(self, second=60):
        return {one.uid: one for one in self.bill(second).items if one.rental.tier != OVERHEAD}

    def beyond(self, second=60):
        """What nodes cost beyond replicas: GPUs, and from which second until which."""
        times = {one.uid: (one.since, one.until) for one in self.bill(second).items if one.rental.tier == OVERHEAD}
        number = {one.uid: one.rental.gpus for one in self.bill(second).items}
        return {uid: (number[uid], *map(seconds, span)) for uid, span in times.items()}


def seconds(instant):
    return None if instant is None else round((instant - START).total_seconds())


@pytest.fixture
def rig():
    return Rig()


class TestReplicas:
    def test_one_is_paid_for_from_its_scheduling_where_its_node_is(self, rig):
        rig.pod()
        found = rig.replicas()["uid-p1"]
        place = Place("aws", "us-east-1", "us-east-1a", "p5.48xlarge", node_gpus=Decimal(8))
        assert (found.since, found.rental) == (at(60), Rental("on-demand", place, Decimal(1), "i-n1"))

    def test_the_wait_for_a_node_is_free(self, rig):
        rig.pod(on="")
        assert rig.bill().items == ()

    @pytest.mark.parametrize("changes", [{"phase": "Pending"}, {"terminating": True}, {"trouble": "CrashLoopBackOff"}])
    def test_loading_and_draining_are_paid_for(self, rig, changes):
        rig.pod(**changes)
        assert "uid-p1" in rig.replicas()

    @pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
    def test_what_has_ended_is_not(self, rig, phase):
        rig.pod(phase=phase)
        assert rig.replicas() == {}

    def test_nor_what_is_gone(self, rig):
        rig.pod()
        rig.bill()
        rig.see_pod("p1")
        assert rig.replicas() == {}

    def test_another_pool_s_is_not_ours(self, rig):
        rig.pod(half="code")
        assert rig.replicas() == {}

    def test_each_half_is_a_tier_the_one_that_stays_goes_first(self, rig):
        rig.split()
        rig.pod("p1", half="chat-spot")
        rig.pod("p3", since=70)
        rig.pod("p2", since=70)
        assert [(one.uid, one.rental.tier) for one in rig.replicas(70).values()] == [
            ("uid-p2", "on-demand"),
            ("uid-p3", "on-demand"),
            ("uid-p1", "spot"),
        ]

    def test_the_node_tells_what_is_spot_and_not_the_tier(self, rig):
        rig.split()
        rig.node("n2", kind=made.eks)
        rig.pod("p1", half="chat-spot")
        rig.pod("p2", on="n2")
        assert {uid: one.rental.place.spot for uid, one in rig.replicas().items()} == {"uid-p1": False, "uid-p2": True}

    def test_a_pool_whose_target_is_not_there_pays_for_nothing(self, rig):
        rig.cluster.deployments.items.clear()
        assert rig.bill().items == ()


class TestGpus:
    @pytest.mark.parametrize(("number", "counted"), [(2, 2), (0, None)])
    def test_a_replica_has_those_that_it_asks_for(self, rig, number, counted):
        rig.pod(number=number)
        assert rig.replicas()["uid-p1"].rental.gpus == counted

    def test_the_spec_has_the_last_word(self):
        rig = Rig(gpusPerReplica=4)
        rig.pod(number=0)
        assert rig.replicas()["uid-p1"].rental.gpus == 4

    def test_a_spec_that_changes_counts_at_once(self, rig):
        rig.pod(number=0)
        rig.bill()
        rig.take(generation=2, gpusPerReplica=4)
        assert rig.replicas()["uid-p1"].rental.gpus == 4

    def test_its_node_tells_what_a_part_of_one_is(self, rig):
        shared = rig.nodes["n1"].labels | {"nvidia.com/gpu.replicas": "4"}
        rig.see_node(replace(rig.nodes["n1"], labels=shared))
        rig.pod()
        found = rig.replicas()["uid-p1"].rental
        assert (found.gpus, found.place.node_gpus) == (Decimal("0.25"), 2)


class TestGroups:
    """A replica of a leader without a GPU, and two workers of four."""

    @pytest.fixture
    def groups(self, rig):
        found = deployment("chat", kind=LEADER_WORKER_SET, pods_each=3, renting=2)
        rig.cluster.workloads[LEADER_WORKER_SET].items["inference", "chat"] = found
        target = {"targetRef": {"kind": "LeaderWorkerSet", "name": "chat"}}
        rig.own("leaders", found.uid)
        rig.own("workers", "uid-leader")
        rig.take(generation=2, target=target)
        rig.pod("leader", number=0, half="leaders")
        for name in ("w1", "w2"):
            rig.node(f"n-{name}")
            rig.pod(name, f"n-{name}", number=4, half="workers")
        return rig

    def test_each_pod_rents_where_it_is(self, groups):
        found = groups.replicas()
        assert {uid: (one.rental.gpus, one.rental.node, one.rental.parts) for uid, one in found.items()} == {
            "uid-w1": (4, "i-n-w1", 2),
            "uid-w2": (4, "i-n-w2", 2),
        }

    def test_what_the_spec_says_of_a_replica_is_shared_by_its_pods(self, groups):
        groups.take(generation=3, target={"targetRef": groups.pool.accepted["targetRef"]}, gpusPerReplica=6)
        assert [one.rental.gpus for one in groups.replicas().values()] == [3, 3]

    def test_workers_that_outlive_their_leader_are_paid_for_until_they_are_gone(self, groups):
        before = groups.replicas()
        groups.see_pod("leader")
        after = groups.replicas()
        for name in ("w1", "w2"):
            groups.see_pod(name)
        assert (after, groups.replicas()) == (before, {})

    def test_another_target_does_not_pay_for_them(self, groups):
        groups.replicas()
        groups.see_pod("leader")
        groups.take(generation=4, target={"targetRef": {"kind": "LeaderWorkerSet", "name": "code"}})
        other = deployment("code", uid="uid-other", kind=LEADER_WORKER_SET, pods_each=3, renting=2)
        groups.cluster.workloads[LEADER_WORKER_SET].items["inference", "code"] = other
        assert groups.replicas() == {}

    def test_groups_of_another_size_rent_other_parts(self, groups):
        before = groups.replicas()
        found = groups.cluster.workloads[LEADER_WORKER_SET].items
        found["inference", "chat"] = replace(found["inference", "chat"], pods_each=5, renting=4)
        assert [one.rental.parts for one in (before | groups.replicas()).values()] == [4, 4]


class TestNodesThatAreNotKnown:
    def test_one_that_is_gone_before_its_pod_is_remembered(self, rig):
        rig.pod()
        before = rig.replicas()
        rig.see_node(gone="n1")
        assert rig.replicas() == before

    def test_one_whose_news_is_late_is_waited_for(self, rig):
        rig.pod(on="n2")
        waits = rig.bill(64.9).items
        rig.node("n2")
        assert (waits, rig.replicas(64.9)["uid-p1"].since) == ((), at(60))

    def test_but_not_for_long(self, rig):
        rig.pod(on="n2")
        rig.bill(64.9)
        assert rig.replicas(65)["uid-p1"].rental == Rental("on-demand", Place(), Decimal(1))


class TestSameness:
    def test_the_very_same_bill_while_nothing_changes(self, rig):
        rig.pod()
        assert rig.bill(60) is rig.bill(61)

    def test_another_book_prices_the_very_same_items(self, rig):
        rig.pod()
        before, book = rig.bill(60), Book(name="new")
        after = rig.bill(61, book)
        assert (after.items is before.items, after.book) == (True, book)

    def test_what_changes_nothing_to_pay_for_leaves_the_very_same_items(self, rig):
        rig.pod(phase="Pending")
        before = rig.bill().items
        rig.pod(phase="Running")
        assert rig.bill().items is before

    def test_a_pool_of_the_same_name_begins_anew(self, rig):
        rig.pod()
        rig.bill()
        rig.see_pod("p1")
        rig.take(uid="uid-2")
        assert rig.bill().items == ()

    def test_what_is_forgotten_begins_anew(self, rig):
        rig.pod()
        rig.bill()
        rig.see_pod("p1")
        rig.billing.forget(rig.pool.key)
        assert rig.bill().items == ()


LATER = {"created_at": at(1)}
"""A pod that was made when the node was there."""


class TestSpare:
    def test_what_a_replica_leaves_over_from_its_scheduling_on(self, rig):
        rig.pod(**LATER)
        assert rig.beyond() == {"node/uid-n1": (7, 60, None)}

    def test_less_from_the_second_one_s_scheduling_on(self, rig):
        rig.pod(**LATER)
        rig.bill(60)
        rig.pod("p2", since=70)
        assert rig.beyond(72) == {"node/uid-n1": (6, 70, None)}

    def test_more_once_one_is_gone(self, rig):
        rig.pod(**LATER)
        rig.pod("p2", since=70)
        rig.bill(72)
        rig.see_pod("p2")
        assert rig.beyond(80) == rig.beyond(90) == {"node/uid-n1": (7, 80, None)}

    def test_none_where_all_are_used(self, rig):
        rig.pod(number=8, **LATER)
        assert rig.beyond() == {}

    def test_a_replica_that_drains_still_uses_its_own(self, rig):
        rig.pod(terminating=True, **LATER)
        assert rig.beyond() == {"node/uid-n1": (7, 60, None)}

    def test_a_node_that_another_pool_is_on_has_none(self, rig):
        rig.pod(**LATER)
        rig.pod("q1", half="code")
        assert rig.beyond() == {}

    def test_it_is_all_ours_once_the_other_is_gone(self, rig):
        rig.pod(**LATER)
        rig.pod("q1", half="code")
        rig.bill(60)
        rig.see_pod("q1")
        assert rig.beyond(100) == {"node/uid-n1": (7, 100, None)}

    def test_pods_without_gpus_do_not_share_it(self, rig):
        rig.pod(**LATER)
        rig.pod("dns", half="dns", number=0)
        assert rig.beyond() == {"node/uid-n1": (7, 60, None)}

    def test_a_node_that_stands_there_anyway_has_none(self, rig):
        rig.node("n1", kind=made.node)
        rig.pod(**LATER)
        assert rig.beyond() == {}

    def test_a_node_that_does_not_tell_its_gpus_has_none(self, rig):
        rig.node("n2", number=0)
        rig.pod(on="n2", **LATER)
        assert rig.beyond() == {}

    def test_a_replica_that_does_not_tell_its_gpus_leaves_none_that_are_known(self, rig):
        rig.pod(number=0, **LATER)
        assert rig.beyond() == {}

    @pytest.mark.parametrize(("told", "asked", "left"), [("0.5", 1, 7), (4, 0, 4), (4, 1, 4)])
    def test_what_a_replica_keeps_from_others_is_what_it_asks_for_or_is_said_to_use(self, told, asked, left):
        rig = Rig(gpusPerReplica=told)
        rig.pod(number=asked, **LATER)
        assert rig.beyond() == {"node/uid-n1": (left, 60, None)}

    def test_news_of_one_node_leaves_what_another_has_to_spare(self, rig):
        rig.node("n2")
        rig.pod("p1", **LATER)
        rig.pod("p2", on="n2", since=70, **LATER)
        rig.bill(70)
        rig.see_pod("p2")
        assert rig.beyond(80) == {"node/uid-n1": (7, 60, None), "node/uid-n2": (8, 80, None)}

    def test_its_namesake_begins_anew(self, rig):
        rig.pod("p1", **LATER)
        rig.bill(60)
        rig.node("n1", uid="uid-other")
        assert rig.beyond(100) == {"node/uid-other": (7, 60, None)}

    def test_a_node_that_is_gone_has_none(self, rig):
        rig.pod(**LATER)
        rig.bill()
        rig.see_node(gone="n1")
        assert rig.beyond() == {}


class TestBoot:
    """The node is made at second 0, and its first pod bound at second 60."""

    def test_a_node_that_was_made_for_a_replica(self, rig):
        rig.pod(number=8)
        assert rig.beyond() == {"node/uid-n1/boot": (8, 0, 60)}

    def test_it_stays_the_same_after_that_replica(self, rig):
        rig.pod(number=4)
        rig.pod("p2", number=4, since=70)
        rig.bill(70)
        rig.see_pod("p1")
        assert rig.beyond(80)["node/uid-n1/boot"] == (8, 0, 60)

    def test_one_that_was_there_before_the_replica_was_not_made_for_it(self, rig):
        rig.pod(number=8, **LATER)
        assert rig.beyond() == {}

    def test_one_whose_first_pod_is_another_s_is_not_our_boot(self, rig):
        rig.pod("q1", half="code", since=59)
        rig.pod()
        assert rig.beyond() == {}

    def test_one_that_others_came_onto_later_is(self, rig):
        rig.pod()
        rig.pod("q1", half="code", since=61)
        assert rig.beyond() == {"node/uid-n1/boot": (8, 0, 60)}

    @pytest.mark.parametrize("changes", [{"kind": made.node}, {"number": 0}])
    def test_nodes_of_unknown_make_or_size_do_not_boot(self, rig, changes):
        rig.node("n2", **changes)
        rig.pod(on="n2")
        assert rig.beyond() == {}


class TestEmpty:
    @pytest.fixture
    def rig(self):
        """A node that held a replica which is seen to be gone at second 100."""
        rig = Rig()
        rig.pod(**LATER)
        rig.bill(60)
        rig.see_pod("p1")
        rig.bill(100)
        return rig

    def test_all_of_it_is_paid_for(self, rig):
        assert rig.beyond(200) == {"node/uid-n1": (8, 100, None)}

    def test_for_an_hour_at_most(self, rig):
        assert (len(rig.beyond(3699)), rig.beyond(3700)) == (1, {})

    def test_until_it_is_gone(self, rig):
        rig.see_node(gone="n1")
        assert rig.beyond(200) == {}

    def test_until_another_s_pod_comes(self, rig):
        rig.pod("q1", half="code", since=200)
        assert rig.beyond(200) == {}

    def test_until_a_replica_comes_back(self, rig):
        rig.pod("p2", since=200, **LATER)
        assert rig.beyond(201) == {"node/uid-n1": (7, 200, None)}

    def test_its_namesake_is_not_it(self, rig):
        rig.node("n1", uid="uid-other")
        assert rig.beyond(200) == {}

    def test_one_that_was_shared_is_nobody_s(self):
        rig = Rig()
        rig.pod(**LATER)
        rig.pod("q1", half="code")
        rig.bill(60)
        rig.see_pod("p1")
        rig.see_pod("q1")
        assert rig.beyond(100) == {}
