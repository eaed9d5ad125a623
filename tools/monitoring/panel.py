"""A panel of the dashboard: what it shows, by which queries, and in which form."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

AMOUNT: Json = {"unit": "none", "decimals": 2}
PRICE: Json = {"unit": "none", "decimals": 4}
SHARE: Json = {"unit": "percentunit", "decimals": 1}
COUNT: Json = {"unit": "short", "min": 0}
SECONDS: Json = {"unit": "s", "min": 0}


@dataclass(frozen=True)
class Query:
    """A query, and what its series are called."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """A panel of Grafana's kind `kind`. `width` is in its grid of 24 columns; `stacked` series add up to a whole."""

    title: str
    description: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    format: Json = field(default_factory=lambda: COUNT)
    width: int = 12
    height: int = 8
    stacked: bool = False
    limits: tuple[float, ...] = ()


def figure(title: str, description: str, expression: str, form: Json) -> Panel:
    """Return a panel of one number."""
    return Panel(title, description, (Query(expression),), "stat", form, width=4, height=4)
