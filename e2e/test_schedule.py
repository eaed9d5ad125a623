"""R5 on the real clock: windows that begin or end at one instant, AT, a whole minute that is near.

    before AT                       at AT                       after it
    measured, given, abroad         the floor is ready          window in force
    relay                           one window follows another  no dip
    sale                            a higher priority           falls to its cap
    drained, forced                 the day ends                10 % of 10 by steps, or at once
    dark                            the metrics are gone        nothing falls until they are back
    rising, falling                 on spot                     the split of the floor, of every step of the cut

All of them live through the same minute, side by side, since the clock can be hurried by nobody.
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from unittest.mock import ANY

import pytest

from fleet import Fault
from poolkeeper.api.units import format_instant, parse_instant
from rig import audit
from rig.api import ApiError, collection
from rig.manifests import loading, pool, published
from rig.record import ReadyPods
from rig.space import Space
from rig.spot import SpotPool, capacity
from rig.strain import Strain
from rig.waiting import PATIENCE, eventually, let_pass
from rig.windows import FAR, moment, schedule, since, until, whole_minute, window

Json = dict[str, Any]

BEFORE, STARTS = 45, 6
"""At least so long before AT, or as long as so many starts of an operator, the pools are made: they grow before it."""
UNMEASURED = 600
"""The lead time while no start was seen."""
GRACE, SLACK, LATE = 2, 0.5, 5
STAMP = 1
"""So much the API server's stamps cut off."""
LOAD = 4
EVENING = {"percent": 10}
STOP = {"poolkeeper.dev/stop-ms": "15000"}
"""So long a pod that is told to end answers what came to it since it was seen idle."""


@dataclass(frozen=True)
class Day:
    """The space where it is lived through, and the instant at which the windows begin and end."""

    space: Space
    strain: Strain
    at: datetime

    @cached_property
    def turn(self) -> float:
        """The instant on the monotonic clock."""
        return moment(self.at)

    @property
    def left(self) -> float:
        """The seconds until then, with patience on top."""
        return max(0.0, self.turn - time.monotonic()) + PATIENCE

    def have(
        self, name: str, replicas: int, rule: Json | None, annotations: Json | None = None, **spec: object
    ) -> None:
        """Have a target of so many replicas, ready, and a pool with a schedule over it."""
        self.space.deploy(name, replicas, annotations=annotations or {})
        given = {"schedule": rule} if rule else {}
        self.space.create(pool(name, published(f"{GRACE}s"), **({"maxReplicas": 10} | given | spec)))

    def change(self, name: str, **spec: object) -> None:
        """Change a pool's spec."""
        self.space.api.patch(self.space.path("InferencePool", name), {"spec": spec})

    def bounds(self, name: str) -> Json:
        """Return what the schedule makes of a pool's bounds now."""
        found: Json = self.space.explain(name).get("schedule") or {}
        return found

    def wait_for_window(self, name: str, window: str | None) -> None:
        """Wait until this window is in force."""
        eventually(lambda: self.bounds(name).get("window", "?") == window, f"{name} is in window {window}", self.left)

    def wait_for_end(self) -> None:
        """Wait for AT, and so long that what must not fall had time to do so."""
        self.pass_until(3 * GRACE + LATE)

    def pass_until(self, after: float) -> None:
        """Let time pass until so many seconds after AT; less than none is before it."""
        let_pass(self.turn + after - time.monotonic())


# Before a window: the floor is ready when it begins


def measured(day: Day) -> None:
    """leadTime auto: as long as three starts took that the pool has seen."""
    ready = ReadyPods(day.space.api, day.space.name, "measured")
    day.have("measured", 1, None, loading(LOAD), minReplicas=4)
    eventually(lambda: day.space.explain("measured").get("ready") == 4, "three starts are seen")
    day.change("measured", schedule=schedule(since("office", day.at, minReplicas=7), leadTime="auto"))
    lead = eventually(lambda: day.bounds("measured").get("leadTime"), "the lead time is told")
    assert LOAD <= lead < UNMEASURED
    late = late_for_window(day, "measured", ready, lead)
    before, after = starts(day, "measured", slice(1, 4)), starts(day, "measured", slice(4, 7))
    slower = max(after) - max(before)
    assert late <= (slower + STAMP if slower > 0 else SLACK)  # no measure tells that a machine becomes slower


