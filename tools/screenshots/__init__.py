"""The pictures in the documents, taken of the real thing at work: `make screenshots`.

`ground` is a cluster at work. `live` and `terminal` take pictures of it, `dashboard` asks a Prometheus that scraped it
and `charts` and `plots` draw the answers; `pages` needs no cluster, but a browser.
"""

from pathlib import Path

from screenshots.pages import SHOTS

IMAGES = Path(__file__).parents[2] / "docs" / "images"
LIVE = ("live.svg", "live-explain.svg", "live-pause.svg")
COMMANDS = {
    "explain.svg": "poolkeeper explain chat -n inference",
    "status.svg": "poolkeeper status",
    "check.svg": "poolkeeper check",
    "cost.svg": "poolkeeper cost",
}
DASHBOARD = {
    "Spend": "dashboard-spend.svg",
    "Savings, budget and prices": "dashboard-savings.svg",
    "What the money bought": "dashboard-work.svg",
    "Size and queue": "dashboard-size.svg",
}
"""By row of the dashboard."""
PICTURES = frozenset({*LIVE, *COMMANDS, *DASHBOARD.values(), *SHOTS})
"""Every file in docs/images that is taken of something; the others are drawn."""
LARGEST = 150_000
"""How large a picture may be, in bytes."""
