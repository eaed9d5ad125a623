"""Requests through a whole fleet: by the clock of the wall, so with much speed and little claimed."""

import time  # noqa: TID251  sockets live by the real clock
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet.control import FleetControl
from fleet.fleet import Settings
from fleet.pods import Pod
from fleet.process import FleetProcess
from fleet.report import Report
from fleet.thread import FleetThread

CHAT = "team/chat"
FAST = Settings(speed=200.0)


@pytest.fixture(params=[FleetThread, FleetProcess])
def fast(request: pytest.FixtureRequest, three: list[Pod]) -> Iterator[FleetControl]:
    with request.param(FAST) as running:
        running.see(*three)
        yield running


def report_when(fleet: FleetControl, wanted: Callable[[Report], bool]) -> Report:
    until = time.monotonic() + 20
    while not wanted(report := fleet.report(CHAT)) and time.monotonic() < until:
        time.sleep(0.02)
    assert wanted(report), report
    return report


def test_a_trace_is_served_to_its_end(fast: FleetControl) -> None:
    fast.load(CHAT, "constant:5", window=(0, 60))
    report = report_when(fast, lambda seen: seen.ended)
    assert (report.arrived, report.finished, report.share_inside, report.trace) == (300, 300, 1.0, "constant")


def test_more_than_the_pods_can_serve_waits(fast: FleetControl) -> None:
    fast.load(CHAT, "constant:60", window=(0, 120))
    assert report_when(fast, lambda seen: seen.arrived == 7200).share_inside < 0.9


def test_requests_wait_for_the_first_pod(fast: FleetControl, three: list[Pod]) -> None:
    fast.see()
    fast.load(CHAT, "constant:5", window=(0, 10))
    report_when(fast, lambda seen: seen.held == 50)
    fast.see(*three)
    assert report_when(fast, lambda seen: seen.ended).finished == 50


def test_a_dead_pod_cuts_off_its_requests(fast: FleetControl) -> None:
    fast.load(CHAT, "constant:60", window=(0, 60))
    report_when(fast, lambda seen: seen.arrived == 3600)
    fast.see()
    assert fast.report(CHAT).cut_off == 3600 - fast.report(CHAT).finished


def test_a_process_leaves_nothing_behind(three: list[Pod]) -> None:
    with FleetProcess(FAST) as running:
        running.see(*three)
        number = running._process.pid  # noqa: SLF001  nothing else has a use for it
    assert not Path(f"/proc/{number}").exists()