def starts(day: Day, name: str, which: slice) -> list[float]:
    """Return how many seconds a workload's pods took from their making to ready, by their own stamps, oldest first."""
    found = day.space.api.get(f"{collection('Pod', day.space.name)}?labelSelector=app%3D{name}")["items"]
    oldest = sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))[which]
    made = [parse_instant(pod["metadata"]["creationTimestamp"]) for pod in oldest]
    stamps = [{one["type"]: one.get("lastTransitionTime") for one in pod["status"]["conditions"]} for pod in oldest]
    return [(parse_instant(one["Ready"]) - begun).total_seconds() for one, begun in zip(stamps, made, strict=True)]


def given(day: Day) -> None:
    """A lead time that is longer than the start."""
    ready = ReadyPods(day.space.api, day.space.name, "given")
    day.have("given", 2, schedule(since("office", day.at, minReplicas=7), leadTime="25s"))
    assert late_for_window(day, "given", ready, 25) <= SLACK


def abroad(day: Day) -> None:
    """The same on the wall of another zone."""
    zone = "America/New_York"
    ready = ReadyPods(day.space.api, day.space.name, "abroad")
    office = since("office", day.at, zone, minReplicas=7)
    day.have("abroad", 2, schedule(office, leadTime="20s", timezone=zone))
    assert late_for_window(day, "abroad", ready, 20) <= SLACK


def late_for_window(day: Day, name: str, ready: ReadyPods, lead: float) -> float:
    """Return how late for its window a floor of seven was ready, by what that was worth; 0 if it was in time.

    It was asked for as its lead time began, or once the pool was made, which a slow machine may do later than that.
    """
    begins = day.turn - lead
    due = max(begins, time.monotonic())
    asked = day.space.wait_for_size(name, 7, within=day.left)
    at = eventually(lambda: ready.reached(7), f"seven of {name} are ready")
    figures = f"asked {day.turn - asked.at:.1f} s before the window, ready {day.turn - at:.1f} s before"
    print(f"{name}: lead {lead:.1f} s, {figures}")
    assert (asked.at >= begins - SLACK, day.strain.worth(due, asked.at) <= LATE) == (True, True)
    return day.strain.worth(day.turn, at)


# From window to window


def relay(day: Day) -> None:
    """One window ends when the next one begins, and outside of both there is little."""
    windows = (until("early", day.at, minReplicas=5), since("late", day.at, minReplicas=5))
    day.have("relay", 2, schedule(*windows, outside=EVENING))
    day.wait_for_window("relay", "early")
    day.wait_for_window("relay", "late")
    day.wait_for_end()
    assert day.space.sizes("relay") == [2, 5]


def sale(day: Day) -> None:
    """A window of a higher priority begins in the middle of another, and has less."""
    windows = (window("office", day.at, minReplicas=6), since("sale", day.at, percent=40, priority=1))
    day.have("sale", 2, schedule(*windows))
    day.wait_for_window("sale", "office")
    day.wait_for_window("sale", "sale")
    day.space.wait_for_size("sale", 4)
    day.wait_for_end()
    assert day.space.sizes("sale") == [2, 6, 5, 4]


# The end of a day


def drained(day: Day) -> None:
    """To a tenth, under load, by steps."""
    day.have("drained", 10, schedule(until("office", day.at, minReplicas=10), outside=EVENING), STOP, minReplicas=1)
    day.wait_for_window("drained", "office")
    day.space.fleet.load(day.space.workload("drained"), f"step:2:0.3:{day.turn - time.monotonic() + LATE:.0f}")
    day.space.wait_for_size("drained", 1, within=day.left + PATIENCE)
    pods = f"{collection('Pod', day.space.name)}?labelSelector=app%3Ddrained"
    eventually(lambda: len(day.space.api.get(pods)["items"]) == 1, "nine pods have ended")
    report = day.space.fleet.report(day.space.workload("drained"))
    falls = [change.at - day.turn for change in day.space.changes("drained")]
    print(f"drained: cut off {report.cut_off} of {report.arrived}, falls after {[round(fall, 1) for fall in falls]} s")
    assert day.space.sizes("drained") == [*range(10, 0, -1)]
    assert all(fall >= number * GRACE - SLACK for number, fall in enumerate(falls, 1))
    assert (report.cut_off, report.arrived > 50) == (0, True)


