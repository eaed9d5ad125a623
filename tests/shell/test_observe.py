"""What is seen of a pool that is split: both halves, and what was taken from them."""

from dataclasses import replace

from tests.shell.provider_objects import START, eks, pod, taint
from tests.shell.test_sibling import KEY, TARGET, deployment

from builders import BODY
from poolkeeper.shell import observe
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.views import SetView

NOTICED = eks(taints=[taint("aws-node-termination-handler/spot-itn")])


def seen():
    """Return what is seen while a pod of each half ends on one node under notice."""
    cluster, pools = Cluster(None), Pools()
    cluster.signals.node_changed(("", "n1"), None, NOTICED)
    sibling = deployment("chat-spot", tier="spot", owners=("uid-d",))
    cluster.deployments.items.update({("inference", "chat"): TARGET, KEY: sibling})
    for owner in (TARGET, sibling):
        cluster.ownership.set_changed(KEY, None, SetView("inference", owner.name, owner.name, owner.uid))
        ending = replace(pod(f"{owner.name}-1", on="n1"), controller=owner.name, terminating=True, ended_at=START)
        cluster.ownership.pod_changed(KEY, None, ending)
    return observe.observation(pools.take(BODY), cluster, pools, (), START)


def test_what_is_reclaimed_is_told_of_the_half_on_spot():
    found = seen()
    assert (found.siblings[0].reclaimed, found.siblings[0].pods) == ({"uid-chat-spot-1"}, ())


def test_elsewhere_nothing_is_reclaimed():
    assert seen().target.reclaimed == frozenset()
