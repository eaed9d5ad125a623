"""Ours tuned: the spec that `poolkeeper tune` finds on the first half of a trace, and what it says of itself.

    |--- searched: trials see this ---|--- held out: whoever wins is inside here, too ---|
    |---------------------- lived whole by everybody, with other bursts -----------------|

The bursts of the search are drawn with a seed that nobody is played with; a trace of seconds is lived as it was, so
that there are no others. No windows are proposed to the search.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from economics_pool import Scale, ours, pool, raw, scene

from poolkeeper.api.spec import parse_spec
from poolkeeper.simulate.study import Entrant
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.tune import Question, tune
from poolkeeper.simulate.tune_lives import Days
from poolkeeper.simulate.tune_space import changed

TUNED = "poolkeeper-tuned"
INSIDE = 0.995
"""The aim, and what a winner keeps on both halves."""
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SEED = 6
"""Rows are played with 7 and those after it."""


@dataclass(frozen=True)
class Tuned:
    """A spec as JSON, what it changes of the default, how much of the trace was searched, and how many were tried.

    `kept` is whether anything was inside on both halves; where nothing was, the spec is the default.
    """

    spec: Mapping[str, Any]
    changes: Mapping[str, Any]
    searched: timedelta
    whole: timedelta
    tried: int
    kept: bool

    @property
    def entrant(self) -> Entrant:
        """It, as it competes."""
        return Entrant(TUNED, parse_spec(self.spec).to_core())

    @property
    def told(self) -> str:
        """On which days it was tuned, and what it came to."""
        words = f"tuned on the first {lasting(self.searched)} of {lasting(self.whole)}, {self.tried} specs tried: "
        if not self.kept:
            return words + f"none has {INSIDE:.1%} inside on both halves, so it is the default"
        return words + (", ".join(f"{where} {value}" for where, value in self.changes.items()) or "the default stays")

    @property
    def record(self) -> dict[str, Any]:
        """The same as the file has it, beside the figures of the row."""
        first, of = self.searched.total_seconds(), self.whole.total_seconds()
        days = {"first_seconds": first, "of_seconds": of}
        return {"spec": dict(self.spec), "tuned_on": days, "specs_tried": self.tried, "kept_aim": self.kept}


def lasting(span: timedelta) -> str:
    """Return a span in days, or where it is less than one, in minutes."""
    return f"{span / DAY:.4g} days" if span >= DAY else f"{span / MINUTE:.3g} minutes"


def half(trace: Trace) -> timedelta:
    """Return how long the first half of a trace is, in whole bins."""
    return len(trace.bins) // 2 * trace.width


def question(scale: Scale, startup: timedelta, trace: Trace, trials: int) -> Question:
    """Return what is asked: the default pool, the first half, the aim."""
    days = Days(pool(scale, startup, [ours(scale)]), scene(trace, scale), SEED, half(trace))
    return Question(raw(scale), days, INSIDE, trials)


def tuned(asked: Question, trace: Trace) -> Tuned:
    """Return what a search comes to.

    Raises:
        TuneError: optuna is not installed.
    """
    found = tune(asked, trace, lambda *_: None)
    changes = found.winner.changes if found.winner else {}
    spec = changed(asked.raw, changes)
    whole = len(trace.bins) * trace.width
    return Tuned(spec, changes, asked.days.searched, whole, found.tried, found.winner is not None)
