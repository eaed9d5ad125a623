"""Work that can wait, as users write it, as the status tells it, and what of it survives a restart."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time, timedelta
from math import isfinite
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from poolkeeper.api.fields import KNOWN_ZONE, AutoDuration, Zone
from poolkeeper.api.rules import Part, Rule
from poolkeeper.api.schedule import TIMES_RULES, Cron, Days, Hour, HourOrMidnight, check_ends, crons, quoted
from poolkeeper.api.shape import Shape
from poolkeeper.api.units import DURATION_PATTERN, format_duration, format_instant, parse_duration, parse_instant
from poolkeeper.api.weekdays import HOUR_PATTERN
from poolkeeper.core import model
from poolkeeper.core.batch import Plan
from poolkeeper.core.memory import Jobs

Json = dict[str, Any]
NO_TIME = timedelta(0)
SECOND = timedelta(seconds=1)


def is_time_of_day(text: str) -> bool:
    """Return whether a deadline is a time of each day."""
    return re.fullmatch(HOUR_PATTERN, text) is not None


def _deadline(text: str) -> str:
    if not is_time_of_day(text) and not re.fullmatch(DURATION_PATTERN, text):
        raise ValueError(f"{text!r} is no time of day and no duration; write 07:00 or 6h")
    return text


Deadline = Annotated[
    str,
    Field(max_length=24, json_schema_extra={"pattern": f"{HOUR_PATTERN}|{DURATION_PATTERN}"}),
    BeforeValidator(quoted),
    AfterValidator(_deadline),
]


class CheapHours(Part):
    """The hours in which the work is to run: days and hours, or two cron expressions for what these cannot say."""

    days: Days | None = None
    """On which days it begins: `Mon-Fri`, `Sat,Sun`. Without it, on every day."""
    from_: Hour | None = Field(default=None, alias="from")
    """When it begins, as in `22:00` on the wall clock of the batch's zone."""
    to: HourOrMidnight | None = None
    """When it ends: on the same day if that is later than `from`, else on the next; `24:00` is the end of the day."""
    start: Cron | None = None
    """When it begins, as a cron expression of five fields."""
    end: Cron | None = None
    """When it ends, as a cron expression."""

    RULES: ClassVar = TIMES_RULES

    @model_validator(mode="after")
    def _ends(self) -> "CheapHours":
        check_ends(self.start, self.end, "the batch's window")
        return self

    def to_core(self) -> model.Window:
        """Return the window as the rules read it."""
        return model.Window("batch", *crons(self))


class Batch(Part):
    """Work that can wait: until when it must be done, when it is cheap, and how long a job takes."""

    deadline: Deadline
    """Until when the work must be done: a time of each day, as in `07:00`, or so long after it came, as in `6h`."""
    window: CheapHours | None = None
    """The hours in which it runs if it can be done in time then. Without it, all hours are alike."""
    timezone: Zone = "UTC"
    """The IANA zone whose wall clock deadline and window are read on, as in `America/New_York`."""
    job_time: AutoDuration = "auto"
    """How long one replica takes for a job; of a replica that runs eight at once, an eighth of what each takes.
    `auto`: by the engines' counters, else learned from what the queue loses while nothing comes."""

    RULES: ClassVar = (
        Rule(
            "self.deadline.contains(':') || duration(self.deadline) > duration('0s')",
            lambda it: is_time_of_day(it.deadline) or parse_duration(it.deadline) > NO_TIME,
            "deadline must be a time of day, or longer than 0s",
        ),
        Rule(
            "self.jobTime == 'auto' || duration(self.jobTime) > duration('0s')",
            lambda it: it.job_time == "auto" or parse_duration(it.job_time) > NO_TIME,
            "jobTime must be longer than 0s",
        ),
        Rule(
            "self.deadline.contains(':') || self.jobTime == 'auto' || duration(self.jobTime) < duration(self.deadline)"
            " || duration(self.deadline) <= duration('0s')",
            lambda it: it.can_be_in_time(),
            "jobTime must be shorter than a deadline that is a duration",
        ),
        KNOWN_ZONE,
    )

    def can_be_in_time(self) -> bool:
        """Return whether a job that begins when it comes ends by its deadline; other rules judge a deadline of 0s."""
        if is_time_of_day(self.deadline) or self.job_time == "auto":
            return True
        within = parse_duration(self.deadline)
        return parse_duration(self.job_time) < within or within <= NO_TIME

    def to_core(self) -> model.Batch:
        """Return the batch as the rules read it."""
        daily = time.fromisoformat(self.deadline) if is_time_of_day(self.deadline) else None
        return model.Batch(
            daily=daily,
            within=NO_TIME if daily else parse_duration(self.deadline),
            timezone=self.timezone,
            window=self.window.to_core() if self.window else None,
            job_time=None if self.job_time == "auto" else parse_duration(self.job_time),
        )


BATCH_RULES = (
    Rule(
        "!has(self.batch) || !has(self.forecast) || !self.forecast.enabled",
        lambda it: it.batch is None or it.forecast is None or not it.forecast.enabled,
        "work that can wait needs no floor: give either batch or forecast",
    ),
)
"""The rules of a spec about its batch."""


def unreplaced(tiers: tuple[model.Tier, ...]) -> tuple[model.Tier, ...]:
    """Return tiers for which no other stands in: work that can wait does so until it must run elsewhere."""
    none = {tier.name: replace(tier.fallback, max_replicas=0) for tier in tiers if tier.type is model.CapacityType.SPOT}
    return tuple(replace(tier, fallback=none.get(tier.name, tier.fallback)) for tier in tiers)


class BatchStatus(Shape):
    """The work that can wait, as it was at the last write."""

    work_left: int
    """The jobs that wait or are under way."""
    late: int = 0
    """Those of them whose deadline has passed."""
    due_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None = None
    """When they must be done."""
    must_run_from: Annotated[str, Field(json_schema_extra={"format": "date-time"})] | None = None
    """From when on they must run, where nothing is reclaimed, or they may be late."""
    job_time: str | None = None
    """How long one replica takes for a job. Absent: nobody knows yet."""
    reason: str
    """What becomes of the work, for machines."""


def batch_status(plan: Plan) -> Json:
    """Return the work as the status holds it."""
    work, from_, job = plan.work, plan.needed.must_from, plan.means.job
    told: Json = {
        "dueAt": format_instant(work.due_at.replace(microsecond=0)) if work.left else None,
        "mustRunFrom": format_instant(from_.replace(microsecond=0)) if from_ else None,
        "jobTime": f"{job / SECOND:.3g}s" if job else None,
    }
    known = {key: value for key, value in told.items() if value is not None}
    return {"workLeft": round(work.left), "late": round(work.late), **known, "reason": plan.needed.reason.value}


def dump(jobs: Jobs) -> Json:
    """Return what is to be stored of the work: its deadline, what is late of it, and how fast a replica is."""
    made: Json = {"dueAt": format_instant(jobs.due_at)} if jobs.due_at else {}
    made |= {"jobSpeed": str(jobs.speed)} if jobs.speed else {}
    made |= {"nodeWait": format_duration(jobs.waited)} if jobs.waited else {}
    made |= {"late": round(jobs.late)} if jobs.late else {}
    return made


def load(stored: Mapping[str, Any]) -> Jobs:
    """Return what was stored of the work; raises ValueError where that cannot be read."""
    speed = float(stored["jobSpeed"]) if "jobSpeed" in stored else None
    return Jobs(
        due_at=parse_instant(stored["dueAt"]) if "dueAt" in stored else None,
        late=float(stored.get("late", 0)),
        speed=speed if speed and isfinite(speed) and speed > 0 else None,
        waited=parse_duration(stored["nodeWait"]) if "nodeWait" in stored else NO_TIME,
    )
