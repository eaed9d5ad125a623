"""Whether windows, and then any change of today's pool, were clearly better on days that they had not seen.

windows            beside the same plan without them, and beside the best plan without any
another floor      beside today's: fewer replicas at rest are less to fall back on, and must save something
the plan at last   beside today's pool: what is hardly better changes nothing
"""

from dataclasses import dataclass, replace

from poolkeeper.simulate.plan import Plan
from poolkeeper.simulate.proposal import HeldOut, Outcome
from poolkeeper.simulate.search import CLEARLY, TIE, WORTH, Search, Trial, windows

PATTERN = 0.2
"""Where the time of the week foretells less of the ups and downs, there is no pattern to put windows on."""
CHEAPER, FULLER = 0.01, 0.001
"""What is clearly better on days that were held out: GPU-hours saved, or requests brought inside, as shares."""
SLACK = 0.002
"""A held-out week that misses the objective by less is not held against a plan."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The plan to propose, why, and what it did on the held-out days; `stays`: it is today's pool as it is."""

    chosen: Trial
    because: str
    held_out: HeldOut
    stays: bool = False


def judged(search: Search, share: float) -> Verdict:
    """Return the plan to propose; `share` of the ups and downs of the held-out days the time of the week foretold."""
    flat = settled(search, search.flat())
    chosen, because = chosen_of(search, flat, share)
    return beside_today(search, flat, chosen, because)


def chosen_of(search: Search, flat: Trial, share: float) -> tuple[Trial, str]:
    """Return windows if they were better than none on days that they had not seen, else the plan without, and why."""
    if share < PATTERN:
        words = f"the time of the week foretold {100 * share:.0f} % of the ups and downs of the load"
        return flat, f"no schedule helps: {words} on days held out, which is no pattern"
    found = search.scheduled()
    scheduled = settled(search, found) if found else flat
    if not scheduled.plan.windows:
        return flat, "no schedule helps: the hours of the week need too nearly the same number of replicas"
    if search.best([flat, scheduled]) is flat:
        return flat, f"no schedule helps: {too_little(scheduled, flat)}"
    return held_against(search, flat, scheduled)


def settled(search: Search, trial: Trial) -> Trial:
    """Return a plan with today's floor, unless its own is clearly better on the days it knew or on those held out."""
    plan = trial.plan
    floor = min(search.now.floor, plan.cap)
    same = replace(plan, floor=floor, windows=tuple(one for one in plan.windows if one.min_replicas > floor))
    return trial if is_earned(search, plan, same) else search.trial(same)


def is_earned(search: Search, plan: Plan, other: Plan) -> bool:
    """Return whether a plan is clearly better than another on the days it knew, or on those held out."""
    return plan == other or any(
        earns(search.trial(plan, unseen=unseen).outcome, search.trial(other, unseen=unseen).outcome, search.wanted)
        for unseen in (False, True)
    )


def held_against(search: Search, flat: Trial, scheduled: Trial) -> tuple[Trial, str]:
    """Return windows if on the held-out days they were better than none, with their own bounds and with the best."""
    with_windows = search.trial(scheduled.plan, unseen=True)
    without = search.trial(scheduled.plan.unscheduled, unseen=True)
    other = search.trial(flat.plan, unseen=True)
    for plain in (without, other):
        if not is_better(with_windows.outcome, plain.outcome, search.wanted):
            return flat, f"no schedule helps: on the days held out, {too_little(with_windows, plain)}"
    words = f"on the days held out, {beside(with_windows, without)}"
    return scheduled, f"{words}; the best pool without windows came to {said(other.outcome)}"


def beside_today(search: Search, flat: Trial, chosen: Trial, because: str) -> Verdict:
    """Return the plan, or today's pool where the plan is not clearly better: on the days it knew, and on the others."""
    today, unseen = search.today(), search.today(unseen=True).outcome
    held = search.trial(chosen.plan, unseen=True).outcome
    plain = search.trial(chosen.plan.unscheduled if chosen.plan.windows else flat.plan, unseen=True).outcome
    days = search.history.days
    if search.best([today, chosen]) is chosen and earns(held, unseen, search.wanted):
        return Verdict(chosen, because, HeldOut(days, unseen, plain, held))
    words = f"on the days held out, it came to {said(unseen)}, the best other pool to {said(held)}"
    reason = "today's pool stays: none is clearly better"
    reason = f"{reason}; {words}" if held != unseen else reason
    because = reason if chosen.plan.windows else f"{because}; {reason}"
    return Verdict(today, because, HeldOut(days, unseen, plain, unseen), stays=True)


def earns(one: Outcome, other: Outcome, wanted: float) -> bool:
    """Return whether one is clearly better; where the other misses the objective, more inside is, whatever it costs."""
    misses = other.inside < wanted - SLACK
    return is_better(one, other, wanted) or (misses and one.inside - other.inside >= CLEARLY)


def is_better(one: Outcome, other: Outcome, wanted: float) -> bool:
    """Return whether one is clearly better: cheaper with enough inside, or more inside for what that is worth."""
    more = one.inside - other.inside
    enough = one.inside >= min(other.inside - TIE, wanted - SLACK)
    cheaper = enough and one.gpu_hours <= (1 - CHEAPER) * other.gpu_hours
    return cheaper or (more >= FULLER and one.gpu_hours <= (1 + WORTH * more) * other.gpu_hours)


def too_little(scheduled: Trial, flat: Trial) -> str:
    """Return what windows came to, which is too little."""
    return f"the gain is too small for {windows(len(scheduled.plan.windows))}: {beside(scheduled, flat)}"


def beside(scheduled: Trial, flat: Trial) -> str:
    """Return what windows came to, and what none came to."""
    many = windows(len(scheduled.plan.windows))
    return f"{many} came to {said(scheduled.outcome)}, no windows to {said(flat.outcome)}"


def said(outcome: Outcome) -> str:
    """Return what a pool came to, in words."""
    return f"{outcome.gpu_hours:.0f} GPU-hours a week with {100 * outcome.inside:.2f} % inside"
