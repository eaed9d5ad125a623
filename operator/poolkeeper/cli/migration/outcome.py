"""What becomes of other scalers' objects: a part of a pool, and a note on each of their fields."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

Json = dict[str, Any]


class Fate(StrEnum):
    """What becomes of a field."""

    CARRIED = "carried over"
    DIFFERS = "differs"
    LEFT = "not carried over"


@dataclass(frozen=True, slots=True)
class Note:
    """What becomes of a field of the original, and what that means; `field` is its path."""

    fate: Fate
    field: str
    words: str


class Part(NamedTuple):
    """A part of a pool's spec, and notes on what it was made of."""

    spec: Json = {}  # noqa: RUF012  nobody writes into it
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the change-over: what it does, and the commands, one a line."""

    words: str
    commands: tuple[str, ...]


UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)
"""What is raised by objects that are not as their kind has them."""


class UnfitError(ValueError):
    """An object of which no pool can be made; the words name the field and what to do instead."""


def carried(field: str, words: str) -> Note:
    """Return the note that a field means the same here."""
    return Note(Fate.CARRIED, field, words)


def differs(field: str, words: str) -> Note:
    """Return the note that a field has a counterpart here that behaves otherwise."""
    return Note(Fate.DIFFERS, field, words)


def left(field: str, words: str) -> Note:
    """Return the note that a field has no counterpart here, with what to do instead."""
    return Note(Fate.LEFT, field, words)


def joined(parts: Iterable[Part]) -> Part:
    """Return all parts in one; where two give a field, the later one counts."""
    spec: Json = {}
    notes: tuple[Note, ...] = ()
    for part in parts:
        spec, notes = merged(spec, part.spec), (*notes, *part.notes)
    return Part(spec, notes)


def merged(one: Json, other: Json) -> Json:
    """Return two mappings in one, and what they hold likewise."""
    both = {
        key: merged(one[key], value) if isinstance(value, dict) and isinstance(one.get(key), dict) else value
        for key, value in other.items()
    }
    return one | both
