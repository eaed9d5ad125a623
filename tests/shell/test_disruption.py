import pytest

from builders import BODY, at
from poolkeeper.api.names import TIER_LABEL
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.disruption import Budgets, Covered
from poolkeeper.shell.kube_errors import ConflictError, FieldOwner, NotFound
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.views import DisruptionBudgetView, Requirement

LABELS = {"app": "chat"}
COVERED = Covered({"matchLabels": LABELS}, LABELS)
EXPRESSION = {"key": "track", "operator": "In", "values": ["stable"]}


class Rig:
    """An API server that remembers what was asked, and the budgets that were seen."""

    def __init__(self):
        self.applied, self.deleted, self.seen = [], [], {}
        self.pool, self.refusal = Pools().take(BODY), None
        self.kept, self.clock, self.second = Budgets(self, self), self, 0

    def now(self):
        return at(self.second)

    def budgets(self, namespace):
        return tuple(self.seen.values()) if namespace == "inference" else ()

    async def apply(self, _path, body):
        self.applied.append(body["spec"]["minAvailable"])
        if self.refusal:
            raise self.refusal

    async def delete(self, path, *, options):
        self.deleted.append((path.rsplit("/", 1)[-1], options["preconditions"]["uid"]))
        if self.refusal:
            raise self.refusal

    def see(self, name="chat-pool", **changes):
        known = {"pool": "chat", "min_available": 9, "match_labels": LABELS} | changes
        self.seen[name] = DisruptionBudgetView("inference", name, f"uid-{name}", "7", **known)

    async def keep(self, size=10, covered=COVERED):
        return await self.kept.keep(self.pool, covered, size)

    def turn_to(self, target):
        """Let the pool name another target, as its owner edits it."""
        changed = BODY["spec"] | {"targetRef": {"name": target}}
        self.pool.take(BODY | {"metadata": BODY["metadata"] | {"generation": 2}, "spec": changed})


@pytest.fixture
def rig():
    return Rig()


async def test_a_pool_of_ten_can_spare_one(rig):
    assert (await rig.keep()).reason is Reason.AS_EXPECTED
    assert rig.applied == [9]


async def test_nothing_is_written_where_nothing_differs(rig):
    rig.see()
    await rig.keep()
    assert not rig.applied


@pytest.mark.parametrize("changes", [{"min_available": 8}, {"match_labels": {"app": "before"}}])
async def test_what_differs_is_put_right(rig, changes):
    rig.see(**changes)
    await rig.keep()
    assert rig.applied == [9]


async def test_a_selector_that_has_got_another_expression_is_put_right(rig):
    rig.see()
    await rig.keep(covered=Covered({"matchLabels": LABELS, "matchExpressions": [EXPRESSION]}, LABELS))
    assert rig.applied == [9]


async def test_expressions_that_are_the_same_are_not_written(rig):
    rig.see(match_expressions=(Requirement("track", "In", ("stable",)), Requirement("gone", "DoesNotExist", ())))
    expressions = [EXPRESSION, {"key": "gone", "operator": "DoesNotExist"}]
    await rig.keep(covered=Covered({"matchLabels": LABELS, "matchExpressions": expressions}, LABELS))
    assert not rig.applied


async def test_one_that_was_just_applied_is_not_applied_again_while_the_watch_is_late(rig):
    for rig.second in range(16):
        await rig.keep()
    assert rig.applied == [9]


async def test_one_that_never_appears_is_applied_again(rig):
    for rig.second in range(17):
        await rig.keep()
    assert rig.applied == [9, 9]


async def test_one_that_is_deleted_after_it_was_seen_is_applied_again(rig):
    await rig.keep()
    rig.see()
    await rig.keep()
    rig.seen.clear()
    await rig.keep()
    assert rig.applied == [9, 9]


async def test_one_for_another_target_of_the_pool_goes_first(rig):
    rig.see(owners=("uid-1",))
    rig.turn_to("chat-green")
    assert (await rig.keep()).reason is Reason.AS_EXPECTED
    assert (rig.deleted, rig.applied) == ([("chat-pool", "uid-chat-pool")], [9])


