"""The kinds of fields that several parts of the spec share."""

from typing import Annotated

from pydantic import AfterValidator, Field

from poolkeeper.api.units import DURATION_PATTERN, parse_duration

MAX_REPLICAS = 10_000


def _duration(text: str) -> str:
    parse_duration(text)
    return text


def _timeout(text: str) -> str:
    return text if text == "auto" else _duration(text)


Duration = Annotated[
    str, AfterValidator(_duration), Field(max_length=24, json_schema_extra={"pattern": DURATION_PATTERN})
]
AutoDuration = Annotated[
    str, AfterValidator(_timeout), Field(max_length=24, json_schema_extra={"pattern": rf"^auto$|{DURATION_PATTERN}"})
]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
