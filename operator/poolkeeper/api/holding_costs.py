"""What workloads' GPUs cost a month of 730 hours, and what nobody uses.

A pod pays from its node on: waiting for one is free (R8). Who has one GPU without a price has no price at all: a part
would read like the whole.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from poolkeeper.api.gpus import even
from poolkeeper.api.holdings import Holding
from poolkeeper.api.survey import GpuNode, GpuPod, Survey
from poolkeeper.api.tariff import Tariff

HOURS = Decimal(730)
"""An average month: 8,760 hours over twelve."""
CENT = Decimal("0.01")
MIXED = "mixed"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a workload has and pays: `gpus` that it holds and `wanted` ones without a node, None where nobody can tell.

    `month` is None where a price is unknown; `words` say where the prices are from, or why one is not known;
    `assumed`: one of them is a guess. `capacity` is spot, on-demand, mixed or unknown, empty where it has no node.
    """

    gpus: Decimal | None
    wanted: Decimal | None
    month: Decimal | None
    words: tuple[str, ...] = ()
    assumed: bool = False
    capacity: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """The cluster's GPUs: what nodes have, what pods can have of it and have; None where nobody may see it.

    `free_month` is what the free ones cost, `idle_nodes` those on which no pod has a GPU. `cordoned` are those that
    nobody has on nodes that take no pods. `month` adds up the known prices, `unpriced` says how many workloads have
    none.
    """

    offered: Decimal | None
    allocatable: Decimal | None
    allocated: Decimal
    month: Decimal
    unpriced: int
    free: Decimal | None = None
    free_month: Decimal | None = None
    cordoned: Decimal | None = None
    cordoned_month: Decimal | None = None
    idle_nodes: tuple[str, ...] = ()


def cost(holding: Holding, survey: Survey, tariff: Tariff) -> Cost:
    """Return what a workload's GPUs are and cost."""
    held = [pod for pod in holding.pods if not pod.pending]
    rents = [rent(pod, survey, tariff) for pod in held]
    known = [one for one, _, _ in rents if one is not None]
    words = dict.fromkeys(said for _, said, _ in rents)
    nodes = [survey.node_of(pod) for pod in held]
    return Cost(
        gpus=added(pod.gpus(survey.node_of(pod)) for pod in held),
        wanted=added(pod.gpus(None) for pod in holding.pods if pod.pending),
        month=sum(known, Decimal(0)).quantize(CENT) if len(known) == len(rents) else None,
        words=tuple(words),
        assumed=any(assumed for _, _, assumed in rents),
        capacity=capacity(nodes),
        kinds=tuple(dict.fromkeys(node.place.gpu for node in nodes if node and node.place.gpu)),
    )


def rent(pod: GpuPod, survey: Survey, tariff: Tariff) -> tuple[Decimal | None, str, bool]:
    """Return what a pod's GPUs cost a month, None: unknown; where the price is from; and whether it is a guess."""
    node = survey.node_of(pod)
    gpus, found = pod.gpus(node), tariff.priced(node.place if node else None, survey.at)
    if gpus is None:
        return None, "how many GPUs it has cannot be told", False
    return None if found.price is None else gpus * found.price * HOURS, found.words, found.assumed


def added(numbers: Iterable[Decimal | None]) -> Decimal | None:
    """Return a sum, None where one of the numbers is unknown."""
    found = list(numbers)
    known = [one for one in found if one is not None]
    return even(sum(known, Decimal(0))) if len(known) == len(found) else None


def capacity(nodes: Sequence[GpuNode | None]) -> str:
    """Return what kind of capacity nodes are."""
    if any(node is None for node in nodes):
        return UNKNOWN
    found = {"spot" if node.place.spot else "on-demand" for node in nodes if node}
    return MIXED if len(found) > 1 else next(iter(found), "")


def totals(survey: Survey, costs: Iterable[Cost], tariff: Tariff) -> Totals:
    """Return what the cluster has and pays."""
    found = list(costs)
    allocated = even(sum((one.gpus for one in found if one.gpus is not None), Decimal(0)))
    month = sum((one.month for one in found if one.month is not None), Decimal(0))
    unpriced = sum(one.month is None for one in found)
    if survey.nodes is None:
        return Totals(None, None, allocated, month, unpriced)
    nodes = [node for node in survey.nodes.values() if node.devices]
    offered = sum((node.gpus for node in nodes), Decimal(0))
    allocatable = sum((node.usable for node in nodes), Decimal(0))
    if not survey.whole:
        return Totals(offered, allocatable, allocated, month, unpriced)
    taken = taken_on(survey)
    left = {node.name: max(Decimal(0), node.usable - taken.get(node.name, Decimal(0))) for node in nodes}
    opened, closed = ([node for node in nodes if node.cordoned is one] for one in (False, True))
    return Totals(
        offered=offered,
        allocatable=allocatable,
        allocated=allocated,
        month=month,
        unpriced=unpriced,
        free=sum((left[node.name] for node in opened), Decimal(0)),
        free_month=month_of(opened, left, survey, tariff),
        cordoned=sum((left[node.name] for node in closed), Decimal(0)),
        cordoned_month=month_of(closed, left, survey, tariff),
        idle_nodes=tuple(sorted(node.name for node in opened if node.name not in taken)),
    )


def month_of(nodes: Iterable[GpuNode], left: Mapping[str, Decimal], survey: Survey, tariff: Tariff) -> Decimal | None:
    """Return what so many GPUs of nodes cost a month, None where a price is unknown."""
    rents = [(left[node.name], tariff.priced(node.place, survey.at).price) for node in nodes if left[node.name]]
    found = added(None if price is None else gpus * price * HOURS for gpus, price in rents)
    return None if found is None else found.quantize(CENT)


def taken_on(survey: Survey) -> dict[str, Decimal]:
    """Return how many GPUs pods have on each node, by its name."""
    found: dict[str, Decimal] = {}
    for pod in survey.pods:
        if pod.node:
            found[pod.node] = found.get(pod.node, Decimal(0)) + (pod.gpus(survey.node_of(pod)) or Decimal(0))
    return {name: even(gpus) for name, gpus in found.items()}
