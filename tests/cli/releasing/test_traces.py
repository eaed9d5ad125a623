"""What of an object is ours, and what stays."""

import pytest

from poolkeeper.api.names import COST_PER_HOUR, DELETION_COST, POOL_LABEL, TIER_LABEL
from poolkeeper.cli.releasing.traces import marks, without_us


def thing(kind="Deployment", labels=None, annotations=None, managers=()):
    managed = [{"manager": one} for one in managers]
    return {"kind": kind, "metadata": {"labels": labels, "annotations": annotations, "managedFields": managed}}


@pytest.mark.parametrize("cost", ["-2147483648", "-2147483600"])
def test_our_annotations_go(cost):
    found = marks(thing("Pod", annotations={COST_PER_HOUR: "3", DELETION_COST: cost, "theirs": "x"}))
    assert found == {"annotations": {COST_PER_HOUR: None, DELETION_COST: None}}


@pytest.mark.parametrize("cost", ["5", "-2000000000", "soon", "--5", ""])
def test_a_deletion_cost_of_somebody_else_stays(cost):
    assert marks(thing("Pod", annotations={DELETION_COST: cost})) == {}


def test_labels_go_from_a_deployment():
    assert marks(thing(labels={POOL_LABEL: "chat", "app": "chat"})) == {"labels": {POOL_LABEL: None}}


def test_labels_by_which_pods_are_found_stay():
    assert marks(thing("Pod", labels={POOL_LABEL: "chat", TIER_LABEL: "spot"})) == {}


def test_an_object_without_anything_of_ours_is_left_alone():
    assert (marks(thing()), without_us(thing(managers=["kubectl"]))) == ({}, None)


def test_our_part_of_the_managed_fields_goes():
    assert without_us(thing(managers=["kubectl", "poolkeeper"])) == [{"manager": "kubectl"}]
