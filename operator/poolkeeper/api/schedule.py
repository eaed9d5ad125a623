"""The spec's parts about time: windows on the clock, and a floor learned from the traffic (R5).

Days and hours are only a way to write cron pairs: the rules know windows in that form alone.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from poolkeeper.api.fields import KNOWN_ZONE, MAX_REPLICAS, AutoDuration, Duration, Name, Zone
from poolkeeper.api.rules import Part, Rule
from poolkeeper.api.units import parse_duration
from poolkeeper.api.weekdays import (
    DAYS_PATTERN,
    HOUR_PATTERN,
    MIDNIGHT,
    check_days,
    check_hour,
    cron,
    ends_next_day,
    parse_days,
)
from poolkeeper.core import model
from poolkeeper.core.cron import CronError, check, never_ends

MAX_WINDOWS = 32
FIVE_FIELDS = r"^\s*(\S+\s+){4}\S+\s*$"
HAS_BOUNDS = "(has({0}.percent) || has({0}.minReplicas) || has({0}.maxReplicas))"
LONGEST_LEAD = timedelta(hours=24)
SHORTEST_HISTORY, LONGEST_HISTORY = timedelta(days=14), timedelta(days=56)


def _cron(expression: str, given: ValidationInfo) -> str:
    try:
        check(expression)
    except CronError as error:
        raise CronError(f"{error} (window {given.data['name']})" if "name" in given.data else str(error)) from error
    return expression


def _days(text: str) -> str:
    check_days(text)
    return text


def quoted(given: object) -> object:
    """Return a time of day as it was given; ValueError where it is a number already."""
    if isinstance(given, int):
        raise ValueError(f'{given} is a number; put the time of day into quotes, as in "18:00", for YAML may count it')  # noqa: TRY004  pydantic takes ValueError for words
    return given


def _hour(text: str) -> str:
    check_hour(text)
    return text


def _hour_or_midnight(text: str) -> str:
    return text if text == MIDNIGHT else _hour(text)


Cron = Annotated[
    str, Field(min_length=9, max_length=128, json_schema_extra={"pattern": FIVE_FIELDS}), AfterValidator(_cron)
]
Days = Annotated[str, Field(max_length=64, json_schema_extra={"pattern": DAYS_PATTERN}), AfterValidator(_days)]
Hour = Annotated[
    str,
    Field(max_length=5, json_schema_extra={"pattern": HOUR_PATTERN}),
    BeforeValidator(quoted),
    AfterValidator(_hour),
]
HourOrMidnight = Annotated[
    str,
    Field(max_length=5, json_schema_extra={"pattern": rf"{HOUR_PATTERN}|^{MIDNIGHT}$"}),
    BeforeValidator(quoted),
    AfterValidator(_hour_or_midnight),
]
Replicas = Annotated[int, Field(ge=0, le=MAX_REPLICAS)]


class Limits(Part):
    """The bounds that take the place of the pool's own for a while."""

    min_replicas: Replicas | None = None
    """The floor. Without it, the pool's minReplicas, or maxReplicas here if that is less."""
    max_replicas: Replicas | None = None
    """The cap. Without it, the pool's. What is above it leaves by steps of queue.scaleDown, drained."""
    percent: Annotated[int, Field(ge=0, le=100)] | None = None
    """In place of both: floor and cap at once, as a share of the pool's maxReplicas, rounded up."""
    force: bool = False
    """Take what is above the cap away at once, without steps and grace; idle first, busy ones at drain.deadline."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule(
            "!has(self.percent) || !(has(self.minReplicas) || has(self.maxReplicas))",
            lambda it: it.percent is None or (it.min_replicas, it.max_replicas) == (None, None),
            "percent is floor and cap at once: give it, or minReplicas and maxReplicas",
        ),
        Rule(
            "!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",
            lambda it: it.min_replicas is None or it.max_replicas is None or it.min_replicas <= it.max_replicas,
            "minReplicas must not be over maxReplicas here",
        ),
        Rule(
            "!self.force || has(self.percent) || has(self.maxReplicas)",
            lambda it: not it.force or (it.percent, it.max_replicas) != (None, None),
            "force takes away what is above a cap: give maxReplicas or percent",
        ),
    )

    @property
    def is_empty(self) -> bool:
        """Whether it gives no bounds: then the pool's own hold."""
        return (self.percent, self.min_replicas, self.max_replicas) == (None, None, None)

    def within(self, max_replicas: int) -> bool:
        """Return whether both bounds are within the pool's own cap."""
        return max(self.min_replicas or 0, self.max_replicas or 0) <= max_replicas

    @property
    def strands(self) -> bool:
        """Whether the size may fall to 0 and yet be more: then somebody besides the pods must tell when."""
        return self.min_replicas == 0 and self.max_replicas != 0

    def limits(self, max_replicas: int) -> model.Limits:
        """Return the limits as the rules read them, for a pool of this cap."""
        if self.percent is None:
            return model.Limits(self.min_replicas, self.max_replicas, self.force)
        share = -(-self.percent * max_replicas // 100)
        return model.Limits(share, share, self.force)


TIMES_RULES = (
    Rule(
        "has(self.from) == has(self.to) && has(self.start) == has(self.end) && has(self.from) != has(self.start)",
        lambda it: _given(it.from_, it.to) and _given(it.start, it.end) and (it.from_ is None) != (it.start is None),
        "give from and to, or start and end",
    ),
    Rule(
        "!has(self.days) || !has(self.start)",
        lambda it: it.days is None or it.start is None,
        "days belongs to from and to; put the days into the cron expressions",
    ),
    Rule(
        "!has(self.from) || !has(self.to) || self.from != self.to",
        lambda it: it.from_ is None or it.from_ != it.to,
        "from and to are the same; from 00:00 to 24:00 is the whole day",
    ),
)
"""The rules of a part that says when a window begins and ends."""


class Window(Limits):
    """A time with bounds of its own: days and hours, or two cron expressions for what these cannot say."""

    name: Name
    """The window's name, in messages, metrics and the status."""
    days: Days | None = None
    """On which days it begins: `Mon-Fri`, `Mon,Wed,Fri`, `Fri-Mon`. Without it, on every day."""
    from_: Hour | None = Field(default=None, alias="from")
    """When it begins, as in `08:00` on the wall clock of the schedule's zone."""
    to: HourOrMidnight | None = None
    """When it ends: on the same day if that is later than `from`, else on the next; `24:00` is the end of the day."""
    start: Cron | None = None
    """When it begins, as a cron expression of five fields; names, `L` (last) and `#` (`1#2`: second Monday) work."""
    end: Cron | None = None
    """When it ends, as a cron expression."""
    priority: int = 0
    """Of several windows in force the highest priority counts, then the larger floor, then the first."""

    RULES: ClassVar = (
        *Limits.RULES,
        *TIMES_RULES,
    )

    @model_validator(mode="after")
    def _ends(self) -> "Window":
        check_ends(self.start, self.end, f"window {self.name}")
        return self

    def to_core(self, max_replicas: int) -> model.Window:
        """Return the window as the rules read it, for a pool of this cap."""
        start, end = self.crons
        return model.Window(self.name, start, end, self.limits(max_replicas), self.priority)

    @property
    def crons(self) -> tuple[str, str]:
        """The cron expressions of its start and its end."""
        return crons(self)


class Times(Protocol):
    """What says when a window begins and ends."""

    @property
    def days(self) -> str | None: ...  # noqa: D102  a field
    @property
    def from_(self) -> str | None: ...  # noqa: D102  a field
    @property
    def to(self) -> str | None: ...  # noqa: D102  a field
    @property
    def start(self) -> str | None: ...  # noqa: D102  a field
    @property
    def end(self) -> str | None: ...  # noqa: D102  a field


def crons(times: Times) -> tuple[str, str]:
    """Return the cron expressions of a window's start and its end."""
    if times.from_ is None or times.to is None:
        return str(times.start), str(times.end)
    days = parse_days(times.days)
    return cron(days, times.from_), cron(days, times.to, later=ends_next_day(times.from_, times.to))


def check_ends(start: str | None, end: str | None, name: str) -> None:
    """Refuse a window of two cron expressions that never ends; raises CronError."""
    if start and end and never_ends(start, end):
        raise CronError(f"the ends of {name} coincide with its starts: it would never end")


class Outside(Limits):
    """The bounds where no window is in force."""

    RULES: ClassVar = (
        *Limits.RULES,
        Rule(HAS_BOUNDS.format("self"), lambda it: not it.is_empty, "give minReplicas, maxReplicas or percent"),
    )


class Schedule(Part):
    """Windows on the clock that take the place of minReplicas and maxReplicas while they are in force."""

    timezone: Zone = "UTC"
    """The IANA zone whose wall clock the windows are read on, as in `America/New_York`."""
    lead_time: AutoDuration = "auto"
    """How long before a change its floor counts already; `auto`: as long as replicas were seen to take to start."""
    windows: Annotated[
        tuple[Window, ...], Field(strict=False, max_length=MAX_WINDOWS, json_schema_extra={"list-map-key": "name"})
    ] = ()
    """The windows."""
    outside: Outside | None = None
    """The bounds where no window is in force. Without it, the pool's own."""

    RULES: ClassVar = (
        Rule(
            "self.windows.size() > 0 || has(self.outside)",
            lambda it: bool(it.windows) or it.outside is not None,
            "give at least one window, or outside",
        ),
        Rule(
            f"has(self.outside) || self.windows.all(it, {HAS_BOUNDS.format('it')})",
            lambda it: it.outside is not None or not any(window.is_empty for window in it.windows),
            "without outside, a window without minReplicas, maxReplicas or percent does nothing: give one",
        ),
        Rule(
            "self.windows.all(a, self.windows.exists_one(b, b.name == a.name))",
            lambda it: len({window.name for window in it.windows}) == len(it.windows),
            "window names must differ",
        ),
        Rule(
            "self.leadTime == 'auto' || duration(self.leadTime) <= duration('24h')",
            lambda it: it.lead_time == "auto" or parse_duration(it.lead_time) <= LONGEST_LEAD,
            "leadTime must be at most 24h",
        ),
        KNOWN_ZONE,
    )

    @property
    def everywhere(self) -> tuple[Limits, ...]:
        """The bounds of all windows, and those outside."""
        return (*self.windows, *([self.outside] if self.outside else ()))

    def to_core(self, max_replicas: int) -> model.Schedule:
        """Return the schedule as the rules read it, for a pool of this cap."""
        return model.Schedule(
            windows=tuple(window.to_core(max_replicas) for window in self.windows),
            timezone=self.timezone,
            lead_time=None if self.lead_time == "auto" else parse_duration(self.lead_time),
            outside=self.outside.limits(max_replicas) if self.outside else model.Limits(),
        )


class Forecast(Part):
    """A floor learned from the load that the same time of the week has had."""

    enabled: bool = False
    """Whether the floor counts."""
    quantile: Annotated[float, Field(ge=0.5, le=0.99)] = 0.9
    """Which of the past weeks' loads the floor is for: 0.9 is more than nine of ten."""
    history: Duration = "672h"
    """How far back it looks: from two weeks, 336h, to eight, 1344h."""

    RULES: ClassVar = (
        Rule(
            "duration(self.history) >= duration('336h') && duration(self.history) <= duration('1344h')",
            lambda it: SHORTEST_HISTORY <= parse_duration(it.history) <= LONGEST_HISTORY,
            "history must be from 336h to 1344h",
        ),
    )

    def to_core(self) -> model.Forecast | None:
        """Return the forecast as the rules read it, None where it does not count."""
        return model.Forecast(self.quantile, parse_duration(self.history)) if self.enabled else None


def _everywhere(condition: str) -> str:
    """Return the CEL rule on a spec that a condition on `it` holds for each window and outside of them."""
    outside = f"(!has(self.schedule.outside) || [self.schedule.outside].all(it, {condition}))"
    return f"!has(self.schedule) || (self.schedule.windows.all(it, {condition}) && {outside})"


def _holds_everywhere(condition: Callable[[Any, Limits], bool]) -> Callable[[Any], bool]:
    return lambda spec: spec.schedule is None or all(condition(spec, one) for one in spec.schedule.everywhere)


def _only_pods(spec: Any) -> bool:  # noqa: ANN401  the Spec, which is built on this file
    return all(source.pods is not None for source in spec.queue.sources)


POOL_RULES = (
    Rule(
        _everywhere(
            "(!has(it.minReplicas) || it.minReplicas <= self.maxReplicas)"
            " && (!has(it.maxReplicas) || it.maxReplicas <= self.maxReplicas)"
        ),
        _holds_everywhere(lambda spec, one: one.within(spec.max_replicas)),
        "no minReplicas or maxReplicas of the schedule may be over the pool's maxReplicas",
    ),
    Rule(
        "self.queue.sources.exists(source, !has(source.pods)) || "
        + _everywhere("!has(it.minReplicas) || it.minReplicas > 0 || (has(it.maxReplicas) && it.maxReplicas == 0)"),
        _holds_everywhere(lambda spec, one: not (one.strands and _only_pods(spec))),
        "minReplicas 0 in the schedule needs a source besides pods, or maxReplicas 0 too: "
        "without pods there is nobody to ask for more",
    ),
)
"""The rules of a spec about its schedule."""


def _given(one: str | None, other: str | None) -> bool:
    """Return whether both are given or neither is."""
    return (one is None) == (other is None)
