"""Pools that nobody means, offered to a real API server with an operator beside; `make fuzz` offers ten thousand."""

import itertools
import random

import pytest

from poolkeeper.api import nesting
from rig.manifests import deployment, pool
from rig.odd_specs import Case, cases, nested
from rig.space import Space
from rig.trial import Trial
from rig.waiting import eventually

OBJECTS, SEED = 80, 7
NO_HOUR = "61 9 * * *"
DEEP = {"template": {"spec": {"containers": [], "x": nested(9000)}}, "minReplicas": 1, "maxReplicas": 2}


def windows(start: str) -> dict[str, object]:
    window = {"name": "office", "start": start, "end": "0 18 * * *", "minReplicas": 4}
    return {"schedule": {"windows": [window]}}


@pytest.fixture
def _deep() -> None:
    nesting.allow()


@pytest.mark.lasts(60)
@pytest.mark.usefixtures("_deep")
def test_odd_pools_are_refused_or_told_by_their_field_and_stop_no_other(space: Space) -> None:
    trial = Trial(space.api, space.name, space.operate().wait_until_leading())
    trial.prepare()
    space.nodes += trial.nodes
    drawn = cases(random.Random(SEED))  # noqa: S311  the same each time
    trial.offer([Case("huge", DEEP), *itertools.islice(drawn, OBJECTS)])
    assert (trial.tally.wrongs, trial.troubles()) == ([], [])
    assert min(trial.tally.refused, trial.tally.served, trial.tally.invalid, trial.tally.split) > 0


def test_a_good_pool_that_is_turned_bad_keeps_its_last_good_spec(shared: Space) -> None:
    shared.create(deployment("turned", 2), pool("turned", minReplicas=3, **windows("0 9 * * *")))
    good = eventually(lambda: shared.status("turned").get("acceptedSpec"), "turned was accepted")
    shared.wait_for_size("turned", good["minReplicas"])
    shared.api.patch(shared.path("InferencePool", "turned"), {"spec": {"minReplicas": 1, **windows(NO_HOUR)}})
    told = shared.wait_for_condition("turned", "ScalingActive", "InvalidSpec")["message"]
    assert (NO_HOUR in told, "spec.schedule.windows[0].start" in told) == (True, True)
    assert (shared.status("turned")["acceptedSpec"], shared.falls("turned")) == (good, [])
