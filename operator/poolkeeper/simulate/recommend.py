"""recommend(): the windows, bounds and thresholds that would have been cheapest inside the SLA.

series.py     points -> an even series; counters, holes
weekly.py     what the week repeats: medians, high quantiles, outliers apart
history.py    which days a proposal may know, and which it is held against
layout.py     the week's need -> few windows that people can read
plan.py       a plan -> the spec that it comes to
lives.py      a plan lived with the real decide() in core's world
search.py     the cheapest plan inside the SLA, with windows and without
this file     whether the windows were better on days that they had not seen, and the answer in words
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from math import ceil

from poolkeeper.core.model import Limits
from poolkeeper.simulate.history import TWO_WEEKS, History, foretold, prepared, told
from poolkeeper.simulate.lives import WEEK
from poolkeeper.simulate.proposal import (
    Confidence,
    HeldOut,
    Outcome,
    Profile,
    Proposed,
    Question,
    Recommendation,
)
from poolkeeper.simulate.search import TIE, WORTH, Search, Trial
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.weekly import Weekly

__all__ = ["Confidence", "HeldOut", "Outcome", "Profile", "Proposed", "Question", "Recommendation", "recommend"]

PATTERN = 0.2
"""Where the time of the week foretells less of the ups and downs, there is no pattern to put windows on."""
SURE, FAIR = 0.6, 0.35
CHEAPER, FULLER = 0.01, 0.001
"""What is clearly better on days that were held out: GPU-hours saved, or requests brought inside, as shares."""
SLACK = 0.002
"""A held-out week that misses the objective by less is not held against a plan."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The plan to propose, why, and what it did on the held-out days."""

    chosen: Trial
    because: str
    held_out: HeldOut | None


def recommend(series: Series, question: Question, progress: Callable[[str, float], None]) -> Recommendation:
    """Return the pool that would have been cheapest inside the SLA, and whether windows help it.

    `progress` is called with words and a share from 0 to 1 as the search goes on.

    Raises:
        SeriesError: there is no load in the history.
        ValueError: the question's zone is none.
    """
    progress("learning the week", 0.0)
    history = prepared(series, question.timezone)
    per_replica = question.per_replica or history.whole.largest / question.spec.max_replicas
    search = Search(history, question, per_replica, progress)
    search.tune()
    search.widen()
    found = foretold(history)
    verdict = judged(search, found.share)
    plan = verdict.chosen.plan
    progress("done", 1.0)
    return Recommendation(
        windows=plan.windows,
        outside=Limits(),
        lead=plan.lead,
        min_replicas=plan.floor,
        max_replicas=plan.cap,
        scale_up_above=plan.above,
        scale_down_below=plan.below,
        today=search.today(history.search),
        proposed=verdict.chosen.outcome,
        held_out=verdict.held_out,
        confidence=confidence(history, found.share),
        helps=bool(plan.windows),
        because=verdict.because,
        profile=profile(history.whole, per_replica),
        per_replica=per_replica,
        notes=tuple(chain(told(history, found), assumed(search, verdict.chosen))),
    )


def judged(search: Search, share: float) -> Verdict:
    """Return the plan to propose; windows only where they were better on days that they had not seen."""
    flat = search.flat()
    if search.history.held_out is None:
        return Verdict(flat, "no schedule helps: there are too few days to hold one against; a week is the least", None)
    if share < PATTERN:
        words = f"no schedule helps: the time of the week foretold {share:.0%} of the ups and downs of the load"
        return against_itself(search, flat, f"{words} on days held out, which is no pattern")
    scheduled = search.scheduled()
    if scheduled is None:
        words = "no schedule helps: the hours of the week need too nearly the same number of replicas"
        return against_itself(search, flat, words)
    if search.best([flat, scheduled]) is flat:
        return against_itself(search, flat, f"no schedule helps: {beside(scheduled, flat)}")
    return held_against(search, flat, scheduled)


def against_itself(search: Search, flat: Trial, because: str) -> Verdict:
    """Return a plan without windows, as it did on the held-out days."""
    held = search.trial(flat.plan, search.history.held_out).outcome
    return Verdict(flat, because, compared(search, held, held))


