"""A pool that might be proposed, and the spec that it comes to."""

from dataclasses import dataclass, replace
from datetime import timedelta

from poolkeeper.api.weekdays import cron, ends_next_day, parse_days
from poolkeeper.core.model import Limits, PoolSpec, Queue, Schedule, Window
from poolkeeper.simulate.proposal import Proposed, Question


@dataclass(frozen=True, slots=True)
class Plan:
    """Bounds, thresholds and windows; `floor` holds where no window does."""

    floor: int
    cap: int
    above: float
    below: float
    lead: timedelta = timedelta(0)
    windows: tuple[Proposed, ...] = ()

    @property
    def unscheduled(self) -> "Plan":
        """The same plan without its windows."""
        return replace(self, windows=())


def planned(plan: Plan, question: Question) -> PoolSpec:
    """Return today's pool as the plan would have it, with what of its schedule is kept."""
    today, kept = question.spec, question.kept
    windows = (*kept.windows, *(window(one) for one in plan.windows))
    lead = plan.lead if plan.windows else kept.lead_time
    schedule = Schedule(windows, question.timezone, lead, kept.outside)
    return replace(
        today,
        min_replicas=plan.floor,
        max_replicas=plan.cap,
        queue=thresholds(today.queue, plan.above, plan.below),
        schedule=schedule if windows or kept.outside != Limits() else None,
    )


def thresholds(queue: Queue, above: float, below: float) -> Queue:
    """Return the queue's rules with these thresholds."""
    return replace(queue, up=replace(queue.up, above=above), down=replace(queue.down, below=below))


def window(proposed: Proposed) -> Window:
    """Return a proposed window as the rules read it, the way the resource's days and hours are read."""
    days = parse_days(proposed.days)
    start = cron(days, proposed.begin)
    end = cron(days, proposed.end, later=ends_next_day(proposed.begin, proposed.end))
    return Window(proposed.name, start, end, Limits(proposed.min_replicas, proposed.max_replicas))
