"""events.md: what stands in `kubectl describe` and `kubectl events`."""

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.publish import WARNINGS
from reference.markdown import code, headed, table

INTRO = """Events are on the pool, in its namespace, from the component `poolkeeper`. Each is posted once: its name
derives from what it tells, so that a crash or a change of leader repeats none. The API server keeps events for an hour;
`status.history` keeps the last ten changes, and [`poolkeeper explain --at`](../how-to/ask-about-last-night.md) more."""

CHANGE = """One for each change of the size, or of its split over tiers, of the type Normal. Its reason is
[the decision's](reasons.md), its message the sentence with the figures that it was decided on. A pool that keeps its
size has none."""

NEWS = {
    Reason.PIN_ENDED: "A pin counts no more.",
    Reason.OVERRIDDEN: "An override came into force.",
    Reason.OVERRIDE_REFUSED: "An override cannot be accepted, and changes nothing.",
    Reason.AUTOSCALED_POOL: "An autoscaler scales the pool itself, which pins it.",
    Reason.BUDGET_ALERT: "A threshold of the month's budget is reached.",
    Reason.BUDGET_FORECAST: "The month is expected to end beyond a threshold.",
    Reason.BUDGET_EXCEEDED: "The month's budget is used up.",
    Reason.BUDGET_LIFTED: "Somebody lets the pool grow although the budget is used up.",
    Reason.SPENDING_UNUSUAL: "The last whole day was far off what such days cost; the message names what drove it.",
}


def page() -> str:
    """Return the page."""
    rows = [(code(reason), "Warning" if reason in WARNINGS else "Normal", NEWS[reason]) for reason in NEWS]
    told = f"## News\n\n{table(('reason', 'type', 'when'), rows)}"
    return headed("Events", INTRO, [f"## Changes\n\n{CHANGE}", told])
