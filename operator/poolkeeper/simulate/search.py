"""Plans, lived and compared: the cheapest inside the SLA.

    thresholds        the pool's own, unless lower ones are CLEARLY better
    without windows   the lowest floor with which enough are inside, found by halving
    today's pool      as it is, its own windows included
    with windows      layouts over the need at several heights, from as high as the need on until enough are inside

Of those with enough inside the one with the fewest GPU-hours counts; a window must save ONE_WINDOW of them, and each
request that is brought inside is worth WORTH of its share. If none has enough inside, the one with the most counts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil

from poolkeeper.core.model import Per, PoolSpec
from poolkeeper.simulate.history import History
from poolkeeper.simulate.layout import layouts, proposed
from poolkeeper.simulate.lives import live, machine
from poolkeeper.simulate.plan import Plan, planned
from poolkeeper.simulate.proposal import Outcome, Proposed, Question

Progress = Callable[[str, float], None]

HEIGHTS = (1.0, 0.85, 0.7, 0.55)
"""How full the floors of the windows are with the load that is seldom exceeded."""
USUAL_HEIGHT = 0.85
ONE_WINDOW = 0.005
WORTH = 10.0
TIE = 0.001
"""Shares inside that differ by less are the same."""
RESERVE = 1.1
WIDER = 4
"""So many times the cap is raised by RESERVE at most."""
EXPECTED = 16
"""About so many plans are lived in one search."""
OBJECTIVE = 0.99
CLEARLY = 0.005
REDUNDANT = 2
"""A floor is not lowered under this: the world that plans are lived in loses no replica, the real one does."""
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Trial:
    """A plan, and what a week with it came to."""

    plan: Plan
    outcome: Outcome


def objective(question: Question) -> float:
    """Return the share that is to be inside."""
    return question.spec.slo.objective_percent / 100 if question.spec.slo else OBJECTIVE


def rank(trial: Trial, wanted: float) -> tuple[int, float]:
    """Return a plan's place among others, the best one least."""
    missing = ceil(max(0.0, wanted - trial.outcome.inside) / TIE)
    windows, outside = len(trial.plan.windows), 1 - trial.outcome.inside
    return missing, trial.outcome.gpu_hours * (1 + ONE_WINDOW * windows) * (1 + WORTH * outside)


