"""A month in a real Prometheus: the windows that are proposed, beside those that the traffic was made with."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from markdown_it import MarkdownIt

from controlplane.backfill import backfilled

pytestmark = pytest.mark.lasts(60)

PLACE = ZoneInfo("America/New_York")
END = datetime(2025, 11, 20, 5, tzinfo=UTC)
DAYS = 30
"""New York's clocks went back on 2 November, in the middle."""
MINUTE = timedelta(minutes=1)
COUNTER = 'vllm:request_success_total{namespace="inference"}'
RATE = f"sum(rate({COUNTER}[10m]))"
PROGRAMS = Path(sys.executable).parent
NEAR = timedelta(minutes=30)
OPENS, CLOSES = time(9), time(18)
PAGE = Path(__file__).parents[1] / "docs" / "how-to" / "find-windows.md"
SERVER = "http://prometheus.monitoring:9090"
"""Where the page has its Prometheus."""

Load = Callable[[datetime], float]
HALF_HOURS = [time(number // 2, number % 2 * 30) for number in range(48)]
WEEK = [10 if day < 5 and OPENS <= at < CLOSES else 1.5 for day in range(7) for at in HALF_HOURS]
"""What the working week sees each half hour."""


def office(at: datetime) -> float:
    """Ten requests a second in office hours, one and a half at other times."""
    return 10 if at.weekday() < 5 and OPENS <= at.time() < CLOSES else 1.5


def night(at: datetime) -> float:
    """Twelve requests a second at night, every night."""
    return 12 if at.time() >= time(21) or at.time() < time(5) else 2


def steps(at: datetime) -> float:
    """A morning's rush, and an afternoon, on weekdays."""
    if at.weekday() < 5 and time(8) <= at.time() < time(20):
        return 12 if at.time() < time(12) else 7
    return 1.5


TRUE: dict[Load, list[tuple[str, str, str]]] = {
    office: [("Mon-Fri", "09:00", "18:00")],
    night: [("Mon-Sun", "21:00", "05:00")],
    steps: [("Mon-Fri", "08:00", "12:00"), ("Mon-Fri", "12:00", "20:00")],
}
"""The windows that are to be found."""


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


def recommend(url: str, query: str, *options: str) -> dict[str, Any]:
    """Return what the command proposes, as JSON."""
    command = [str(PROGRAMS / "poolkeeper"), "recommend", "--prometheus", url, "--query", query, "-o", "json"]
    place = ["--at", END.isoformat(), "--timezone", PLACE.key]
    done = subprocess.run([*command, *place, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def working_week() -> Iterator[str]:
    with backfilled(COUNTER, past(office, 1)) as url:
        yield url


of_working_week = pytest.mark.xdist_group("working-week")


def off(wall: str, true: str) -> timedelta:
    """Return how far a wall is from the true one."""
    hours, minutes = (int(one) - int(other) for one, other in zip(wall.split(":"), true.split(":"), strict=True))
    return abs(timedelta(hours=hours, minutes=minutes))


@pytest.mark.parametrize("load", [office, night, steps])
def test_the_windows_are_those_that_the_traffic_was_made_with(load: Load) -> None:
    with backfilled(COUNTER, past(load, 1)) as url:
        found = recommend(url, RATE, "--max", "8", "--price", "3.00")
    print(found["windows"], found["today"], found["proposed"], found["held_out"])
    windows = [(one["days"], one["begin"], one["end"]) for one in found["windows"]]
    assert [days for days, _, _ in windows] == [days for days, _, _ in TRUE[load]]
    walls = zip(windows, TRUE[load], strict=True)
    assert max(off(wall, true) for one, other in walls for wall, true in zip(one[1:], other[1:], strict=True)) <= NEAR


@of_working_week
def test_a_raw_counter_is_read_as_its_rate(working_week: str) -> None:
    found = recommend(working_week, f"sum({COUNTER})", "--max", "8", "--days", "4")
    assert "its rate a second was taken; " in found["notes"][0]
    known = {number: load for number, load in enumerate(found["profile"]["usual"]) if load is not None}
    assert known == pytest.approx({number: WEEK[number] for number in known}, rel=0.4)


def test_noise_gets_no_window() -> None:
    with backfilled(COUNTER, past(noise, 2)) as url:
        found = recommend(url, RATE, "--max", "8")
    print(found["because"])
    assert (found["helps"], found["windows"]) == (False, [])


@of_working_week
def test_the_page_shows_what_is_printed(working_week: str, tmp_path: Path) -> None:
    fences = [token.content for token in MarkdownIt().parse(PAGE.read_text()) if token.type == "fence"]
    pool, command, shown = fences[:3]
    (tmp_path / "chat.yaml").write_text(pool)
    printed = run(command.replace(SERVER, f"{working_week} --at {END.isoformat()}"), tmp_path)
    assert words(shown) == words(printed)
    applied = next(yaml.safe_load(text) for text in fences if "mode: Observe" in text)
    proposed = yaml.safe_load(printed[printed.index("apiVersion") :])
    assert applied["spec"] == proposed["spec"] | {"mode": "Observe"}


def words(text: str) -> list[list[str]]:
    """Return the lines of a text, word by word, empty ones apart."""
    return [line.split() for line in text.splitlines() if line.strip()]


def run(command: str, directory: Path) -> str:
    """Return what a page's command prints."""
    place = os.environ | {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "COLUMNS": "160"}
    done = subprocess.run(
        ["/bin/bash", "-euc", command], cwd=directory, env=place, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout
