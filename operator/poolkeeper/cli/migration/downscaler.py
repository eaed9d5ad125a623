"""kube-downscaler's annotations -> the pool's schedule.

A workload is up where its uptime says so and its downtime does not; what it does not say itself its namespace says.
Down is so many replicas, none unless `downtime-replicas` says otherwise.

Source: `kube_downscaler/scaler.py` and `helper.py` of py-kube-downscaler 25, and its README.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from poolkeeper.cli.migration.outcome import Json, Note, Part, UnfitError, carried, differs, left
from poolkeeper.core.zones import zone

PREFIX = "downscaler/"
RECURRING = re.compile(r"([A-Za-z]{3})-([A-Za-z]{3}) (\d\d:\d\d)-(\d\d:\d\d) (\S+)")
ABSOLUTE = re.compile(r"\d{4}-\d\d-\d\dT\S+")
ALWAYS, NEVER = "always", "never"
TIMES = ("uptime", "downtime")
"""Whose zone counts first comes first."""
URGENT = 10
"""The priority of what is off: it counts over what is on."""
NOT_CUT = (
    ". So that it is not cut, it stays up outside of the windows too: once this is taken care of, write "
    "outside: {{minReplicas: {0}, maxReplicas: {0}, force: true}}"
)
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
    """One recurring time: days, from and to, the zone, and how it is written."""

    days: str
    begin: str
    end: str
    place: str
    text: str


class Spoken(NamedTuple):
    """The times of an annotation: those that become windows, those of other zones, and those with a date."""

    told: Told
    kept: list[Times]
    elsewhere: list[Times]
    dated: list[str]

    @property
    def is_whole(self) -> bool:
        """Whether all of it becomes windows."""
        return not (self.elsewhere or self.dated)


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

    An uptime that is no window here would fall outside, and be cut: then nothing is down but in the downtime.

    Raises:
        UnfitError: an annotation means nothing, or keeps it down.
    """
    check_is_up(found)
    sizes = Sizes(least, most, downtime(found))
    each = spoken({name: found[name] for name in TIMES if name in found})
    up, off = (each[name].kept if name in each else [] for name in TIMES)
    closed = not up or each["uptime"].is_whole
    notes = (*times_told(each.values(), sizes.down), *others_told(found, sizes.down), *overnight([*up, *off]))
    if not (up or off):
        return Part({}, notes)
    bounds = {} if closed else {"minReplicas": least}
    windows = [window(one, "up", place, bounds) for place, one in enumerate(up, 1)]
    windows += [window(one, "off", place, asleep(sizes) | {"priority": URGENT}) for place, one in enumerate(off, 1)]
    outside = {"outside": asleep(sizes)} if up and closed else {}
    return Part({"schedule": {"timezone": (up or off)[0].place, "windows": windows, **outside}}, notes)


def check_is_up(found: Mapping[str, Told]) -> None:
    """Refuse what is never up.

    Raises:
        UnfitError: the words name its annotation.
    """
    for name, kept_down in zip(TIMES, (NEVER, ALWAYS), strict=True):
        if name in found and found[name].value.lower() == kept_down:
            words = "keeps it down, so a pool has nothing to do: migrate it once that annotation is gone"
            raise UnfitError(f"{found[name].field}: {found[name].value} {words}")


def spoken(found: Mapping[str, Told]) -> dict[str, Spoken]:
    """Return the times of each annotation; a pool has the zone of the first."""
    times = {name: list(recurring(told)) for name, told in found.items()}
    place = next((one.place for each in times.values() for one in each), "")
    return {
        name: Spoken(
            found[name],
            [one for one in each if one.place == place],
            [one for one in each if one.place != place],
            [text for text in found[name].value.split(",") if ABSOLUTE.match(text.strip())],
        )
        for name, each in times.items()
    }


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
        yield Times(first if first == last else f"{first}-{last}", found[3], found[4], found[5], text)


def window(one: Times, name: str, place: int, bounds: Json) -> Json:
    """Return one window; of several the second is `up-2`."""
    numbered = name if place == 1 else f"{name}-{place}"
    return {"name": numbered, "days": one.days, "from": one.begin, "to": one.end, **bounds}


def asleep(sizes: Sizes) -> Json:
    """Return the bounds while it is down: at once, as the downscaler does it."""
    return {"minReplicas": sizes.down, "maxReplicas": sizes.down, "force": True}


def times_told(each: Iterable[Spoken], down: int) -> Iterator[Note]:
    """Yield what becomes of the times of each annotation."""
    for one in each:
        told = one.told
        cut = not one.is_whole and told.name == "uptime"
        if told.value.lower() in {ALWAYS, NEVER}:
            yield carried(told.field, f"{told.value}: that is no window")
        if one.kept:
            size = "" if cut else f"; down is {down} replica{'' if down == 1 else 's'}"
            yield carried(told.field, f"{', '.join(time.text for time in one.kept)}: as windows{size}")
            words = "busy replicas are waited for (drain.deadline); the floor counts before the window (leadTime: auto)"
            yield differs(told.field, words)
        yield from left_out(one, NOT_CUT.format(down) if cut else "")


def left_out(one: Spoken, words: str) -> Iterator[Note]:
    """Yield notes on the times that become no window; `words` are what else that means."""
    if one.elsewhere:
        times, place = ", ".join(time.text for time in one.elsewhere), one.kept[0].place if one.kept else "another"
        yield left(one.told.field, f"{times}: a pool has one zone, {place}: write it as a window in that{words}")
    if one.dated:
        again = "a time with a year is no window, which comes again: poolkeeper override for that time does it"
        yield left(one.told.field, f"{', '.join(map(str.strip, one.dated))}: {again}{words}")


def others_told(found: Mapping[str, Told], down: int) -> Iterator[Note]:
    """Yield what becomes of the annotations that are no times."""
    for name, told in found.items():
        if name == "downtime-replicas":
            yield carried(told.field, f"{down}, as the bounds while it is down")
        elif name in UNKNOWN:
            yield left(told.field, UNKNOWN[name])


def overnight(found: list[Times]) -> Iterator[Note]:
    """Yield notes on times that end on the next day."""
    for one in found:
        if one.end <= one.begin:
            words = f"{one.begin}-{one.end} goes on into the next day; py-kube-downscaler never took it to be then"
            yield differs("uptime, downtime", words)
