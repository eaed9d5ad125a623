"""The kinds of fields that several parts of the spec share."""

from typing import Annotated

from pydantic import AfterValidator, Field

from poolkeeper.api.rules import Rule
from poolkeeper.api.units import DURATION_PATTERN, parse_duration
from poolkeeper.core.zones import zone

MAX_REPLICAS = 10_000


def _duration(text: str) -> str:
    parse_duration(text)
    return text


def _zone(name: str) -> str:
    zone(name)
    return name


def _timeout(text: str) -> str:
    return text if text == "auto" else _duration(text)


Duration = Annotated[
    str, AfterValidator(_duration), Field(max_length=24, json_schema_extra={"pattern": DURATION_PATTERN})
]
AutoDuration = Annotated[
    str, AfterValidator(_timeout), Field(max_length=24, json_schema_extra={"pattern": rf"^auto$|{DURATION_PATTERN}"})
]
Zone = Annotated[
    str,
    Field(max_length=64, json_schema_extra={"pattern": "^[A-Za-z][A-Za-z0-9_+/-]*$"}),
    AfterValidator(_zone),
]
KNOWN_ZONE = Rule(
    "timestamp('2026-01-01T00:00:00Z').getHours(self.timezone) >= 0",
    lambda it: bool(zone(it.timezone)),  # the field's own check has said more by then
    "no IANA time zone; write one, as in America/New_York or UTC",
)
"""The rule of a part that has a `timezone`: whether a zone exists, no schema can say."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
