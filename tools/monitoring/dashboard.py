"""Grafana's dashboard as JSON, from the panels. No colour is fixed: it reads on a dark ground as on a light one."""

import json
from collections.abc import Iterator
from typing import Any

from monitoring.panels import ROWS, Panel

Json = dict[str, Any]

COLUMNS = 24
SOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}
POOL_METRIC = "poolkeeper_pool_min_replicas"


def text() -> str:
    """Return the dashboard as it is checked in."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


def dashboard() -> Json:
    """Return the dashboard."""
    return {
        "title": "Poolkeeper: what pools cost, and why they have their size",
        "uid": "poolkeeper",
        "tags": ["poolkeeper"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-7d", "to": "now"},
        "templating": {"list": list(variables())},
        "panels": list(panels()),
    }


def variables() -> Iterator[Json]:
    """Yield what the reader chooses."""
    yield {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    yield variable("namespace", f"label_values({POOL_METRIC}, namespace)", several=True)
    yield variable("pool", f'label_values({POOL_METRIC}{{namespace=~"$namespace"}}, pool)', several=True)
    yield variable("currency", "label_values(poolkeeper_pool_cost_per_hour, currency)", several=False)
    yield variable("label", "label_values(poolkeeper_pool_label, key)", several=False)


def variable(name: str, query: str, *, several: bool) -> Json:
    """Return a choice of a label's values."""
    made: Json = {"name": name, "type": "query", "datasource": SOURCE, "query": query, "refresh": 2, "sort": 1}
    return made | ({"multi": True, "includeAll": True, "allValue": ".*"} if several else {})


def panels() -> Iterator[Json]:
    """Yield the panels with their rows' headings, numbered, from the left to the right and down."""
    number, top = 1, 0
    for title, row in ROWS.items():
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "gridPos": place(0, top, COLUMNS, 1),
            "collapsed": False,
            "panels": [],
        }
        number, top, left, height = number + 1, top + 1, 0, 0
        for panel in row:
            if left + panel.width > COLUMNS:
                top, left = top + height, 0
            yield drawn(panel, number) | {"gridPos": place(left, top, panel.width, panel.height)}
            number, left, height = number + 1, left + panel.width, panel.height
        top += height


def place(left: int, top: int, width: int, height: int) -> Json:
    """Return where a panel stands in the grid."""
    return {"x": left, "y": top, "w": width, "h": height}


def drawn(panel: Panel, number: int) -> Json:
    """Return a panel without its place."""
    steps: list[Json] = [{"color": "green", "value": None}]
    steps += [{"color": colour, "value": limit} for colour, limit in zip(("orange", "red"), panel.limits, strict=False)]
    custom: Json = {"lineWidth": 1, "fillOpacity": 25, "stacking": {"mode": "normal"}} if panel.stacked else {}
    fields = panel.format | ({"custom": custom} if custom else {}) | {"color": {"mode": colouring(panel)}}
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "targets": list(targets(panel)),
        "fieldConfig": {"defaults": fields | {"thresholds": {"mode": "absolute", "steps": steps}}, "overrides": []},
        "options": options(panel),
    }


def colouring(panel: Panel) -> str:
    """Return how Grafana finds a series' colour: by limits where there are any, else one after the other."""
    return "thresholds" if panel.limits else "palette-classic"


def options(panel: Panel) -> Json:
    """Return the options of a panel's kind."""
    if panel.kind == "timeseries":
        return {"legend": {"showLegend": True, "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {"reduceOptions": {"calcs": ["lastNotNull"]}, "orientation": "horizontal"}


def targets(panel: Panel) -> Iterator[Json]:
    """Yield a panel's queries; what is one number now is asked for at one instant."""
    instant = panel.kind != "timeseries"
    for number, query in enumerate(panel.queries):
        yield {
            "refId": chr(ord("A") + number),
            "datasource": SOURCE,
            "expr": query.expression,
            "legendFormat": query.legend or "__auto",
            "instant": instant,
            "range": not instant,
        }
