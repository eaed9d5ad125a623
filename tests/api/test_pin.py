"""Who asked a pool for a size, by its managed fields, and what the status tells of it."""

import pytest

from builders import at
from poolkeeper.api.pin import ended, pin_condition, pin_status, pinned, writer
from poolkeeper.core.memory import Pin
from poolkeeper.core.observation import Pinned
from poolkeeper.core.reasons import Reason

PIN = Pin(6, "kubectl", at(0))
OVER = at(4 * 3600)


def owner(manager, time=None, field="f:replicas"):
    made = {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": {field: {}}}}
    return made | ({"time": time} if time else {})


SCALE = owner("kubectl")
APPLIED = owner("argocd-controller", "2026-03-02T12:00:30Z")
OLD = owner("kubectl-client-side-apply", "2026-03-02T11:00:00Z")
OTHER = owner("poolkeeper", "2026-03-02T13:00:00Z", "f:maxReplicas")


@pytest.mark.parametrize(
    ("managed", "found"),
    [
        ([], ("", None)),
        ([OTHER, {"manager": "x"}, {"manager": "y", "fieldsV1": {"f:metadata": {}}}], ("/scale", None)),
        ([OTHER, SCALE], ("kubectl", None)),
        ([OLD, APPLIED, OTHER], ("argocd-controller", at(30))),
    ],
)
def test_the_newest_owner_of_the_field_is_who_wrote_it(managed, found):
    assert writer(managed) == found


def test_a_pool_without_replicas_is_not_pinned():
    assert pinned(None, {"managedFields": [SCALE]}) is None


@pytest.mark.parametrize(
    ("metadata", "by"), [({}, ""), ({"managedFields": None}, ""), ({"managedFields": [SCALE]}, "kubectl")]
)
def test_a_pool_with_replicas_is(metadata, by):
    assert pinned(0, metadata) == Pinned(0, by)


def test_the_status_tells_by_whom_since_when_and_until_when():
    assert pin_status(PIN, at(1)) == {
        "replicas": 6,
        "since": "2026-03-02T12:00:00Z",
        "until": "2026-03-02T16:00:00Z",
        "by": "kubectl",
        "counts": True,
    }


def test_nobody_is_made_up():
    assert "by" not in pin_status(Pin(6, "", at(0)), at(1))


def test_a_pin_that_counts_is_a_condition():
    kind, state, reason, words = pin_condition(PIN, at(1))
    assert (kind, state, reason) == ("Pinned", "True", Reason.PINNED)
    assert words.endswith("6 by kubectl, until 2026-03-02T16:00:00Z")


def test_a_pin_that_is_over_says_what_to_do():
    kind, state, reason, words = pin_condition(PIN, OVER)
    assert (kind, state, reason) == ("Pinned", "False", Reason.PIN_ENDED)
    assert words.endswith(ended(PIN))


def test_what_is_over_is_told_with_its_hours():
    assert ended(Pin(6, "", at(0))).startswith("6 by somebody counted for 4 h, until 2026-03-02T16:00:00Z")
