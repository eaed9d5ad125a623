"""Field paths as the API server writes them in conflicts: `.spec.containers[name="engine"].image`.

The syntax is that of structured-merge-diff's fieldpath, which quotes no dots: a label's key runs into its path
(`.metadata.labels.app.kubernetes.io/name`), so a path can only be read against the object that it is of.
"""

import json
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

Json = dict[str, Any]

_KEY = re.compile(r'([^=,\[]+)=("(?:[^"\\]|\\.)*"|[^,\]]+)')
_ITEM = re.compile(r'\[((?:"(?:[^"\\]|\\.)*"|[^\]"])*)\]')


def without(body: Json, paths: Iterable[str]) -> Json:
    """Return the object without the fields at `paths`; one that it does not have is no error."""
    made = deepcopy(body)
    for path in paths:
        _drop(made, path)
    return made


def _drop(node: Any, path: str) -> bool:  # noqa: ANN401  JSON of any kind
    """Take the field at `path` out; False where there is none."""
    return any(_taken(node, step, rest) for step, rest in _steps(node, path))


def _taken(node: Any, step: str | int, rest: str) -> bool:  # noqa: ANN401  JSON of any kind
    if rest:
        return _drop(node[step], rest)
    del node[step]
    return True


def _steps(node: Any, path: str) -> Iterator[tuple[str | int, str]]:  # noqa: ANN401  JSON of any kind
    """Yield each child that the path may lead through, and what is left of the path behind it."""
    if isinstance(node, dict):
        for key in list(node):
            rest = path.removeprefix(f".{key}")
            if rest != path and rest[:1] in {"", ".", "["}:
                yield key, rest
    elif isinstance(node, list) and (item := _ITEM.match(path)):
        for index, child in enumerate(list(node)):
            if _is(child, item[1]):
                yield index, path[item.end() :]


def _is(child: Any, words: str) -> bool:  # noqa: ANN401  JSON of any kind
    """Return whether a list's item is the one that the words in brackets mean: by keys, or by its value."""
    if not isinstance(child, dict):
        return words == f"={json.dumps(child)}"
    keys = {key: json.loads(value) for key, value in _KEY.findall(words)}
    return bool(keys) and keys.items() <= child.items()
