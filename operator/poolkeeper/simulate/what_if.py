"""Variants of a pool: one field of its spec changed to each of several values, as `queue.scaleUp.above=800,1200` says.

The same models read them that read the pool, so what is refused here would be refused in the cluster, too.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import yaml
from pydantic import BaseModel

from poolkeeper.api.problems import inside, shown
from poolkeeper.api.spec import Spec, SpecError, parse_spec
from poolkeeper.core.model import PoolSpec

Json = dict[str, Any]
Path = tuple[str | int, ...]

FORM = "write it as in queue.scaleUp.above=800,1200"
PART = re.compile(r"[A-Za-z][\w-]*(\[\d+\])*")
"""A field's name, with the numbers of elements where it is a list."""


class WhatIfError(ValueError):
    """A change that cannot be tried; the words name the field and what would be right."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A spec, and what was changed to come to it, as in `queue.scaleUp.above=800`."""

    name: str
    spec: PoolSpec


def variants(spec: Mapping[str, Any], change: str) -> Iterator[Variant]:
    """Yield a pool's JSON spec with each of the values of a change.

    Raises:
        WhatIfError: there is no such field, or a value is none that it takes.
    """
    name, sign, values = change.partition("=")
    if not sign or not values:
        raise WhatIfError(f"{change!r} changes nothing; {FORM}")
    where = path(name)
    for value in values.split(","):
        yield Variant(f"{name.removeprefix('spec.')}={value}", changed(spec, where, value))


def path(name: str) -> Path:
    """Return where a dotted name points to, as in `schedule.windows[0].minReplicas`; `spec.` before it is allowed.

    Raises:
        WhatIfError: it is no such name.
    """
    parts = name.removeprefix("spec.").split(".")
    if not all(PART.fullmatch(part) for part in parts):
        raise WhatIfError(f"{name!r} is no path of a field; {FORM}")
    return tuple(int(piece) if piece.isdigit() else piece for part in parts for piece in re.findall(r"[\w-]+", part))


def changed(spec: Mapping[str, Any], where: Path, text: str) -> PoolSpec:
    """Return the spec with a value at a place: as YAML reads it, or as text where only that is right.

    Raises:
        WhatIfError: neither is right.
    """
    first: SpecError | None = None
    for value in readings(text):
        try:
            return parse_spec(placed(deepcopy(dict(spec)), where, value)).to_core()
        except SpecError as error:
            first = first or error
    raise WhatIfError(
        "; ".join(told(problem, where) for problem in first.problems) if first else f"{text!r} is no value"
    )


def told(problem: str, where: Path) -> str:
    """Return a problem with the fields that may have been meant, where there is none of that name."""
    if "no such field" not in problem or "did you mean" in problem:
        return problem
    near = nearest(str(where[-1]))
    return (
        f"{problem}; near it: {', '.join(near)}" if near else f"{problem}; the fields are in docs/reference/fields.md"
    )


def nearest(name: str) -> list[str]:
    """Return the paths of the fields whose names are like this one, wherever they are."""
    known = list(paths(Spec))
    close = get_close_matches(name.lower(), {one.rpartition(".")[2].lower() for one in known}, n=2)
    return [one for one in known if one.rpartition(".")[2].lower() in close]


def paths(model: type[BaseModel], before: str = "") -> Iterator[str]:
    """Yield the paths of all fields that a model and the models in it have; `[0]` stands for any element."""
    for field in model.model_fields.values():
        name = f"{before}{field.alias}"
        try:
            part = inside(field.annotation)
        except IndexError:
            yield name
        else:
            yield from paths(part, f"{name}{'[0]' if 'tuple[' in str(field.annotation) else ''}.")


def readings(text: str) -> Iterator[Any]:
    """Yield what a value may mean: `5` is a number to most fields, and text to a price."""
    with suppress(yaml.YAMLError):
        yield yaml.safe_load(text)
    yield text


def placed(spec: Json, where: Path, value: object) -> Json:
    """Return a spec with a value put in its place; parts that are not there are made.

    Raises:
        WhatIfError: an element of a list is meant that is not there, or a part of what has none.
    """
    inner: Any = spec
    for number, part in enumerate(where):
        if isinstance(part, int) and not (isinstance(inner, list) and part < len(inner)):
            raise WhatIfError(f"{shown(where[: number + 1])}: there is no such element in the pool's YAML")
        if isinstance(part, str) and not isinstance(inner, dict):
            raise WhatIfError(f"{shown(where[:number])}: has no field {part!r} in the pool's YAML")
        if number == len(where) - 1:
            inner[part] = value
        elif isinstance(part, str) and inner.get(part) is None:
            inner[part] = {}
        inner = inner[part]
    return spec
