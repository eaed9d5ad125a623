"""A month in a real Prometheus: the windows that are proposed, beside those that the traffic was made with."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from controlplane.backfill import backfilled

PLACE = ZoneInfo("America/New_York")
END = datetime(2025, 11, 20, 5, tzinfo=UTC)
DAYS = 30
"""New York's clocks went back on 2 November, in the middle."""
MINUTE = timedelta(minutes=1)
QUERY = "sum(rate(requests_total[10m]))"
POOLKEEPER = str(Path(sys.executable).with_name("poolkeeper"))
NEAR = timedelta(minutes=30)
OPENS, CLOSES = time(9), time(18)

Load = Callable[[datetime], float]


def office(at: datetime) -> float:
    """Ten requests a second in office hours, one and a half at other times."""
    return 10 if at.weekday() < 5 and OPENS <= at.time() < CLOSES else 1.5


def noise(_: datetime) -> float:
    """The same at all times, but for the noise."""
    return 5


def past(load: Load, seed: int) -> Iterator[tuple[float, float]]:
    """Yield a counter's samples, one a minute: noisy, with bursts, resets, and times at which nobody scraped."""
    drawn, count, level = random.Random(seed), 0.0, 1.0  # noqa: S311  the same month in each run
    for number in range(DAYS * 1440):
        at = END - (DAYS * 1440 - number) * MINUTE
        level = 0.9 * level + 0.1 * drawn.lognormvariate(0, 0.4)
        burst = 6 if number % 9001 < 20 else 1
        count = 0 if number % 7013 == 0 else count + 60 * load(at.astimezone(PLACE)) * level * burst
        if not (3000 < number < 3240 or 20000 < number < 21600 or drawn.random() < 0.01):
            yield at.timestamp(), count


def recommend(url: str, *options: str) -> dict[str, Any]:
    """Return what the command proposes, as JSON."""
    command = [POOLKEEPER, "recommend", "--prometheus", url, "--query", QUERY, "--at", END.isoformat()]
    done = subprocess.run([*command, *options, "-o", "json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def working_week() -> Iterator[str]:
    with backfilled("requests_total", past(office, 1)) as url:
        yield url


def off(wall: str, true: time) -> timedelta:
    """Return how far a wall is from the true one."""
    found = time.fromisoformat(wall)
    return abs(timedelta(hours=found.hour - true.hour, minutes=found.minute - true.minute))


def test_the_windows_are_those_that_the_traffic_was_made_with(working_week: str) -> None:
    found = recommend(working_week, "--timezone", PLACE.key, "--max", "8", "--price", "3.00")
    (window,) = found["windows"]
    print(window, "for", OPENS, CLOSES, found["today"], found["proposed"], found["held_out"])
    assert window["days"] == "Mon-Fri"
    assert off(window["begin"], OPENS) <= NEAR
    assert off(window["end"], CLOSES) <= NEAR


def test_noise_gets_no_window() -> None:
    with backfilled("requests_total", past(noise, 2)) as url:
        found = recommend(url, "--timezone", PLACE.key, "--max", "8")
    print(found["because"])
    assert (found["helps"], found["windows"]) == (False, [])
