"""Another scaler of the same target is wrong, unless the pool only looks on (R10: Observe never refuses)."""

import pytest

from builders import BODY, at, seen
from poolkeeper.cli.checks.pool import judge
from poolkeeper.core.observation import Conflict
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.pools import Pools

RIVAL = Conflict(Reason.CONFLICT_AUTOSCALER, "hpa/chat: delete it, or set mode: Observe")


@pytest.mark.parametrize(("mode", "place"), [("Active", "problems"), ("Observe", "notes")])
def test_another_scaler_is_wrong_unless_the_pool_looks_on(mode, place):
    pool = Pools().take(BODY | {"spec": BODY["spec"] | {"mode": mode}})
    finding = {"problems": [], "notes": [], "decision": None}
    judge(pool, seen(conflict=RIVAL), at(0), finding)
    assert any("hpa/chat" in words for words in finding[place])
