"""The dashboard's queries, put to a Prometheus that scraped the operator of the pictures' ground.

`asked` gets every panel's answers, `charts` draws them: Grafana itself has no part in it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from controlplane.prometheus import Prometheus
from monitoring.panels import ROWS, Panel, Query
from screenshots.ground import Ground

CHOSEN = {"$namespace": ".*", "$pool": ".*", "$currency": "USD", "$label": "team"}
"""What the reader of the dashboard has chosen."""
BETWEEN = timedelta(seconds=2)
"""Between two points of a line."""
EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a panel: its name, and each instant, in seconds since the epoch, with its value; there is one."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def last(self) -> float:
        """The newest value."""
        return self.points[-1][1]


@dataclass(frozen=True, slots=True)
class Answered:
    """A panel with what Prometheus said to its queries; without series it said nothing."""

    panel: Panel
    series: tuple[Series, ...]

    @property
    def title(self) -> str:
        """What stands above it."""
        return chosen(self.panel.title)


@contextmanager
def scraped(ground: Ground) -> Iterator[Prometheus]:
    """Run a Prometheus that scrapes the operator's pages as the documents ask for it."""
    targets = [{"targets": [urlsplit(ground.operator).netloc]}]
    job = {"job_name": "poolkeeper", "honor_labels": True, "static_configs": targets}
    with ground.cluster.prometheus(EVERY, [job]) as prometheus:
        yield prometheus


def asked(prometheus: Prometheus, since: float, until: float) -> dict[str, list[Answered]]:
    """Return the answers of every panel between two instants, by the row that it stands in."""
    return {
        row: [
            Answered(panel, tuple(one for query in panel.queries for one in lines(prometheus, query, since, until)))
            for panel in panels
        ]
        for row, panels in ROWS.items()
    }


def lines(prometheus: Prometheus, query: Query, since: float, until: float) -> Iterator[Series]:
    """Yield the series of a query."""
    for element in prometheus.query_range(chosen(query.expression), since, until, BETWEEN):
        points = tuple((float(at), float(value)) for at, value in element["values"] if isfinite(float(value)))
        if points:
            yield Series(named(query.legend, element["metric"]), points)


def named(legend: str, labels: dict[str, Any]) -> str:
    """Return what a series is called, as Grafana fills a legend in."""
    for name, value in labels.items():
        legend = legend.replace(f"{{{{{name}}}}}", value)
    return re.sub(r"{{\w+}}", "", legend).strip()


def chosen(words: str) -> str:
    """Return a query, or a title, with the reader's choices in it."""
    for name, value in CHOSEN.items():
        words = words.replace(name, value)
    return words
