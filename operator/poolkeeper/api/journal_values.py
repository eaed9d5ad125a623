"""What the journal keeps of a container's environment: that a value changed, never the value, which may be a secret."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

LENGTH: Final = 6
"""So many digits tell two values apart, and too few to be sure of one that was guessed."""


def without_values(spec: Mapping[str, Any], uid: str) -> dict[str, Any]:
    """Return a spec with a short hash in the place of each `env[].value`; the same value is another in another pool."""
    return {key: _environment(below, uid) if key == "env" else _below(below, uid) for key, below in spec.items()}


def _below(found: object, uid: str) -> object:
    if isinstance(found, Mapping):
        return without_values(found, uid)
    return [_below(one, uid) for one in found] if isinstance(found, list) else found


def _environment(found: object, uid: str) -> object:
    return [_hashed(one, uid) for one in found] if isinstance(found, list) else found


def _hashed(entry: object, uid: str) -> object:
    if not isinstance(entry, Mapping) or "value" not in entry:
        return entry
    digest = sha256(f"{uid}/{entry['value']}".encode()).hexdigest()
    return {**entry, "value": f"hash {digest[:LENGTH]}"}
