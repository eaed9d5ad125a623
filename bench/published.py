"""The three published cases, replayed with the arithmetic shown; `--write` writes docs/published-cases.md.

The operator's own decide() lives a trace in core's world. Figures are printed, not judged by a test.
"""

from collections.abc import Iterator
from typing import Any

import published_queue
import published_schedule
import published_spot
from published_page import DOCS, Json, Page, digests, paragraphs
from published_traffic import TRACE, setting
from spot_replay import TRACE as STOCK
from stage import leave_with


def inputs() -> Json:
    """Return what the cases are played on."""
    return {
        "traces": digests(TRACE, STOCK),
        "setting": setting(),
        "queue": published_queue.settings(),
        "schedule": published_schedule.settings(),
        "spot": published_spot.settings(),
    }


def play() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield the rows of each case."""
    yield "spot", list(published_spot.play())
    yield "queue", list(published_queue.play())
    yield "schedule", list(published_schedule.play())


def tell(figures: Json) -> str:
    """Return the page."""
    played_on = figures["inputs"]
    return paragraphs(
        "# The three published cases, replayed",
        "<!-- not run: ten minutes of one core -->\n```sh\nmake bench-published\n```",
        "Three figures made queue-depth scaling, schedules and spot known. Here each is reckoned backwards, to the "
        "price of "
        "a GPU-hour that makes its first number, and then replayed by the operator's own rules on measured traffic "
        "and a "
        "measured spot market. This page is written by `bench/published.py`.",
        f"A month is 730 hours. The traffic is a week of `{TRACE}`, drawn in steps of "
        f"{played_on['setting']['step_seconds']} s with seed {played_on['setting']['seed']}; one replica is one "
        "GPU. The "
        "engine is the preset `assumed`: another model on another GPU gives other figures.",
        published_queue.tell(figures["queue"]),
        published_schedule.tell(figures["schedule"], played_on["schedule"]["turned_hours"]),
        published_spot.tell(figures["spot"]),
    )


PAGE = Page("bench-published", DOCS / "published-cases.md", inputs, play, tell)


if __name__ == "__main__":
    leave_with(lambda: PAGE.main(__doc__))
