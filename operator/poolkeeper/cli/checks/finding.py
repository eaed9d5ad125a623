"""What a check says."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is. UNKNOWN: it could not be found out."""

    WRONG = "wrong"
    UNKNOWN = "unknown"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found. `about` names the field or the object, `fix` is a command or YAML to paste."""

    level: Level
    about: str
    what: str
    why: str = ""
    fix: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.about}: {self.what}"

    @property
    def json(self) -> dict[str, Any]:
        """It as JSON has it, without what is empty."""
        return {key: value for key, value in asdict(self).items() if value}


def wrong(about: str, what: str, why: str = "", fix: str = "") -> Finding:
    """Return a finding of what is wrong."""
    return Finding(Level.WRONG, about, what, why, fix)


def unknown(about: str, what: str, why: str = "", fix: str = "") -> Finding:
    """Return a finding of what could not be found out."""
    return Finding(Level.UNKNOWN, about, what, why, fix)


def note(about: str, what: str, why: str = "", fix: str = "") -> Finding:
    """Return a finding of what is allowed, and should be known."""
    return Finding(Level.NOTE, about, what, why, fix)