class Search:
    """The plans that were lived so far, over one history."""

    def __init__(self, history: History, question: Question, per_replica: float, progress: Progress) -> None:
        self.history, self.question, self.progress = history, question, progress
        self.machine, self.wanted = machine(question, per_replica), objective(question)
        cap = cap_for(history.whole.largest / per_replica, question.spec.max_replicas)
        self.lowest = min(REDUNDANT, question.spec.min_replicas)
        self.base = Plan(self.lowest, cap, question.spec.queue.up.above, question.spec.queue.down.below)
        self.now = Plan(question.spec.min_replicas, question.spec.max_replicas, self.base.above, self.base.below)
        self.need = tuple(None if value is None else value / per_replica for value in history.fitted.high)
        self.known: dict[tuple[PoolSpec, bool], Outcome] = {}

    def today(self, *, unseen: bool = False) -> Trial:
        """Live today's pool as it is; its plan is without the windows, which are no proposal's."""
        return Trial(self.now, self._lived(self.question.spec, "trying today's pool", unseen=unseen))

    def trial(self, plan: Plan, *, unseen: bool = False) -> Trial:
        """Live a plan, over the days that a proposal may know or over the `unseen` ones that are held out."""
        words = f"trying a pool with {windows(len(plan.windows))}"
        return Trial(plan, self._lived(planned(plan, self.question), words, unseen=unseen))

    def _lived(self, spec: PoolSpec, words: str, *, unseen: bool) -> Outcome:
        if (spec, unseen) not in self.known:
            self.progress(words, min(0.99, (1 + len(self.known)) / EXPECTED))
            stretch = self.history.held_out if unseen else self.history.search
            self.known[spec, unseen] = live(spec, stretch, self.machine, self.question)
        return self.known[spec, unseen]

    def best(self, trials: Iterable[Trial]) -> Trial:
        """Return the best of several."""
        return min(trials, key=lambda one: rank(one, self.wanted))

    def reaches(self, trial: Trial) -> bool:
        """Return whether enough were inside."""
        return trial.outcome.inside >= self.wanted

    def tune(self) -> None:
        """Take lower thresholds where they bring clearly more inside."""
        tuned = sensitive(self.base, self.question, self.machine.rate)
        if tuned != self.base:
            gained = self.trial(tuned).outcome.inside - self.trial(self.base).outcome.inside
            self.base = tuned if gained >= CLEARLY else self.base

    def widen(self) -> None:
        """Raise the cap while the whole of it has too few inside; where it says what a replica carries, it stands."""
        for _ in range(WIDER if self.question.per_replica else 0):
            if self.reaches(self.trial(replace(self.base, floor=self.base.cap))):
                return
            self.base = replace(self.base, cap=ceil(RESERVE * self.base.cap))

    def flat(self) -> Trial:
        """Return the best plan without windows."""
        low, high = self.lowest, self.base.cap
        trials = [self.trial(replace(self.base, floor=low))]
        while low < high and not self.reaches(trials[0]):
            middle = (low + high) // 2
            trials.append(self.trial(replace(self.base, floor=middle)))
            low, high = (low, middle) if self.reaches(trials[-1]) else (middle + 1, high)
        if low == self.base.cap and low != trials[-1].plan.floor:
            trials.append(self.trial(replace(self.base, floor=low)))
        return self.best(trials)

    def scheduled(self) -> Trial | None:
        """Return the best plan with windows, None where the need does not differ enough for one."""
        trials: dict[int, Trial] = {}
        for height in HEIGHTS:
            need = [None if value is None else value / height for value in self.need]
            for plan in self._scheduled(need):
                before = trials.get(len(plan.windows))
                if before is None or height >= USUAL_HEIGHT or not self.reaches(before):
                    found = self.trial(plan)
                    trials[len(plan.windows)] = self.best([found, before] if before else [found])
        return self.best(trials.values()) if trials else None

    def _scheduled(self, need: list[float | None]) -> list[Plan]:
        lead = ceil(self.question.startup / MINUTE) * MINUTE
        return [
            replace(self.base, floor=one.base, lead=lead, windows=self._named(proposed(one)))
            for one in layouts(need, max(1, self.lowest), self.base.cap)
        ]

    def _named(self, found: tuple[Proposed, ...]) -> tuple[Proposed, ...]:
        taken = {one.name for one in self.question.kept.windows}
        return tuple(replace(one, name=unlike(one.name, taken)) for one in found)


def unlike(name: str, taken: set[str]) -> str:
    """Return a window's name, with a number where a window that is kept has it already."""
    numbered = (name, *(f"{name}-by-load-{number}" for number in range(1, len(taken) + 1)))
    return next(one for one in numbered if one not in taken)


def windows(many: int) -> str:
    """Return so many windows in words."""
    return f"{many or 'no'} {'window' if many == 1 else 'windows'}"


def cap_for(largest: float, cap: int) -> int:
    """Return today's cap, or where the largest load needs more that, with some reserve."""
    return cap if ceil(largest) <= cap else ceil(RESERVE * largest)


def sensitive(plan: Plan, question: Question, per_replica: float) -> Plan:
    """Return a plan whose queue, while it is no reason to grow, waits no longer than the SLA.

    What waits behind one replica that serves `rate` waits Q / rate (Little's law).
    """
    replicas = 1 if question.spec.queue.thresholds_per is Per.REPLICA else max(1, plan.floor)
    allowed = max(1.0, float(f"{per_replica * replicas * question.sla.total_seconds():.2g}"))
    return plan if plan.above <= allowed else replace(plan, above=allowed, below=min(plan.below, allowed / 2))
