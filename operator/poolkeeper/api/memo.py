"""What must survive a restart: Memory <-> status.memory.

Clocks that end something (the grace clock, a foreign write, the last reclaim) are stored; what the next looks bring
back by themselves is not. The grace clock is stored once it is older than max(STORE_AFTER, grace / 10), so that a queue
which is noise round its threshold costs no writes; a stored clock that was cleared must be cleared in the store at
once. The learned week changes when one of its slots ends: one write, 900 bytes a week; the slot under way is lost. What
the pool has cost is account.py's, what Observe has measured observe_memo.py's.
"""

import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from math import isfinite, isnan
from typing import Any

from poolkeeper.api import account, batch, observe_memo
from poolkeeper.api.units import format_duration, format_instant, parse_duration, parse_instant
from poolkeeper.core.habit import by_monday
from poolkeeper.core.memory import Edit, Edits, Grace, Habit, Load, Memory, Pin, Starts, Tiers, Week
from poolkeeper.core.week import SLOTS

Json = dict[str, Any]

STORE_AFTER = timedelta(seconds=10)
CLOCKS = ("shortSince", "idleSince")
"""The clocks that a restart trusts: that of the grace period, and the idle one."""
LOADS = struct.Struct(f"<{SLOTS}e")
UNIT = 16
"""Loads are half-precision floats of this many requests: exact to 0.05 %, up to a million."""
UNKNOWN = float("nan")
ROUGHLY = 0.2


def dump(
    memory: Memory, grace_period: timedelta, stored: Mapping[str, Any], idle_after: timedelta | None = None
) -> Json:
    """Return what to store; `stored` is what is there, so that a stored clock is not dropped while it runs."""
    made: Json = {"target": memory.target} if memory.target else {}
    periods = {"shortSince": grace_period, "idleSince": idle_after or grace_period}
    clocks = {name: _clock(name, memory.grace, period, stored) for name, period in periods.items()}
    made |= {name: clock for name, clock in clocks.items() if clock}
    if memory.edits.asked is not None:
        made["asked"] = memory.edits.asked
    if memory.edits.edit is not None:
        made["edit"] = _edit(memory.edits.edit)
    if memory.edits.restored:
        made["restored"] = [format_instant(at) for at in memory.edits.restored]
    if memory.known_queues:
        made["queues"] = list(memory.known_queues)
    if memory.starts.template:
        made["starts"] = _starts(memory.starts)
    if memory.leads_to is not None:
        made["leadsTo"] = format_instant(memory.leads_to)
    tiers = _tiers(memory.tiers)
    made |= {"tiers": tiers} if tiers else {}
    made |= {"replica": _replica(memory.load, stored.get("replica"))} if memory.load.speed else {}
    made |= {"habit": _habit(memory.habit, stored.get("habit"))} if memory.habit.weeks else {}
    made |= {"pin": _pin(memory.pin)} if memory.pin else {}
    made |= batch.dump(memory.jobs)
    observed = observe_memo.dump(memory.counterfactual)
    made |= {"observe": observed} if observed else {}
    paid = account.dump(memory.account)
    return made | ({"account": paid} if paid else {})


def load(stored: Mapping[str, Any], looked_until: datetime | None, now: datetime) -> Memory:
    """Return the memory that was stored; empty where nothing was, or nothing that can be read.

    The account and Observe's figures are read by themselves: a clock that cannot be read costs the clocks, no money.

    `looked_until` is when an operator last looked at the pool (the lease's last renewal): from there the gap counts.
    Unknown, a stored clock is not trusted. Instants after `now` were stored before the server's time was set back:
    such a clock is not trusted either, and anything else is taken to have happened now.
    """
    try:
        memory = _load(stored, looked_until if looked_until and looked_until <= now else None, now)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        memory = Memory()
    observed = observe_memo.load(stored.get("observe"), now)
    return replace(memory, account=account.load(stored.get("account"), now), counterfactual=observed)


def _load(stored: Mapping[str, Any], looked_until: datetime | None, now: datetime) -> Memory:
    return Memory(
        target=stored.get("target", ""),
        grace=_read_grace(stored, looked_until, now),
        starts=_read_starts(stored.get("starts", {})),
        leads_to=parse_instant(stored["leadsTo"]) if "leadsTo" in stored else None,
        edits=Edits(
            asked=stored.get("asked"),
            edit=_read_edit(stored["edit"], now) if "edit" in stored else None,
            restored=tuple(min(now, parse_instant(at)) for at in stored.get("restored", ())),
        ),
        tiers=_read_tiers(stored.get("tiers", {}), now),
        known_queues=tuple(str(name) for name in stored.get("queues", ())),
        load=_read_replica(stored.get("replica")),
        pin=_read_pin(stored["pin"], now) if "pin" in stored else None,
        habit=_read_habit(stored.get("habit")),
        jobs=batch.load(stored),
    )


def _clock(name: str, grace: Grace, period: timedelta, stored: Mapping[str, Any]) -> str | None:
    """Return the start of R2's clock, or of the idle one, if it is to be stored."""
    since = grace.short_since if name == "shortSince" else grace.idle_since
    if since is None or grace.sampled_at is None:
        return None
    start = format_instant(since)
    if stored.get(name) == start:
        return start
    return start if grace.sampled_at - since >= max(STORE_AFTER, period / 10) else None


