"""kube-downscaler's annotations -> the pool's schedule.

A workload is up where its uptime says so and its downtime does not; what it does not say itself its namespace says.
Down is so many replicas, none unless `downtime-replicas` says otherwise.

Source: `kube_downscaler/scaler.py` and `helper.py` of py-kube-downscaler 25, and its README.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from poolkeeper.cli.migration.outcome import Json, Note, Part, UnfitError, carried, differs, left
from poolkeeper.core.zones import zone

PREFIX = "downscaler/"
RECURRING = re.compile(r"([A-Za-z]{3})-([A-Za-z]{3}) (\d\d:\d\d)-(\d\d:\d\d) (\S+)")
ABSOLUTE = re.compile(r"\d{4}-\d\d-\d\dT\S+")
ALWAYS, NEVER = "always", "never"
TIMES = ("uptime", "downtime")
URGENT = 10
"""The priority of what is off: it counts over what is on."""
UNKNOWN: Mapping[str, str] = {
    "upscale-period": "it acts in that time alone, and leaves the size be after it: a window holds them throughout",
    "downscale-period": "it acts in that time alone, and leaves the size be after it: write the whole time as a window",
    "force-uptime": "for a while: poolkeeper override NAME --min N --for 2h; it ends by itself",
    "force-downtime": "for a while: poolkeeper override NAME --min 0 --max 0 --for 2h; it ends by itself",
    "exclude-until": "until then: poolkeeper override NAME --min N --for TIME, or poolkeeper.io/paused-until",
    "scale-children": "a pool has one workload",
}


class Told(NamedTuple):
    """What one annotation says, and where it stands."""

    name: str
    value: str
    field: str


class Times(NamedTuple):
    """One recurring time: days, from and to, and the zone."""

    days: str
    begin: str
    end: str
    place: str


class Sizes(NamedTuple):
    """How many replicas there are: at least and at most while it is up, and while it is down."""

    least: int
    most: int
    down: int


def annotations(workload: Json, namespace: Json) -> dict[str, Told]:
    """Return what is said of a workload, by the name without its prefix: by itself, else by its namespace."""
    found: dict[str, Told] = {}
    for where, body in (("namespace ", namespace), ("", workload)):
        for key, value in ((body.get("metadata") or {}).get("annotations") or {}).items():
            if key.startswith(PREFIX):
                name = key.removeprefix(PREFIX)
                found[name] = Told(name, str(value), f"{where}{key}")
    return found


def schedules(found: Mapping[str, Told]) -> bool:
    """Return whether the annotations are about time at all."""
    return any(name in found for name in (*TIMES, *UNKNOWN)) and not excluded(found)


def excluded(found: Mapping[str, Told]) -> bool:
    """Return whether the downscaler leaves the workload alone."""
    return "exclude" in found and found["exclude"].value.lower() == "true"


def part(found: Mapping[str, Told], least: int, most: int) -> Part:
    """Return the schedule of a workload that has from `least` to `most` replicas while it is up.

    Raises:
        UnfitError: an annotation means nothing.
    """
    down = downtime(found)
    sizes = Sizes(least, most, down)
    times = {name: list(recurring(found[name])) for name in TIMES if name in found}
    zones = list(dict.fromkeys(one.place for each in times.values() for one in each))
    notes = [*spoken(found, down), *absolutes(found), *of_zones(zones)]
    up = [one for one in times.get("uptime", ()) if one.place == zones[0]]
    off = [one for one in times.get("downtime", ()) if one.place == zones[0]]
    if not zones:
        return Part({}, tuple(notes))
    windows = [window(one, "up", place, {}) for place, one in enumerate(up, 1)]
    windows += [window(one, "off", place, asleep(sizes) | {"priority": URGENT}) for place, one in enumerate(off, 1)]
    made: Json = {"timezone": zones[0], "windows": windows}
    made |= {"outside": asleep(sizes)} if up else {}
    return Part({"schedule": made}, (*notes, *overnight([*up, *off])))


def downtime(found: Mapping[str, Told]) -> int:
    """Return how many replicas a workload has while it is down."""
    told = found.get("downtime-replicas")
    if told is None:
        return 0
    if not told.value.isdecimal():
        raise UnfitError(f"{told.field}: {told.value!r} must be a whole number")
    return int(told.value)


def recurring(told: Told) -> Iterator[Times]:
    """Yield the weekly times of an annotation.

    Raises:
        UnfitError: one is none.
    """
    if told.value.lower() in {ALWAYS, NEVER}:
        return
    for text in map(str.strip, told.value.split(",")):
        found = RECURRING.fullmatch(text)
        if found is None and ABSOLUTE.match(text):
            continue
        if found is None:
            raise UnfitError(
                f'{told.field}: {text!r} is no time; it is written as in "Mon-Fri 07:30-20:30 Europe/Berlin"'
            )
        first, last = found[1].title(), found[2].title()
        try:
            zone(found[5])
        except ValueError as error:
            raise UnfitError(f"{told.field}: {error}") from error
        yield Times(first if first == last else f"{first}-{last}", found[3], found[4], found[5])


def window(one: Times, name: str, place: int, bounds: Json) -> Json:
    """Return one window; of several the second is `up-2`."""
    numbered = name if place == 1 else f"{name}-{place}"
    return {"name": numbered, "days": one.days, "from": one.begin, "to": one.end, **bounds}


def asleep(sizes: Sizes) -> Json:
    """Return the bounds while it is down: at once, as the downscaler does it."""
    return {"minReplicas": sizes.down, "maxReplicas": sizes.down, "force": True}


def spoken(found: Mapping[str, Told], down: int) -> Iterator[Note]:
    """Yield what becomes of each annotation."""
    for name, told in found.items():
        if name in TIMES and told.value.lower() in {ALWAYS, NEVER}:
            yield carried(told.field, f"{told.value}: that is no window")
        elif name in TIMES:
            yield carried(told.field, f"{told.value}: as windows; down is {down} replica{'' if down == 1 else 's'}")
            words = "busy replicas are waited for (drain.deadline); the floor counts before the window (leadTime: auto)"
            yield differs(told.field, words)
        elif name == "downtime-replicas":
            yield carried(told.field, f"{down}, as the bounds while it is down")
        elif name in UNKNOWN:
            yield left(told.field, UNKNOWN[name])


def absolutes(found: Mapping[str, Told]) -> Iterator[Note]:
    """Yield notes on times with a date."""
    for told in (found[name] for name in TIMES if name in found):
        if any(ABSOLUTE.match(text.strip()) for text in told.value.split(",")):
            words = "a time with a year is no window, which comes again: poolkeeper override for that time does it"
            yield left(told.field, words)


def of_zones(zones: list[str]) -> Iterator[Note]:
    """Yield a note where there are several zones."""
    if len(zones) > 1:
        words = f"a pool has one zone, {zones[0]}: what is written in {', '.join(zones[1:])} is to be written in it"
        yield left("timezone", words)


def overnight(found: list[Times]) -> Iterator[Note]:
    """Yield notes on times that end on the next day."""
    for one in found:
        if one.end <= one.begin:
            words = f"{one.begin}-{one.end} goes on into the next day; py-kube-downscaler never took it to be then"
            yield differs("uptime, downtime", words)