def forced(day: Day) -> None:
    """To a tenth, at once, and who is busy stays."""
    day.have("forced", 10, schedule(until("office", day.at, minReplicas=10), outside=EVENING | {"force": True}))
    busy = day.space.pods("forced")[3].name
    day.space.fleet.running(day.space.workload("forced"), 5, pod=busy)
    day.wait_for_window("forced", "office")
    fell = day.space.wait_for_size("forced", 1, within=day.left)
    print(f"forced: {fell.at - day.turn:.1f} s after the window")
    assert (day.space.sizes("forced"), fell.at >= day.turn - SLACK) == ([10, 1], True)
    eventually(lambda: [one.name for one in day.space.pods("forced")] == [busy], "the busy one is left")
    assert written(day, "forced") == [*["pods"] * 9, "deployments/scale"]


def written(day: Day, name: str) -> list[str]:
    """Return what was written of a workload's marks and sizes, in order, by the API server's own log."""
    told = audit.requests(day.space.ground.cluster, "admin")
    mine = [one for one in told if one.namespace == day.space.name and one.name.startswith(name)]
    return [one.resource for one in mine if one.verb == "patch" and one.resource in {"pods", "deployments/scale"}]


# An outage


def dark(day: Day) -> None:
    """The metrics go in a window and come back after its end."""
    day.have("dark", 2, schedule(until("office", day.at, minReplicas=5), outside={"percent": 30}))
    day.space.wait_until_ready("dark", 5)
    day.space.fleet.fault(day.space.workload("dark"), Fault.HTTP_500)
    day.space.wait_for_condition("dark", "MetricsAvailable", "MetricServerError")
    day.space.api.patch(f"{day.space.path('Deployment', 'dark')}/scale", {"spec": {"replicas": 4}})
    eventually(lambda: day.space.sizes("dark") == [2, 5, 4, 5], "the floor is restored")
    day.wait_for_window("dark", None)
    day.wait_for_end()
    assert day.space.sizes("dark") == [2, 5, 4, 5]
    back = time.monotonic()
    day.space.fleet.clear(day.space.workload("dark"))
    day.space.wait_for_size("dark", 3)
    first = day.space.changes("dark")[3]
    print(f"dark: the cut begins {first.at - back:.1f} s after the metrics are back")
    assert (day.space.sizes("dark"), first.at - back >= GRACE - SLACK) == ([2, 5, 4, 5, 4, 3], True)


# On spot


def rising(day: Day) -> None:
    """The floor of a window on both halves."""
    split = SpotPool(day.space, "rising")
    split.add_nodes("on-demand", 1, gpus=10)
    split.add_nodes("spot", 1, gpus=10)
    split.deploy()
    split.create(1, HALF, schedule=schedule(since("office", day.at, minReplicas=8), leadTime="10s"))
    split.wait_until_split(5, 3, day.left)
    print(f"rising: {day.turn - time.monotonic():.1f} s before the window")
    day.wait_for_window("rising", "office")
    assert (split.on_demand, split.spot) == ([1, 5], [0, 3])


def falling(day: Day) -> None:
    """The cut of an evening on both halves."""
    split = SpotPool(day.space, "falling")
    split.add_nodes("on-demand", 1, gpus=10)
    split.add_nodes("spot", 1, gpus=10)
    split.deploy()
    split.create(2, HALF, schedule=schedule(until("office", day.at, minReplicas=6), outside={"maxReplicas": 2}))
    split.wait_until_split(4, 2)
    split.wait_until_split(2, 0, day.left)
    assert (split.on_demand, split.spot) == ([1, 4, 3, 2], [2, 1, 0])


HALF = capacity("eks", guaranteed={"base": 2, "percentAboveBase": 50})
SCENARIOS: tuple[Callable[[Day], None], ...] = (
    measured,
    given,
    abroad,
    relay,
    sale,
    drained,
    forced,
    dark,
    rising,
    falling,
)


def begin(space: Space, strain: Strain) -> Day:
    """Start an operator and choose AT: a machine that starts one slowly does everything slowly."""
    started = space.operate().wait_until_leading().waited
    return Day(space, strain, whole_minute(max(BEFORE, STARTS * started)))


@pytest.mark.lasts(130)
def test_windows_mean_what_they_say(space: Space, strain: Strain, subtests: pytest.Subtests) -> None:
    day = begin(space, strain)
    with ThreadPoolExecutor(len(SCENARIOS)) as people:
        lived = {scenario.__name__: people.submit(scenario, day) for scenario in SCENARIOS}
    for name, one in lived.items():
        with subtests.test(name):
            one.result()


# Restarts

STANDS = ("window", "lead", "floor", "cap")


def stands(day: Day) -> list[list[object]]:
    """Return what bounds both pools now; empty while one of them was not decided upon."""
    found = [day.bounds(name) for name in ("coming", "ending")]
    return [[one[key] for key in STANDS] for one in found] if all(found) else []