def _read_grace(stored: Mapping[str, Any], looked_until: datetime | None, now: datetime) -> Grace:
    """Return the clocks that can be trusted."""
    clocks = {name: parse_instant(stored[name]) for name in CLOCKS if name in stored}
    trusted = {name: since for name, since in clocks.items() if since <= now}
    if looked_until is None or not trusted:
        return Grace()
    return Grace(
        short_since=trusted.get("shortSince"),
        sampled_at=max(looked_until, *trusted.values()),
        idle_since=trusted.get("idleSince"),
    )


def _edit(edit: Edit) -> Json:
    return {"writer": edit.writer, "at": format_instant(edit.at), "ours": edit.ours, "theirs": edit.theirs}


def _read_edit(stored: Mapping[str, Any], now: datetime) -> Edit:
    return Edit(stored["writer"], min(now, parse_instant(stored["at"])), int(stored["ours"]), int(stored["theirs"]))


def _pin(pin: Pin) -> Json:
    return {"replicas": pin.replicas, "by": pin.by, "since": format_instant(pin.since)}


def _read_pin(stored: Mapping[str, Any], now: datetime) -> Pin:
    return Pin(int(stored["replicas"]), str(stored["by"]), min(now, parse_instant(stored["since"])))


def _starts(starts: Starts) -> Json:
    made: Json = {"template": starts.template, "durations": [format_duration(took) for took in starts.durations]}
    return made | ({"slots": starts.slots} if starts.slots is not None else {})


def _read_starts(stored: Mapping[str, Any]) -> Starts:
    return Starts(
        template=stored.get("template", ""),
        durations=tuple(parse_duration(took) for took in stored.get("durations", ())),
        slots=stored.get("slots"),
    )


def _tiers(tiers: Tiers) -> Json:
    """Return what each tier was asked for, how its starts took, and the clocks of the way back."""
    starts = {name: _starts(known) for name, known in tiers.starts.items() if known.template}
    clocks = {"reclaimedAt": tiers.reclaimed_at, "lostSince": tiers.lost_since}
    made: Json = {"asked": dict(tiers.asked)} if tiers.asked else {}
    made |= {"starts": starts} if starts else {}
    made |= {"first": tiers.first} if tiers.first else {}
    return made | {name: format_instant(at) for name, at in clocks.items() if at is not None}


def _read_tiers(stored: Mapping[str, Any], now: datetime) -> Tiers:
    return Tiers(
        asked={name: int(asked) for name, asked in stored.get("asked", {}).items()},
        starts={name: _read_starts(known) for name, known in stored.get("starts", {}).items()},
        reclaimed_at=_happened(stored, "reclaimedAt", now),
        lost_since=_happened(stored, "lostSince", now),
        first=str(stored.get("first", "")),
    )


def _happened(stored: Mapping[str, Any], name: str, now: datetime) -> datetime | None:
    """Return when something happened, now at the latest."""
    return min(now, parse_instant(stored[name])) if name in stored else None


def _replica(load: Load, stored: Any) -> Json:  # noqa: ANN401  whatever the store holds
    """Return what a replica can do; what is stored stands until it is off by ROUGHLY: it is measured all the time."""
    before, now = _read_replica(stored), (load.per_replica or 0.0, load.mean or 0.0)
    known = (before.per_replica or 0.0, before.mean or 0.0)
    if isinstance(stored, dict) and all(abs(new - old) <= ROUGHLY * old for old, new in zip(known, now, strict=True)):
        return stored
    return {"work": f"{now[0]:.2g}", "request": f"{now[1]:.2g}"}


def _read_replica(stored: Any) -> Load:  # noqa: ANN401  whatever the store holds
    try:
        work, request = float(stored["work"]), float(stored["request"])
    except (KeyError, TypeError, ValueError):
        return Load()
    if not (isfinite(work) and isfinite(request) and min(work, request) > 0):
        return Load()
    return Load(per_replica=work, works=request, requests=1.0)


def _habit(habit: Habit, stored: Any) -> Json:  # noqa: ANN401  whatever the store holds
    """Return the learned week; what is stored where it has not changed since, for this is asked at each look."""
    until = format_instant(habit.until) if habit.until else ""
    if isinstance(stored, dict) and (stored.get("until"), stored.get("zone")) == (until, habit.zone):
        return stored
    return {
        "zone": habit.zone,
        "until": until,
        "weeks": {str(week.monday): _packed(week.loads) for week in habit.weeks},
    }


def _packed(loads: tuple[float | None, ...]) -> str:
    units = (UNKNOWN if load is None else load / UNIT for load in loads)
    return b64encode(LOADS.pack(*units)).decode()


def _read_habit(stored: Any) -> Habit:  # noqa: ANN401  whatever the store holds
    """Return the learned week; garbage in it costs what was learned, and no clock."""
    try:
        weeks = [Week(date.fromisoformat(monday), _unpacked(packed)) for monday, packed in stored["weeks"].items()]
        ordered = tuple(sorted(weeks, key=by_monday, reverse=True))
        return Habit(str(stored["zone"]), ordered, parse_instant(stored["until"]))
    except (AttributeError, KeyError, TypeError, ValueError, struct.error):
        return Habit()


def _unpacked(packed: str) -> tuple[float | None, ...]:
    return tuple(None if isnan(units) else units * UNIT for units in LOADS.unpack(b64decode(packed)))
