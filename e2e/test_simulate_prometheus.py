"""Two days in a real Prometheus, and the same two days as a trace's file: `simulate` says the same of both.

Each minute's requests are a row of the file and what the counter grows by. A server tells rates, which it extrapolates
and rounds to where its samples lie; so the rows differ by a little: hours and costs by CLOSE, shares by POINTS. How
often a size changes hangs on less than that.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

import pytest

from controlplane.backfill import backfilled
from fleet.shapes import weekly

pytestmark = pytest.mark.lasts(40)

POOLKEEPER = str(Path(sys.executable).with_name("poolkeeper"))
START, DAYS = datetime(2024, 5, 13, tzinfo=UTC), 2
END = START + timedelta(days=DAYS)
NOISE, A_MINUTE = 0.041, 1200
"""The noise of the traces' own minutes; requests at the week's level of one."""
POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat}
spec: {targetRef: {name: chat}, minReplicas: 2, maxReplicas: 12}
"""
OPTIONS = ("--peak-replicas", "8", "--startup", "120s", "--step", "20s", "--price", "3", "-o", "json")
AS_MUCH = ("replica_hours", "cost", "bound_replica_hours", "requests")
CLOSE, POINTS = 0.02, 0.01


def minutes() -> list[int]:
    """Return the requests of each minute."""
    drawn = Random(1)  # noqa: S311  the same days in each run
    return [round(A_MINUTE * weekly(60 * number) * drawn.gauss(1, NOISE)) for number in range(DAYS * 1440)]


def counted(counts: list[int]) -> Iterator[tuple[float, float]]:
    """Yield the counter's samples, one at the end of each minute."""
    for number, total in enumerate(accumulate(counts, initial=0)):
        yield START.timestamp() + 60 * number, total


def simulated(pool: Path, *origin: str) -> dict[str, dict[str, Any]]:
    """Return the rows that the command prints, by policy."""
    command = [POOLKEEPER, "simulate", "-f", str(pool), *OPTIONS, *origin]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {row["policy"]: row for row in json.loads(done.stdout)["rows"]}


def test_a_server_s_history_costs_and_serves_what_the_same_trace_does(tmp_path: Path) -> None:
    pool, file, counts = tmp_path / "chat.yaml", tmp_path / "days.csv", minutes()
    pool.write_text(POOL)
    rows = (f"{60 * number},{count},,\n" for number, count in enumerate(counts))
    file.write_text("second,requests,prompt_tokens,output_tokens\n" + "".join(rows))
    traced = simulated(pool, "--trace", str(file), "--start", START.isoformat())
    with backfilled("requests_total", counted(counts)) as url:
        query = ("--query", "sum(rate(requests_total[2m]))", "--days", str(DAYS), "--at", END.isoformat())
        served = simulated(pool, "--prometheus", url, *query)
    for policy, row in traced.items():
        print(policy, *({name: one[name] for name in (*AS_MUCH, "in_sla", "changes")} for one in (row, served[policy])))
    assert served.keys() == traced.keys()
    for policy, row in traced.items():
        found = served[policy]
        assert [float(found[name]) for name in AS_MUCH] == pytest.approx([float(row[name]) for name in AS_MUCH], CLOSE)
        assert found["in_sla"] == pytest.approx(row["in_sla"], abs=POINTS)
