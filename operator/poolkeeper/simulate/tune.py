"""tune(): the cheapest spec that keeps the objective on days that no trial has seen.

tune_space.py    which fields are tried, with which values
tune_lives.py    a spec lived through the days that are searched, and on through those held out
tune_search.py   what to try next, and which of what was tried nothing beats
this file        who is judged on the days held out, and who wins

A winner is inside on both. Where none of the frontier wins, that of the rest is judged, until MOST were. What a winner
changes without need goes back to what it is today: a search sets every field to something.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.core.model import PoolSpec
from poolkeeper.simulate.study import over
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.tune_lives import Days, Part, Team, least, load, team
from poolkeeper.simulate.tune_search import Found, layers, search
from poolkeeper.simulate.tune_space import Changes, Json, Scope, changed, dimensions

MOST = 12
"""So many are judged at most, today's pool apart."""
HARDLY_DEARER = 1.002
NEAR = 3
"""So many of a frontier are judged that were not inside on the days searched."""

Told = Callable[[str, float], None]
"""Is told what is done, and which share of it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: today's pool as JSON, the days, the share that is to be inside, and how many trials there may be.

    `schedule` is the pool's schedule with windows that were proposed for it, None where none were.
    """

    raw: Mapping[str, Any]
    days: Days
    objective: float
    trials: int
    schedule: Json | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """Changes of today's pool, and what they came to on both parts of the days, with the bounds' replica-hours."""

    changes: Changes
    searched: Part
    held_out: Part
    bounds: tuple[float, float]

    @property
    def over_bound(self) -> float:
        """Replica-hours over those of the bound, on the days held out."""
        return over(self.held_out.replica_hours, self.bounds[1])

    @property
    def searched_over_bound(self) -> float:
        """The same on the days that were searched."""
        return over(self.searched.replica_hours, self.bounds[0])

    def holds(self, objective: float) -> bool:
        """Return whether it is inside on both."""
        return min(self.searched.inside, self.held_out.inside) >= objective

    def saves(self, today: "Judged") -> bool:
        """Return whether it costs less than another on both."""
        return self.searched.cost < today.searched.cost and self.held_out.cost < today.held_out.cost


@dataclass(frozen=True, slots=True)
class Tuned:
    """The frontier as it was judged, cheapest first, today's pool, and the winner, None where nobody is inside.

    The winner is today's pool where that is inside and nothing else that is costs less on both parts. `tried` is how
    many different specs were lived.
    """

    today: Judged
    frontier: Sequence[Judged]
    winner: Judged | None
    tried: int

    @property
    def stays(self) -> bool:
        """Whether today's pool is to stay as it is."""
        return self.winner is None or not self.winner.changes


def tune(question: Question, trace: Trace, progress: Told) -> Tuned:
    """Return the cheapest spec that keeps the objective, beside what else nothing beats.

    Raises:
        TuneError: optuna is not installed.
        ValueError: the traffic is asked to have a peak, and the trace has no request.
    """
    days = question.days
    progress("finding the bound", 0.0)
    scope = Scope(load(days, trace), days.searched, question.schedule)
    tried = dimensions(question.raw, days.pool.spec, scope)
    floor = min((value for one in tried if one.path == "minReplicas" for value in one.values), default=None)
    bounds = least(days, trace, days.pool.spec.min_replicas if floor is None else floor)
    with team(days, trace) as workers:
        desk = Desk(question, workers, bounds, progress)
        found = search(tried, desk.answers, question.trials, days.seed)
        today, *rest = desk.judged(found)
        won = winner([today, *rest], question.objective)
        best = desk.tidied(today, won) if won is not None else None
    frontier = [best if one is won and best else one for one in rest]
    frontier.sort(key=lambda one: (one.searched.cost, -one.searched.inside))
    return Tuned(today, frontier, best, len(found))