def restart(day: Day, after: float = 0.0) -> None:
    """Kill the operator as a crash would, and have another one so many seconds later."""
    day.space.operators[-1].kill()
    let_pass(after)
    day.space.operate().wait_until_leading()


@pytest.mark.lasts(80)
def test_killed_in_a_lead_time_and_in_a_window_it_finds_the_same_bounds_and_over_a_transition_the_new_ones(
    space: Space, strain: Strain, subtests: pytest.Subtests
) -> None:
    day = begin(space, strain)
    day.have("coming", 2, schedule(since("office", day.at, minReplicas=5), leadTime="20m"))
    day.have("ending", 2, schedule(until("office", day.at, minReplicas=5), outside={"percent": 30}))
    for name in ("coming", "ending"):
        space.wait_until_ready(name, 5)
    with subtests.test("the same bounds, and no change of size"):
        restart(day)
        eventually(lambda: stands(day) == [[None, "office", 5, 10], ["office", None, 5, 10]], "the same bounds")
        let_pass(2 * GRACE)
        assert (space.sizes("coming"), space.sizes("ending")) == ([2, 5], [2, 5])
    with subtests.test("killed before the transition and started after it"):
        day.pass_until(-1)
        restart(day, 2)
        eventually(lambda: stands(day) == [["office", None, 5, 10], [None, None, 3, 3]], "the new bounds")
        space.wait_for_size("ending", 3)
        assert (space.sizes("coming"), space.sizes("ending")) == ([2, 5], [2, 5, 4, 3])


# What is said of it


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"timezone": "Mars/Olympus", "outside": EVENING}, "Mars/Olympus"),
        ({"outside": EVENING | {"minReplicas": 2}}, "percent is floor and cap at once"),
    ],
)
def test_the_api_server_refuses_what_cannot_be_meant(shared: Space, rule: Json, words: str) -> None:
    with pytest.raises(ApiError, match=words):
        shared.create(pool("refused", schedule=rule))


def test_a_window_that_never_fires_is_named_and_the_last_good_one_stays_in_force(shared: Space) -> None:
    shared.deploy("spoiled", 2)
    shared.create(pool("spoiled", published(), schedule=schedule(window("office", whole_minute(0), minReplicas=3))))
    shared.wait_for_size("spoiled", 3)
    eventually(lambda: shared.status("spoiled").get("acceptedSpec"), "the good one was accepted")
    never = {"name": "leap", "start": "0 0 30 2 *", "end": "0 1 30 2 *", "minReplicas": 5}
    shared.api.patch(shared.path("InferencePool", "spoiled"), {"spec": {"schedule": schedule(never)}})
    said = shared.wait_for_condition("spoiled", "ScalingActive", "InvalidSpec")["message"]
    shared.api.patch(f"{shared.path('Deployment', 'spoiled')}/scale", {"spec": {"replicas": 2}})
    eventually(lambda: shared.sizes("spoiled") == [2, 3, 2, 3], "the last good window's floor holds")
    assert ("leap" in said, "never fires" in said) == (True, True)


def test_kubectl_the_status_and_explain_tell_the_window_and_what_is_next(
    shared: Space, subtests: pytest.Subtests
) -> None:
    at = whole_minute(0)
    windows = (window("office", at, minReplicas=3), since("launch", at + FAR, minReplicas=4, maxReplicas=6))
    shared.deploy("told", 2)
    shared.create(pool("told", published(), schedule=schedule(*windows, leadTime="30s")))
    status = eventually(lambda: shared.status("told").get("schedule"), "the status tells of it")
    with subtests.test("kubectl get -o wide"):
        heading, row = shared.ground.cluster.kubectl("get", "-n", shared.name, "ipool/told", "-o", "wide").splitlines()
        assert row[heading.index("WINDOW") :].split()[0] == "office"
    with subtests.test("status"):
        assert status == {"window": "office", "floor": 3, "cap": 8, "next": upcoming(at + FAR), "leadsAt": ANY}
    with subtests.test("explain"):
        found = eventually(lambda: shared.explain("told").get("schedule"), "explain tells of it")
        pre_warming = parse_instant(found["next"]["at"]) - timedelta(seconds=found["leadTime"])
        assert (found["next"], parse_instant(found["leadsAt"])) == (upcoming(at + FAR), pre_warming)


def upcoming(at: datetime) -> Json:
    """Return the end of the office hours, as the status and explain have it."""
    return {"at": format_instant(at), "window": "office", "edge": "end"}
