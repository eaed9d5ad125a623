"""A spec that the operator cannot accept: what it says of it, and which one it goes by in its place."""

from typing import Any

from poolkeeper.core.reasons import Reason

Json = dict[str, Any]


def refused(status: Json) -> str | None:
    """Return what is wrong with the newest spec and what that means, None where the operator goes by it."""
    if status.get("reason") != Reason.INVALID_SPEC:
        return None
    conditions = status.get("conditions", ())
    said = next((one["message"] for one in conditions if one["reason"] == Reason.INVALID_SPEC), "")
    return consequence(said or Reason.INVALID_SPEC.sentence, known="acceptedSpec" in status)


def consequence(problem: str, *, known: bool) -> str:
    """Return a problem with what the operator does in spite of it; `known`: there was a good spec before."""
    then = "the last good spec stays in force" if known else "there was no good one before, so nothing is done"
    return f"{Reason.INVALID_SPEC.value}: {problem}; {then}"


def held(spec: Json, status: Json) -> Json:
    """Return the spec that the operator goes by; the newest where there is none to go by."""
    found: Json = status.get("acceptedSpec") or spec
    return found if refused(status) else spec