@dataclass(slots=True)
class Desk:
    """Where specs are made of changes and sent to be lived, and where is told how far it is."""

    question: Question
    team: Team
    bounds: tuple[float, float]
    progress: Told
    done: int = 0

    def answers(self, asked: Sequence[Changes]) -> list[Part]:
        """Return what changes come to on the days that are searched."""
        words, many = "trying", self.question.trials
        lived = self.team.live([self._spec(one) for one in asked], lambda more: self._tell(words, more, many), on=False)
        self.done += len(asked)
        return [parts[0] for parts in lived]

    def judged(self, found: Sequence[Found]) -> Iterator[Judged]:
        """Yield today's pool, then the frontier, then the next one where nobody of it wins, as judged.

        After the first frontier, only who costs less than today's pool may still win where that is inside.
        """
        objective, left, most = self.question.objective, MOST, inf
        today = self._judge(found[:1])[0]
        yield today
        for front in layers(found):
            mine = self._judge([one for one in promising(front, objective) if one.searched.cost < most][:left])
            yield from mine
            left -= len(mine)
            most = today.searched.cost if today.holds(objective) else inf
            if left <= 0 or winner([today, *mine], objective) not in (None, today):
                return

    def tidied(self, today: Judged, won: Judged) -> Judged:
        """Return a winner without those changes that make it hardly cheaper, if it is inside without them, too."""
        alone = [one for where in won.changes if self._valid(one := without(won.changes, [where]))]
        self.done, words = 0, "leaving out what does not matter"
        lived = self.team.live([self._spec(one) for one in alone], lambda n: self._tell(words, n, len(alone)), on=False)
        idle = [gone(won.changes, one) for one, parts in zip(alone, lived, strict=True) if self._as_good(parts[0], won)]
        less = without(won.changes, idle)
        if not idle or not self._valid(less):
            return won
        found = self._judge([Found(less, won.searched)])[0]
        still = winner([today, found], self.question.objective) is found and self._as_good(found.searched, won)
        return found if still else won

    def _as_good(self, part: Part, won: Judged) -> bool:
        """Return whether a part is inside, and hardly dearer than the winner's."""
        return part.inside >= self.question.objective and part.cost <= won.searched.cost * HARDLY_DEARER

    def _valid(self, made: Changes) -> bool:
        """Return whether the spec takes these changes without the others."""
        try:
            self._spec(made)
        except SpecError:
            return False
        return True

    def _judge(self, found: Sequence[Found]) -> list[Judged]:
        """Return what was found with what it comes to on the days held out."""
        self.done, many = 0, len(found)
        specs = [self._spec(one.changes) for one in found]
        lived = self.team.live(specs, lambda more: self._tell("judging on the days held out", more, many), on=True)
        pairs = zip(found, lived, strict=True)
        return [Judged(one.changes, parts[0], parts[1], self.bounds) for one, parts in pairs]

    def _spec(self, made: Changes) -> PoolSpec:
        """Return the spec that changes make of today's pool."""
        return parse_spec(changed(self.question.raw, made)).to_core()

    def _tell(self, words: str, more: int, many: int) -> None:
        """Tell how far it is."""
        self.progress(f"{words}: {self.done + more} of {many}", min(1.0, (self.done + more) / many))


def without(made: Changes, fields: Sequence[str]) -> Changes:
    """Return changes without those of some fields."""
    return {where: value for where, value in made.items() if where not in fields}


def gone(made: Changes, less: Changes) -> str:
    """Return the field that is changed in one and not in the other."""
    return next(where for where in made if where not in less)


def promising(front: Sequence[Found], objective: float) -> Iterator[Found]:
    """Yield whom of a frontier to judge: who is inside, cheapest first; beside them the nearest that are not."""
    others = [one for one in front if one.changes]
    yield from (one for one in others if one.searched.inside >= objective)
    missing = [one for one in others if one.searched.inside < objective]
    yield from sorted(missing, key=lambda one: -one.searched.inside)[:NEAR]


def winner(judged: Sequence[Judged], objective: float) -> Judged | None:
    """Return who is cheapest on the days searched of all that are inside on both parts; today's pool comes first.

    Where today's pool is inside, it stays unless somebody who is, too, costs less than it on both.
    """
    today, inside = judged[0], [one for one in judged if one.holds(objective)]
    if today.holds(objective):
        inside = [one for one in inside if one is today or one.saves(today)]
    return min(inside, key=lambda one: one.searched.cost, default=None)
