"""What becomes of a pool that is there when one of the same name is applied."""

from collections.abc import Iterator

import yaml

from poolkeeper.api.names import shown
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.cli.recommended_changes import fields
from poolkeeper.cli.starting.facts import Facts, Json


def replacing(facts: Facts, text: str) -> Iterator[str]:
    """Yield what the manifest `text` changes of the pool that has its name; nothing where the name is free."""
    if facts.namesake is None:
        return
    pool = shown(facts.name)
    found = list(differences(whole(facts.namesake), whole(yaml.safe_load(text)["spec"])))
    if found:
        yield f"applied, this replaces {pool} ({', '.join(found)})"
    else:
        yield f"{pool} is there already, and as this has it"


def whole(spec: Json) -> Json:
    """Return a spec with its defaults, which the API server has filled in; one that is refused, as it stands."""
    try:
        return parse_spec(spec).model_dump(mode="json", by_alias=True, exclude_none=True)
    except SpecError:
        return spec


def differences(before: Json, after: Json) -> Iterator[str]:
    """Yield what differs: numbers and words as they were and become, parts by their name alone."""
    both = [name for name in before if name in after]
    for part in both:
        old, new = dict(fields(part, before[part])), dict(fields(part, after[part]))
        for path in {**old, **new}:
            if old.get(path) != new.get(path):
                yield difference(path, old.get(path), new.get(path))
    yield from (f"without {part}" for part in before if part not in after)
    yield from (f"with {part}" for part in after if part not in before)


def difference(path: str, old: str | None, new: str | None) -> str:
    """Return one field that differs; a list is too long to be told."""
    if new is None:
        return f"without {path}"
    if old is None:
        return f"with {path} {new}"
    return f"{path} otherwise" if new.startswith("[") else f"{path} {old} -> {new}"
