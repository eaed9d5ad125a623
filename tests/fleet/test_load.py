"""Requests through a whole fleet: by the clock of the wall, so with much speed and little claimed."""

import time  # noqa: TID251  sockets live by the real clock
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fleet.control import FleetControl, FleetError
from fleet.fleet import Settings
from fleet.pods import Pod
from fleet.process import FleetProcess
from fleet.report import Report
from fleet.thread import FleetThread

CHAT = "team/chat"
FAST = Settings(speed=200.0)


@pytest.fixture
def fast(three: list[Pod]) -> Iterator[FleetControl]:
    with FleetThread(FAST) as running:
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


def test_a_fleet_of_its_own_process_is_told_the_same_way(three: list[Pod]) -> None:
    with FleetProcess(FAST) as running:
        running.see(*three)
        running.load(CHAT, "constant:5", window=(0, 60))
        assert report_when(running, lambda seen: seen.ended).finished == 300


def test_a_process_says_what_it_cannot_do() -> None:
    with FleetProcess(FAST) as running, pytest.raises(FleetError, match="step:1"):
        running.load(CHAT, "step:1")


def test_a_process_ends_with_its_block(three: list[Pod]) -> None:
    with FleetProcess(FAST) as running:
        running.see(*three)
        number = running.process.pid
    assert not Path(f"/proc/{number}").exists()


def test_a_process_ends_with_its_parent() -> None:
    with FleetProcess(FAST) as running:
        assert running.process.stdin
        running.process.stdin.close()
        assert running.process.wait(10) == 0


def test_what_has_no_answer_is_answered_with_a_line() -> None:
    with FleetProcess(FAST) as running:
        command = b'{"do": "show", "workload": "team/chat", "queue": 9}'
        with urllib.request.urlopen(running.url, command, timeout=10) as answer:  # noqa: S310  our own fleet
            assert answer.read() == b"ok\n"
