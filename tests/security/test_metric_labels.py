"""What one tenant can make of our metrics: so many series for each pool, none after it, and no text of anybody's."""

from dataclasses import replace
from decimal import Decimal

from tests.shell.test_cost_metrics import STATEMENT
from tests.shell.test_telemetry import RECLAIMED, SPLIT

from poolkeeper.api.cost import MAX_UNITS
from poolkeeper.api.schedule import MAX_WINDOWS
from poolkeeper.core.decision import Health
from poolkeeper.core.economics import UnitCost
from poolkeeper.core.model import Schedule, Window
from poolkeeper.core.reasons import Reason
from poolkeeper.core.schedule import Bounds
from poolkeeper.shell.telemetry import Telemetry

POOLS = 200
MOST = 150
"""So many series has a pool that has everything, before it was ever scaled."""
BOUNDED = {
    **dict.fromkeys(("namespace", "pool"), "the pool's own, once for each of its series"),
    "tier": "two for each pool",
    "window": "at most as many as a schedule may have",
    "unit": "at most as many as a spec may have",
    "cause": "three",
    "phase": "three",
    "period": "two",
    "cost_basis": "one",
    "allocation_method": "three",
    "currency": "one for each pool",
    "direction": "two",
    "reason": "of one enumeration",
    "key": "a few keys that the administrator named",
    "value": "one for each of these keys",
}
"""What a label of a pool's series may be, and why it cannot grow without end."""
WINDOWS = tuple(Window(f"window-{number}", "0 8 * * *", "0 9 * * *") for number in range(MAX_WINDOWS))
EVERYTHING = replace(SPLIT, schedule=Schedule(WINDOWS))
UNITS = tuple(UnitCost(f"unit-{number}", Decimal(1), Decimal(1)) for number in range(MAX_UNITS))
SILENT = replace(RECLAIMED, bounds=Bounds(2, 8, "window-0"), health=Health(metrics=Reason.METRIC_TIMEOUT))


def live(telemetry, key):
    """Let a pool that has everything be looked at, scaled and priced."""
    telemetry.decided(key, EVERYTHING, SILENT)
    telemetry.scaled(key, SILENT)
    telemetry.cost.told(key, replace(STATEMENT, units=UNITS), {"team": f"team-of-{key[1]}"})


def series(telemetry):
    return [line for line in telemetry.page().decode().splitlines() if 'pool="' in line]


def test_a_pool_has_only_labels_that_are_bounded():
    telemetry = Telemetry()
    families = [one for one in vars(telemetry).values() if getattr(one, "_labelnames", ())[:2] == ("namespace", "pool")]
    families += [one for one in vars(telemetry.cost).values() if hasattr(one, "_labelnames")]
    assert {label for one in families for label in one._labelnames} == BOUNDED.keys()  # noqa: SLF001  no public way


def test_a_pool_that_has_everything_has_so_many_series():
    telemetry = Telemetry()
    live(telemetry, ("inference", "chat"))
    assert 80 < len(series(telemetry)) <= MOST


def test_pools_that_come_and_go_leave_nothing():
    telemetry = Telemetry()
    for number in range(POOLS):
        live(telemetry, ("inference", f"chat-{number}"))
        telemetry.forget(("inference", f"chat-{number}"))
    assert series(telemetry) == []


def test_a_label_that_changes_every_time_leaves_one():
    telemetry = Telemetry()
    for number in range(POOLS):
        telemetry.cost.told(("inference", "chat"), STATEMENT, {"team": f"team-{number}"})
    assert [line for line in series(telemetry) if "team-" in line] == [
        'poolkeeper_pool_label{key="team",namespace="inference",pool="chat",value="team-199"} 1.0'
    ]


def test_windows_that_change_every_time_leave_those_of_the_last():
    telemetry = Telemetry()
    for number in range(POOLS):
        window = Window(f"window-{number}", "0 8 * * *", "0 9 * * *")
        telemetry.decided(("inference", "chat"), replace(SPLIT, schedule=Schedule((window,))), SILENT)
    assert len([line for line in series(telemetry) if "window_in_force" in line]) == 1


def test_what_a_pod_said_is_in_no_metric():
    telemetry = Telemetry()
    health = Health(metrics=Reason.METRIC_SERVER_ERROR, metrics_detail="c4n4ry")
    telemetry.decided(("inference", "chat"), SPLIT, replace(RECLAIMED, health=health))
    assert "c4n4ry" not in telemetry.page().decode()
