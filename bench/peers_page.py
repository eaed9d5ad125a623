"""The section of docs/benchmarks.md that `bench/peers.py` writes: words and tables that follow from figures alone."""

import json
import re
from collections.abc import Mapping
from typing import Any

from peers_systems import EACH, LEAST, MOST, SYSTEMS
from published_page import DOCS, paragraphs, table, wrapped

from keda.programs import VERSION

Json = dict[str, Any]

FILE = DOCS / "benchmarks.md"
HEADING = "## Beside KEDA"
SECTION = re.compile(rf"^{HEADING}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
KEPT = re.compile(r"^<!-- bench-peers: (.*) -->$", re.MULTILINE)
SYSTEM_PROGRAMS = ("poolkeeper", "keda-operator", "keda-adapter")
AUTOSCALER = "horizontal-pod-autoscaler"
ASKING = {"poolkeeper": ["poolkeeper"], "keda-operator": ["keda", AUTOSCALER]}
"""Whose requests a system's are, by the first of its programs."""


def placed(page: str, figures: Json) -> str:
    """Return a page with the section of these figures in the place of the one that it has, or at its end."""
    section = written(figures)
    if not SECTION.search(page):
        return f"{page.rstrip()}\n\n{section}\n"
    return SECTION.sub(lambda _: f"{section}\n\n", page).rstrip() + "\n"


def kept(page: str) -> Json | None:
    """Return the figures that a page holds, None where it holds none."""
    found = KEPT.search(page)
    return json.loads(found[1]) if found else None


def written(figures: Json) -> str:
    """Return the section."""
    return f"{wrapped(told(figures))}\n\n<!-- bench-peers: {json.dumps(figures)} -->"


def told(figures: Json) -> str:
    """Return the section as it is read."""
    sizes = figures.get("sizes", {})
    parts = [
        HEADING,
        "<!-- not run: KEDA is built first, and then an hour of a whole machine -->\n```sh\nmake bench-peers\n```",
        SETTING,
        *(part for size in sorted(sizes, key=int) for part in of_size(int(size), sizes[size])),
        *(of_outage(figures["outage"]) if "outage" in figures else ()),
        NOTES,
    ]
    return paragraphs(*parts)


def of_size(pools: int, turns: Mapping[str, Json]) -> list[str]:
    """Return what is told of one number of pools: ratios first, then the figures."""
    known = {name: turns[name] for name in SYSTEMS if name in turns}
    spiking = max(turn["reaction"]["n"] + turn["silent"] for turn in known.values())
    return [
        f"### {pools} pools",
        " ".join(filter(None, (ratios(known), f"{spiking} of {pools} queues rose.", where(known)))),
        table(
            ["", "min, s", "median", "p95", "max", "never", "all held after, s"],
            [
                [SYSTEMS[name].title, *reaction(turn), turn["silent"], turn["held_seconds"]]
                for name, turn in known.items()
            ],
        ),
        "At rest:",
        table(
            [
                "",
                "CPU s a minute",
                "and the HPA's",
                "API server, etcd",
                "Prometheus",
                "MB",
                "requests a minute",
                "queries",
            ],
            [[SYSTEMS[name].title, *bill(turn["rest"])] for name, turn in known.items()],
        ),
    ]


def ratios(turns: Mapping[str, Json]) -> str:
    """Say how many times as long the others take as ours, by the medians and the p95; empty where one is missing."""
    mine, theirs = turns.get("prometheus"), turns.get("keda-hardened", turns.get("keda"))
    if not mine or not theirs or not mine["reaction"]["n"] or not theirs["reaction"]["n"]:
        return ""
    ours, other = mine["reaction"], theirs["reaction"]
    said = f"Through the same Prometheus KEDA took {other['median'] / ours['median']:.1f} times as long by the median"
    return f"{said}, {other['p95'] / ours['p95']:.1f} times by the p95."


def where(turns: Mapping[str, Json]) -> str:
    """Say when and on what it was measured."""
    one = next(iter(turns.values()))
    machine = one["machine"]
    loads = sorted(turn["machine"]["load"] for turn in turns.values())
    return (
        f"Measured on {one['at'][:10]}: {machine['cores']} cores, {machine['memory_gb']} GB, load average before a "
        f"turn {loads[0]:.1f} to {loads[-1]:.1f}."
    )


def reaction(turn: Json) -> list[str]:
    """Return the order statistics of a turn, dashes where nobody reacted."""
    found = turn["reaction"]
    return [f"{found[key]:.2f}" if found["n"] else "-" for key in ("min", "median", "p95", "max")]


def bill(rest: Json) -> list[str]:
    """Return what a turn used at rest: its own processor time, what others spent for it, memory, requests, queries."""
    own = [name for name in SYSTEM_PROGRAMS if name in rest["cpu"]]
    asked = sum(rest["requests"][name] for name in ASKING[own[0]])
    return [
        f"{sum(rest['cpu'][name] for name in own):.1f}",
        f"{rest['cpu'][AUTOSCALER]:.1f}",
        f"{rest['cpu']['kube-apiserver'] + rest['cpu']['etcd']:.1f}",
        f"{rest['cpu']['prometheus']:.1f}",
        f"{sum(rest['memory'][name] for name in own):.0f}",
        f"{asked:.0f}",
        f"{rest['queries']:.0f}",
    ]


def of_outage(outage: Json) -> list[str]:
    """Return what is told of the outage."""
    lost = outage["lost"]
    rows = [
        [SYSTEMS[name].title, f"{found['lost']} of {found['pools']}", f"{found['at_minimum']} of {found['pools']}"]
        for name, found in lost.items()
    ]
    said = (
        f"Every pool stood at {MOST}. Then the exporter was killed for {outage['seconds']:.0f} s, and the pods of the "
        "pools that are asked themselves refused the connection; Prometheus stayed up. All systems stood on one "
        f"cluster and lost the same exporter at the same moment ({outage['at'][:10]})."
    )
    return ["### Metrics gone for minutes", said, table(["", "lost a replica", f"came down to {LEAST}"], rows)]


SETTING = (
    f"KEDA {VERSION}'s operator and adapter, built from its own module, and the stock HorizontalPodAutoscaler "
    "controller, on the same local control plane as ours, with the same Prometheus that scrapes the same exporter "
    f"every 5 s. Every pool has a Deployment of {LEAST} replicas, at most {MOST}, and wants one for {EACH} waiting "
    "requests: KEDA by an AverageValue, ours by `above` per replica. The queue stands at 150 and rises to 2,000 at a "
    "random moment within a minute, the same moments for all, once every autoscaler exists and has read its metric. "
    "The time is from there to the watch event with more `spec.replicas`. Each system has a fresh cluster and the "
    "whole machine for its turn. Hardened is what an expert writes who has lived through an outage: "
    '`ignoreNullValues: "false"` and a fallback with `currentReplicasIfHigher`. This section is written by '
    "`bench/peers.py`."
)

NOTES = """What to know of these figures:

- Turns follow each other, so that none takes processor time from another, and what the API server uses can be told
  apart. The load average before each turn says who else was on the machine.
- From 100 pools on, 100 of them rise, chosen at random. All rising at once would measure how fast two cores play
  pods.
- The HorizontalPodAutoscaler controller runs in a process of its own, or nobody could tell its share of the
  controller manager. Alone it keeps its own copy of the pods: what that takes stands in the rows of ours, where it
  has nothing to do.
- The control plane lets controllers ask 1,000 times a second, where Kubernetes' default is 20: in favour of KEDA.
  KEDA's own limit, 20 a second, is its default and stays.
- "Never": no reaction within two minutes of the last rise. "All held after": from the first object to the last pool
  that its system has read a queue for.
- Requests are those of the system's own accounts in the API server's audit log, leases and watches included: KEDA's,
  and that of the HorizontalPodAutoscaler controller. Queries are those that Prometheus counted.
- A HorizontalPodAutoscaler on an external metric of any other adapter looks every 15 s, too: that part is no fault of
  KEDA's. On one's own control plane `--horizontal-pod-autoscaler-sync-period` shortens it, on a managed one nothing
  does."""
