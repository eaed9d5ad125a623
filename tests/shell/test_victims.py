import pytest

from builders import LONG_AGO
from poolkeeper.shell.kube_errors import ConflictError, Forbidden, Invalid, NotFound
from poolkeeper.shell.victims import DELETION_COST, LOWEST, mark
from poolkeeper.shell.views import PodView


def pod(name, cost=None):
    return PodView("inference", name, f"uid-{name}", LONG_AGO, deletion_cost=cost)


class Kube:
    """An API server that refuses what it is told to, by pod, and remembers the costs that it was given."""

    def __init__(self):
        self.costs, self.uids, self.refusals = {}, {}, {}

    async def patch(self, path, body, **_):
        name = path.removeprefix("/api/v1/namespaces/inference/pods/")
        if name in self.refusals:
            raise self.refusals[name]
        self.uids[name] = body["metadata"]["uid"]
        self.costs[name] = body["metadata"]["annotations"][DELETION_COST]


@pytest.fixture
def kube():
    return Kube()


def marking(kube, pods, *victims):
    return mark(kube, "inference", pods, victims)


async def test_victims_get_the_lowest_costs_in_order(kube):
    await marking(kube, [pod("a"), pod("b"), pod("c")], "c", "a")
    assert kube.costs == {"c": str(LOWEST), "a": str(LOWEST + 1)}


async def test_each_pod_is_meant_by_its_uid(kube):
    await marking(kube, [pod("a")], "a")
    assert kube.uids == {"a": "uid-a"}


async def test_what_is_marked_already_is_not_written(kube):
    await marking(kube, [pod("a", LOWEST)], "a")
    assert not kube.costs


async def test_one_that_is_no_victim_any_more_loses_its_mark(kube):
    await marking(kube, [pod("a", LOWEST), pod("b")], "b")
    assert kube.costs == {"a": None, "b": str(LOWEST)}


async def test_a_cost_that_somebody_else_gave_stays(kube):
    await marking(kube, [pod("a", -1000), pod("b")], "b")
    assert "a" not in kube.costs


async def test_a_victim_that_cannot_be_marked_is_an_error_after_all_were_tried(kube):
    kube.refusals["a"] = Forbidden("no", status=403)
    with pytest.raises(Forbidden):
        await marking(kube, [pod("a"), pod("b")], "a", "b")
    assert kube.costs == {"b": str(LOWEST + 1)}


async def test_a_victim_that_is_gone_is_an_error(kube):
    with pytest.raises(ConflictError, match="pod/b is gone"):
        await marking(kube, [pod("a")], "a", "b")


async def test_a_victim_that_goes_meanwhile_is_an_error_of_the_same_kind(kube):
    kube.refusals["a"] = NotFound("gone", status=404)
    with pytest.raises(ConflictError, match="pod/a is gone"):
        await marking(kube, [pod("a")], "a")


async def test_a_mark_that_cannot_be_taken_back_is_an_error(kube):
    kube.refusals["a"] = Invalid("another pod", status=422)
    with pytest.raises(Invalid):
        await marking(kube, [pod("a", LOWEST), pod("b")], "b")


async def test_a_marked_pod_that_is_gone_is_none(kube):
    kube.refusals["a"] = NotFound("gone", status=404)
    await marking(kube, [pod("a", LOWEST), pod("b")], "b")
    assert kube.costs == {"b": str(LOWEST)}