def held_against(search: Search, flat: Trial, scheduled: Trial) -> Verdict:
    """Return windows if on the held-out days they were better than none, with their own bounds and with the best."""
    stretch = search.history.held_out
    with_windows = search.trial(scheduled.plan, stretch)
    without = search.trial(scheduled.plan.unscheduled, stretch)
    other = search.trial(flat.plan, stretch)
    for plain in (without, other):
        if not is_better(with_windows.outcome, plain.outcome, search.wanted):
            words = f"no schedule helps: on the days held out, {beside(with_windows, plain)}"
            return Verdict(flat, words, compared(search, other.outcome, other.outcome))
    words = (
        f"on the days held out, {beside(with_windows, without)}; the best pool without windows came to {said(other)}"
    )
    return Verdict(scheduled, words, compared(search, without.outcome, with_windows.outcome))


def is_better(one: Outcome, other: Outcome, wanted: float) -> bool:
    """Return whether one is clearly better: cheaper with enough inside, or more inside for what that is worth."""
    more = one.inside - other.inside
    enough = one.inside >= min(other.inside - TIE, wanted - SLACK)
    cheaper = enough and one.gpu_hours <= (1 - CHEAPER) * other.gpu_hours
    return cheaper or (more >= FULLER and one.gpu_hours <= (1 + WORTH * more) * other.gpu_hours)


def compared(search: Search, unscheduled: Outcome, proposed: Outcome) -> HeldOut | None:
    """Return the outcomes on the held-out days beside today's."""
    stretch = search.history.held_out
    return HeldOut(search.history.days, search.today(stretch), unscheduled, proposed) if stretch else None


def beside(scheduled: Trial, flat: Trial) -> str:
    """Return what windows came to, and what none came to."""
    many = len(scheduled.plan.windows)
    return f"{many} {'window' if many == 1 else 'windows'} came to {said(scheduled)}, none to {said(flat)}"


def said(trial: Trial) -> str:
    """Return what a plan came to, in words."""
    return f"{trial.outcome.gpu_hours:.0f} GPU-hours a week with {trial.outcome.inside:.2%} inside"


def confidence(history: History, share: float) -> Confidence:
    """Return how sure a proposal is: weak for a single week, whatever it foretells."""
    weeks = history.length / WEEK
    grade = "good" if share >= SURE and history.length >= TWO_WEEKS * 3 / 2 else "fair" if share >= FAIR else "weak"
    grade = grade if history.length >= TWO_WEEKS else "weak"
    if history.held_out is None:
        return Confidence(f"{grade}: {weeks:.1f} weeks of history, too few to hold anything out", share)
    words = f"{grade}: {weeks:.1f} weeks of history; held out was {history.days}, of whose ups and downs"
    return Confidence(f"{words} the time of the week foretold {share:.0%}", share)


def profile(weekly: Weekly, per_replica: float) -> Profile:
    """Return the week that was found, in load and in replicas."""
    replicas = tuple(None if value is None else ceil(value / per_replica) for value in weekly.high)
    return Profile(weekly.usual, weekly.high, replicas)


def assumed(search: Search, chosen: Trial) -> list[str]:
    """Return what the figures rest on, and what a reader might miss."""
    question, plan = search.question, chosen.plan
    notes = [f"a replica was taken to carry {search.machine.rate:.4g} of the load"]
    if question.per_replica is None:
        notes[0] += f": the largest, outliers apart, carried by maxReplicas {question.spec.max_replicas}"
    if plan.cap != question.spec.max_replicas:
        notes.append(f"maxReplicas {question.spec.max_replicas} are too few for the load; {plan.cap} are proposed")
    if plan.above != question.spec.queue.up.above:
        notes.append(f"a queue of {question.spec.queue.up.above:g} waits longer than the SLA: a lower threshold helps")
    if not search.reaches(chosen):
        notes.append(f"no plan had {search.wanted:.1%} inside; this one has the most for what it costs")
    if plan.windows:
        notes.append("no cap is proposed outside of the windows: what the queue does not need goes by itself")
    return notes
