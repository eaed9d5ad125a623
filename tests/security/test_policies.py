"""What the admission policies name, held against the code whose names these are."""

from pathlib import Path

import yaml

from poolkeeper.api.money import ANNOTATIONS
from poolkeeper.api.names import DELETION_COST

POLICIES = Path(__file__).parents[2] / "manifests" / "policies"


def variable(policy, name):
    document, _ = yaml.safe_load_all((POLICIES / f"{policy}.yaml").read_text())
    (found,) = (one["expression"] for one in document["spec"]["variables"] if one["name"] == name)
    return found


def test_the_operators_account_may_write_the_annotations_that_it_writes_and_no_others():
    assert set(yaml.safe_load(variable("own-account", "written"))) == {*ANNOTATIONS, DELETION_COST}
