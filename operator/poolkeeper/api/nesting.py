"""How deep JSON may be nested: what is read within a limit may be gone through by recursion from then on.

The API server takes objects that are nested 10,000 deep (MOST_NESTED). They have to be read, to be refused by name, and
all that stands in one list with them; so the interpreter's own limit, of 1,000, is lifted where the program begins.
"""

import re
import sys

MOST_NESTED = 10_000
"""Source: sigs.k8s.io/json, internal/golang/encoding/json, scanner.go, maxNestingDepth."""
_FRAMES = 10
"""So many calls one level takes at the most, copied or compared; a stack of 2 MB is enough for all of them."""


MOST_WRITTEN = 1_000
"""So deep may JSON be that stands in a text: nobody has bounded it before, and a decoder in C ends the process."""
_BRACKET = re.compile(r"[\[{]|[\]}]")


def held(text: str) -> str:
    """Return a text that a decoder can be given; ValueError where its brackets are open deeper than MOST_WRITTEN.

    Brackets within strings are counted, too: what is refused for a thousand of those was no manifest.
    """
    if text.count("[") + text.count("{") <= MOST_WRITTEN:
        return text
    depth = 0
    for bracket in _BRACKET.finditer(text):
        depth += 1 if bracket.group() in "[{" else -1
        if depth > MOST_WRITTEN:
            raise ValueError(f"nested deeper than {MOST_WRITTEN}")
    return text


def is_deeper(found: object, depth: int) -> bool:
    """Return whether JSON is nested deeper than that."""
    if not isinstance(found, dict | list):
        return False
    inside = found.values() if isinstance(found, dict) else found
    return depth == 0 or any(is_deeper(one, depth - 1) for one in inside)


def allow() -> None:
    """Let this process read whatever the API server may hold."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _FRAMES * MOST_NESTED))
