"""The files of a spot market that options name, as FILE or FILE:ZONE: what its zones have, and what one costs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from poolkeeper.cli.simulate_options import known
from poolkeeper.cli.simulate_traffic import lines
from poolkeeper.simulate.stocks import AVAILABLE, PRICE, Changes, Prices, Ticks, prices, read_zones, together
from poolkeeper.simulate.trace import TraceError


def stock(text: str) -> Ticks:
    """Return what the zones of a file have together.

    Raises:
        ValueError: it cannot be read, has no such zone, or several of which none is named.
    """
    found, file = zones(text, AVAILABLE)
    with told_of(file):
        return together(found)


def priced(text: str) -> Prices:
    """Return what a zone of a file costs over time.

    Raises:
        ValueError: it cannot be read, has no such zone, or several of which not one is named.
    """
    found, file = zones(text, PRICE)
    if len(found) > 1:
        raise ValueError(f"{text!r} names {len(found)} zones; a price is that of one")
    with told_of(file):
        return prices(found[0])


def zones(text: str, column: str) -> tuple[list[Changes], Path]:
    """Return what a file says of the zones that are named, of its only one where none is; and the file."""
    file, names = split(text)
    with told_of(file):
        found = read_zones(lines(file), column)
    if names and not any(found):
        raise ValueError(f"{file} names no zones: give it without {','.join(names)}")
    if not names and len(found) > 1:
        first = next(iter(found))
        raise ValueError(f"{file} has {len(found)} zones; say which, as in {file}:{first}: {', '.join(found)}")
    return [found[known(name, tuple(found))] for name in names or found], file


def split(text: str) -> tuple[Path, list[str]]:
    """Return a file, and the zones that are named after it; none where all of it is a file's name."""
    file, colon, names = text.rpartition(":")
    if not colon or Path(text).exists():
        return Path(text), []
    return Path(file), [*dict.fromkeys(name.strip() for name in names.split(","))]


@contextmanager
def told_of(file: Path) -> Iterator[None]:
    """Say which file is meant by what is wrong in it."""
    try:
        yield
    except TraceError as error:
        raise TraceError(f"{file}: {error}") from error
