"""What workloads' GPUs cost a month, and what nobody uses."""

from decimal import Decimal

import pytest

from builders import at
from poolkeeper.api.holding_costs import capacity, cost, totals
from poolkeeper.api.holdings import Holding, holdings
from poolkeeper.api.survey import GpuNode, GpuPod, Reference, Survey, shared
from poolkeeper.api.tariff import Tariff

THREE = Tariff({("", ""): Decimal(3)})
GPU = "nvidia.com/gpu"


def gpus(number):
    return ((GPU, Decimal(number)),)


def node(name="gpu-0", number=8, **labels):
    return GpuNode(name, labels, devices=gpus(number), allocatable=gpus(number))


def pod(name="a", on="gpu-0", number=1, **given):
    return GpuPod("models", name, name, at(0), None, devices=gpus(number), node=on, **given)


def survey(*pods, nodes=(), **given):
    return Survey(at(0), pods, {one.name: one for one in nodes} if nodes is not None else None, **given)


def costs(seen, tariff=THREE):
    return [cost(one, seen, tariff) for one in holdings(seen)]


def test_a_month_is_730_hours():
    (found,) = costs(survey(pod(number=2), nodes=[node()]))
    assert (found.gpus, found.month, found.words) == (2, Decimal("4380.00"), ("--price",))


def test_who_waits_for_a_node_pays_nothing():
    (found,) = costs(survey(pod(on="", number=4), nodes=[node()]))
    assert (found.gpus, found.wanted, found.month, found.capacity) == (0, 4, 0, "")


def test_a_price_that_is_unknown_makes_no_sum():
    (found,) = costs(survey(pod(), nodes=[node()]), Tariff())
    assert (found.month, found.gpus) == (None, 1)
    assert "no label" in found.words[0]


def test_gpus_that_nobody_can_count_have_no_price():
    (found,) = costs(survey(pod(claims=None), nodes=[node()]))
    assert (found.gpus, found.month, found.words) == (None, None, ("how many GPUs it has cannot be told",))


def test_nodes_that_may_not_be_read_leave_the_capacity_unknown():
    (found,) = costs(survey(pod(), nodes=None))
    assert (found.capacity, found.month) == ("unknown", 2190)


@pytest.mark.parametrize(("spots", "words"), [((), ""), ((0, 0), "on-demand"), ((1, 1), "spot"), ((0, 1), "mixed")])
def test_capacity_types(spots, words):
    nodes = [node(**{"karpenter.sh/capacity-type": "spot" if one else "on-demand"}) for one in spots]
    assert capacity(nodes) == words


def test_kinds_are_those_of_the_nodes():
    (found,) = costs(survey(pod(), nodes=[node(**{"nvidia.com/gpu.product": "NVIDIA-L4"})]))
    assert found.kinds == ("L4",)


def test_what_is_free_costs_too():
    seen = survey(pod(number=6), nodes=[node(), node("gpu-1", 4), GpuNode("cpu-0")])
    found = totals(seen, costs(seen), THREE)
    assert (found.offered, found.allocatable, found.allocated, found.free) == (12, 12, 6, 6)
    assert (found.free_month, found.idle_nodes) == (6 * 2190, ("gpu-1",))


def cordoned(number):
    return GpuNode("gpu-1", devices=gpus(number), allocatable=gpus(number), cordoned=True)


def test_gpus_that_take_no_pods_are_not_free():
    seen = survey(pod(number=6), nodes=[node(), cordoned(4)])
    found = totals(seen, costs(seen), THREE)
    assert (found.free, found.free_month, found.idle_nodes) == (2, 2 * 2190, ())
    assert (found.cordoned, found.cordoned_month) == (4, 4 * 2190)


def test_a_month_of_free_gpus_is_told_to_the_cent():
    seen = survey(nodes=[node()])
    assert str(totals(seen, (), THREE).free_month) == "17520.00"


def test_free_gpus_without_a_price_have_no_cost():
    seen = survey(pod(), nodes=[node()])
    found = totals(seen, costs(seen, Tariff()), Tariff())
    assert (found.free_month, found.unpriced, found.month) == (None, 1, 0)


def test_who_waits_takes_nothing_from_a_node():
    seen = survey(pod(on=""), nodes=[node()])
    assert totals(seen, costs(seen), THREE).free == 8


def test_a_full_node_has_none_free():
    seen = survey(pod(number=8), nodes=[node()])
    assert totals(seen, costs(seen), THREE).free == 0


def test_one_namespace_does_not_tell_what_is_free():
    seen = survey(pod(), nodes=[node()], whole=False)
    found = totals(seen, costs(seen), THREE)
    assert (found.allocatable, found.free) == (8, None)


def test_without_nodes_nobody_knows_what_there_is():
    seen = survey(pod(), nodes=None)
    assert totals(seen, costs(seen), THREE).offered is None


def test_a_workload_without_pods_costs_nothing():
    seen = survey(nodes=[node()])
    found = cost(Holding("models", Reference("Deployment", "chat", "d")), seen, THREE)
    assert (found.month, found.gpus) == (0, 0)


def test_a_wait_for_gpus_that_nobody_can_count():
    (found,) = costs(survey(pod(on="", claims=None), nodes=[node()]))
    assert found.wanted is None


def sharing(name, on="gpu-0", owner=None):
    return GpuPod("models", name, name, at(0), owner, claims={"one": Decimal(1)}, node=on)


def test_a_claim_that_pods_share_is_paid_for_once():
    engines = Reference("RayCluster", "ray", "r")
    seen = survey(*shared([sharing(name, owner=engines) for name in "abc"]), nodes=[node()])
    (found,) = costs(seen)
    assert (found.gpus, found.month) == (1, 2190)


def test_workloads_that_share_a_claim_hold_it_once_together():
    seen = survey(*shared([sharing(name) for name in "abc"]), nodes=[node()])
    found = totals(seen, costs(seen), THREE)
    assert (found.allocated, found.free, found.month) == (1, 7, 2190)


def test_who_waits_to_share_a_claim_wants_no_other_gpu():
    found = costs(survey(*shared([sharing("a"), sharing("b", on="")]), nodes=[node()]))
    assert [(one.gpus, one.wanted) for one in found] == [(1, 0), (0, 0)]


def test_a_claim_of_pods_that_all_wait_is_wanted_once():
    found = costs(survey(*shared([sharing("a", on=""), sharing("b", on="")]), nodes=[node()]))
    assert sum(one.wanted for one in found) == 1


def test_gpus_unknown_are_left_out_of_what_is_held():
    seen = survey(pod("a"), pod("b", claims=None), nodes=[node()])
    found = totals(seen, costs(seen), THREE)
    assert (found.allocated, found.free) == (1, 7)