async def test_one_of_another_pool_of_that_name_is_left_alone(rig):
    rig.see(owners=("uid-before",))
    rig.turn_to("chat-green")
    await rig.keep()
    assert not rig.deleted


async def test_a_pool_that_is_split_no_more_keeps_none_for_another_target(rig):
    rig.see(owners=("uid-1",))
    rig.turn_to("chat-green")
    await rig.kept.remove(rig.pool)
    assert (rig.deleted, rig.kept.has_any(rig.pool)) == ([("chat-pool", "uid-chat-pool")], True)


@pytest.mark.parametrize(("least", "size"), [(9, 9), (1, 1), ("50%", 10)])
async def test_one_that_asks_for_more_than_is_left_hinders(rig, least, size):
    rig.see(min_available=least)
    assert rig.kept.hinder(rig.pool, size)


@pytest.mark.parametrize("changes", [{}, {"pool": ""}], ids=["low enough", "somebody else's"])
async def test_any_other_does_not(rig, changes):
    rig.see(**changes)
    assert not rig.kept.hinder(rig.pool, 10)


async def test_a_single_replica_has_none(rig):
    rig.see()
    await rig.keep(1)
    assert rig.deleted == [("chat-pool", "uid-chat-pool")]


async def test_one_that_is_gone_already_is_no_error(rig):
    rig.see()
    rig.refusal = NotFound("gone", status=404)
    await rig.keep(1)
    assert rig.deleted


@pytest.mark.parametrize("labels", [{}, LABELS, {TIER_LABEL: "spot"}], ids=["all", "both", "the sibling"])
async def test_none_is_made_where_somebody_elses_selects_the_pods(rig, labels):
    rig.see("mine", pool="", match_labels=labels)
    standing = await rig.keep()
    assert (standing.reason, standing.detail) == (Reason.FOREIGN_BUDGET, "poddisruptionbudget/mine guards the pods")
    assert not rig.applied


async def test_ours_goes_when_somebody_elses_comes(rig):
    rig.see()
    rig.see("mine", pool="", match_labels=LABELS)
    await rig.keep()
    assert rig.deleted == [("chat-pool", "uid-chat-pool")]


async def test_one_that_selects_other_pods_is_not_in_the_way(rig):
    rig.see("mine", pool="", match_labels={"app": "other"})
    await rig.keep()
    assert rig.applied == [9]


async def test_a_name_that_is_taken_is_said(rig):
    rig.see(pool="", match_labels={"app": "other"})
    standing = await rig.keep()
    assert "rename or delete it" in standing.detail
    assert not rig.applied + rig.deleted


def edited():
    error = ConflictError("conflict", status=409)
    error.owners = (FieldOwner(".spec.minAvailable", "kubectl-edit"),)
    return error


async def test_one_that_somebody_edited_is_said_and_not_tried_again(rig):
    rig.see(min_available=0)
    rig.refusal = edited()
    first = await rig.keep()
    assert (first.reason, await rig.keep()) == (Reason.FOREIGN_BUDGET, first)
    assert rig.applied == [9]


@pytest.mark.parametrize("change", [{"min_available": 1}, {"size": 5}], ids=["edited again", "another size"])
async def test_it_is_tried_again_when_it_has_changed(rig, change):
    rig.see(min_available=0)
    rig.refusal = edited()
    await rig.keep()
    rig.refusal = None
    rig.see(min_available=change.get("min_available", 0))
    assert (await rig.keep(change.get("size", 10))).reason is Reason.AS_EXPECTED


async def test_a_pool_that_is_gone_is_forgotten(rig):
    rig.see(min_available=0)
    rig.refusal = edited()
    await rig.keep()
    rig.kept.forget(rig.pool.key)
    await rig.keep()
    assert rig.applied == [9, 9]


async def test_another_refusal_is_the_callers(rig):
    rig.refusal = ConflictError("modified", status=409)
    with pytest.raises(ConflictError):
        await rig.keep()


async def test_a_pool_that_is_split_no_more_has_none(rig):
    rig.see()
    await rig.kept.remove(rig.pool)
    assert rig.deleted == [("chat-pool", "uid-chat-pool")]


async def test_where_there_is_none_nothing_is_deleted(rig):
    rig.see(pool="")
    await rig.kept.remove(rig.pool)
    assert not rig.deleted
