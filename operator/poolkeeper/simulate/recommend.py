"""recommend(): the windows, bounds and thresholds that would have been cheapest inside the SLA.

series.py     points -> an even series; counters, holes
weekly.py     what the week repeats: medians, high quantiles, outliers apart
history.py    which days a proposal may know, and which it is held against
layout.py     the week's need -> few windows that people can read
plan.py       a plan -> the spec that it comes to
lives.py      a plan lived with the real decide() in core's world
search.py     the cheapest plan inside the SLA, with windows and without
judge.py      whether windows, and then any change of today's pool, were better on days that they had not seen
this file     the answer in words
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from math import ceil

from poolkeeper.simulate.history import DAY, TWO_WEEKS, History, foretold, prepared, told
from poolkeeper.simulate.judge import Verdict, judged
from poolkeeper.simulate.proposal import (
    Confidence,
    HeldOut,
    Outcome,
    Profile,
    Proposed,
    Question,
    Recommendation,
)
from poolkeeper.simulate.search import Search
from poolkeeper.simulate.series import Series, Value
from poolkeeper.simulate.weekly import Weekly

__all__ = ["Confidence", "HeldOut", "Outcome", "Profile", "Proposed", "Question", "Recommendation", "recommend"]

SURE, FAIR = 0.6, 0.35


def recommend(series: Series, question: Question, progress: Callable[[str, float], None]) -> Recommendation:
    """Return the pool that would have been cheapest inside the SLA, and whether windows help it.

    `progress` is called with words and a share from 0 to 1 as the search goes on.

    Raises:
        SeriesError: there is no load in the history, or too little.
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
        outside=question.kept.outside,
        lead=plan.lead,
        min_replicas=plan.floor,
        max_replicas=plan.cap,
        scale_up_above=plan.above,
        scale_down_below=plan.below,
        today=search.today().outcome,
        proposed=verdict.chosen.outcome,
        held_out=verdict.held_out,
        confidence=confidence(history, found.share),
        helps=bool(plan.windows),
        stays=verdict.stays,
        because=verdict.because,
        profile=profile(history.whole, per_replica),
        per_replica=per_replica,
        notes=tuple(chain(told(history, found), assumed(search, verdict))),
    )


def confidence(history: History, share: float) -> Confidence:
    """Return how sure a proposal is: weak for a single week, whatever it foretells."""
    grade = "good" if share >= SURE and history.length >= TWO_WEEKS * 3 / 2 else "fair" if share >= FAIR else "weak"
    grade = grade if history.length >= TWO_WEEKS else "weak"
    words = f"{grade}: {history.length / DAY:.0f} days of history; held out was {history.days}, of whose ups and downs"
    return Confidence(f"{words} the time of the week foretold {100 * share:.0f} %", share)


def profile(weekly: Weekly, per_replica: float) -> Profile:
    """Return the week that was found, in load and in replicas."""
    usual, high = measured(weekly, weekly.usual), measured(weekly, weekly.high)
    replicas = tuple(None if value is None else ceil(value / per_replica) for value in high)
    return Profile(usual, high, replicas)


def measured(weekly: Weekly, values: Sequence[Value]) -> tuple[Value, ...]:
    """Return the values of slots that were seen; what others of their kind lend to the rest is no measurement."""
    return tuple(value if own else None for own, value in zip(weekly.slots, values, strict=True))


def assumed(search: Search, verdict: Verdict) -> list[str]:
    """Return what the figures rest on, and what a reader might miss."""
    question, plan = search.question, verdict.chosen.plan
    notes = [f"a replica was taken to carry {search.machine.rate:.4g} of the load"]
    if question.per_replica is None:
        notes[0] += f": the largest, outliers apart, carried by maxReplicas {question.spec.max_replicas}"
    if plan.cap != question.spec.max_replicas:
        notes.append(f"maxReplicas {question.spec.max_replicas} are too few for the load; {plan.cap} are proposed")
    if plan.above != question.spec.queue.up.above:
        notes.append(f"a queue of {question.spec.queue.up.above:g} waits longer than the SLA: a lower threshold helps")
    if plan.windows:
        notes.append("no cap is proposed outside of the windows: what the queue does not need goes by itself")
    return [*notes, *missed(search, verdict)]


def missed(search: Search, verdict: Verdict) -> Iterator[str]:
    """Yield where the objective was missed."""
    wanted, inside = f"{100 * search.wanted:.1f} %", verdict.held_out.proposed.inside
    if not search.reaches(verdict.chosen):
        but = (
            "today's pool misses it too, and nothing earned its cost"
            if verdict.stays
            else "this one has the most for its cost"
        )
        yield f"no plan that was worth it had {wanted} inside: {but}"
    if inside < search.wanted:
        yield f"the SLA was missed on the days held out: {100 * inside:.2f} % were inside, {wanted} is the objective"
