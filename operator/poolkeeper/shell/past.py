"""What a Prometheus knows of workloads' past: requests, how long replicas were at work, how busy GPUs were.

    requests      sum(rate(<any engine's counter of served requests>[5m])), every five minutes
    at work       of all replicas' time, the share in which a replica ran a request
    replicas      how many showed their engine's metrics, on average
    GPU           mean of DCGM_FI_DEV_GPU_UTIL, as dcgm-exporter has it

A workload's pods of the past bear other names than today's. What its kind names pods by tells them from those of a
workload whose name begins with the same words. Nothing found is unknown, which is no zero.
"""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from math import isfinite

from poolkeeper.api.holdings import Holding
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.history import History, HistoryError, NothingError, Range, read
from poolkeeper.shell.prometheus import Element, PrometheusServer
from poolkeeper.shell.queues.engines import ENGINES
from poolkeeper.shell.queues.promql import quote
from poolkeeper.shell.servers import ServerConfig

STEP = timedelta(minutes=5)
PATIENCE = timedelta(seconds=30)
UTILIZATION = "DCGM_FI_DEV_GPU_UTIL"
RANDOM = "-[bcdfghjklmnpqrstvwxz2456789]{5}"
"""How Kubernetes makes a name one of its own: without vowels, and what looks like them. Source: apimachinery's rand."""
TEMPLATE = "-[bcdf4-9]{6,10}"
"""A pod template's hash: the digits of 32 bits, each as one of those letters.

One of 40,000 is shorter; a model's size in a name, as in chat-70b, would be taken for it.
"""
SUFFIXES = {
    "Deployment": TEMPLATE + RANDOM,
    "Rollout": TEMPLATE + RANDOM,
    "StatefulSet": "-[0-9]+",
    "LeaderWorkerSet": "-[0-9]+(-[0-9]+)?",
    "DaemonSet": RANDOM,
    "Job": f"(-[0-9]+)?{RANDOM}",
    "CronJob": f"-[0-9]+(-[0-9]+)?{RANDOM}",
    "Pod": "",
}
"""How a kind's controller goes on after the workload's name, as a regular expression. Source: kube-controller-manager.

A kind that is not here names its pods as it likes; such pods of today are asked for by name.
"""


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a workload's past; None where nothing is.

    `requests` a second, `at_work` from 0 to 1, `replicas` on average, `gpu` utilization from 0 to 1. `problem`: why
    something could not be read.
    """

    requests: History | None = None
    at_work: float | None = None
    replicas: float | None = None
    gpu: float | None = None
    problem: str = ""


def counters() -> Iterable[str]:
    """Return the engines' counters of served requests, in all spellings."""
    for engine in ENGINES:
        if engine.done:
            bare = engine.done.removesuffix("_total")
            yield from (bare, f"{bare}_total")


def gauges() -> Iterable[str]:
    """Return the engines' gauges of what runs."""
    return (engine.running.name for engine in ENGINES if engine.running)


def spelled(names: Iterable[str]) -> str:
    """Return the matcher of metrics by name, with colons or the underscores that some relays print instead."""
    both = dict.fromkeys(chain.from_iterable((name, name.replace(":", "_")) for name in names))
    return f"__name__=~{quote('|'.join(both))}"


def named(holding: Holding) -> str:
    """Return the regular expression of the names of a workload's pods, of today and before."""
    sized = holding.members or ((holding.sized,) if holding.sized else ())
    owners = [one.reference for one in sized] or [holding.top]
    patterns = [literal(one.name) + SUFFIXES[one.kind] for one in owners if one.kind in SUFFIXES]
    known = re.compile("|".join(patterns) or "$")
    others = sorted(literal(pod.name) for pod in holding.pods if not known.fullmatch(pod.name))
    return "|".join([*patterns, *others])


def literal(name: str) -> str:
    """Return the regular expression of a name, in what Go reads too."""
    return re.escape(name).replace("\\-", "-")


def matchers(holding: Holding, prefix: str = "") -> str:
    """Return the matchers of a workload's pods; exporters' own labels may have given way as `exported_...`."""
    return f"{prefix}namespace={quote(holding.namespace)}, {prefix}pod=~{quote(named(holding))}"


def requests_query(holding: Holding) -> str:
    """Return the query for requests a second."""
    return f"sum(rate({{{spelled(counters())}, {matchers(holding)}}}[5m]))"


def running(holding: Holding) -> str:
    """Return the query for what each replica runs."""
    return f"sum by (pod) ({{{spelled(gauges())}, {matchers(holding)}}})"


def at_work_query(holding: Holding, window: str) -> str:
    """Return the query for the share of replica time at work."""
    each = running(holding)
    return f"sum_over_time(sum({each} > bool 0){window}) / sum_over_time(count({each}){window})"


def replicas_query(holding: Holding, window: str) -> str:
    """Return the query for the mean number of replicas, at times at which there were any."""
    return f"avg_over_time(count({running(holding)}){window})"


def gpu_query(holding: Holding, window: str) -> str:
    """Return the query for the GPUs' utilization."""
    both = " or ".join(f"{UTILIZATION}{{{matchers(holding, prefix)}}}" for prefix in ("exported_", ""))
    return f"avg_over_time(avg({both}){window}) / 100"


def past(server: ServerConfig, holding: Holding, end: datetime, days: int) -> Past:
    """Return what a server knows of a workload's last days."""
    found, problem = None, ""
    try:
        found = read(server, Range(requests_query(holding), end, days, STEP), lambda *_: None, PATIENCE)
    except NothingError:
        pass
    except HistoryError as error:
        problem = str(error)
    window = f"[{days}d:5m] @ {end.timestamp():.0f}"
    asked = [query(holding, window) for query in (at_work_query, replicas_query, gpu_query)]
    (at_work, replicas, gpu), problems = asyncio.run(instants(server, asked))
    return Past(found, at_work, replicas, gpu, "; ".join(dict.fromkeys(filter(None, (problem, *problems)))))


def reach(server: ServerConfig) -> None:
    """Ask a server for nothing in particular, so that one that is not there is asked once and not for each workload.

    Raises:
        HistoryError: it cannot be asked.
    """
    _, problems = asyncio.run(instants(server, ["vector(1)"]))
    if problems:
        raise HistoryError(f"{server.url} does not answer: {problems[0]}")


async def instants(server: ServerConfig, queries: Iterable[str]) -> tuple[list[float | None], list[str]]:
    """Return what queries give, None where nothing, and what went wrong."""
    prometheus = PrometheusServer(server, PATIENCE)
    values: list[float | None] = []
    problems: list[str] = []
    try:
        for query in queries:
            try:
                values.append(number(await prometheus.query(query)))
            except MetricError as error:
                values.append(None)
                problems.append(error.detail)
    finally:
        await prometheus.close()
    return values, problems


def number(found: Sequence[Element]) -> float | None:
    """Return the number that an answer is, None where it is none."""
    return found[0].value if found and isfinite(found[0].value) else None
