"""The fields of other scalers' objects, read so that one that is not as it should be is named."""

from collections.abc import Iterable, Mapping
from typing import Any

from poolkeeper.cli.migration.outcome import Json, UnfitError


def whole(body: Mapping[str, Any], name: str, path: str, default: int | None = None) -> int:
    """Return a whole number that is not under 0; without a default it must be there. `path` is how it is called.

    Raises:
        UnfitError: it is not there, or is none.
    """
    found = body.get(name)
    if found is None and default is not None:
        return default
    if found is None:
        raise UnfitError(f"{path}: it is missing; a whole number belongs there")
    text = str(found)
    if not (text.isascii() and text.isdecimal()):
        raise UnfitError(f"{path}: {text!r} must be a whole number")
    return int(text)


def one_of(body: Json, name: str, path: str, known: Iterable[str]) -> str:
    """Return a word that must be one of those that are known.

    Raises:
        UnfitError: it is none of them.
    """
    found, known = str(body.get(name)), tuple(known)
    if found not in known:
        raise UnfitError(f"{path}: {found!r} must be {' or '.join(known)}")
    return found
