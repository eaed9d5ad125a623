"""What the parts of the status have in common."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from poolkeeper.core.reasons import Reason

State = tuple[str, str, Reason, str]
"""A condition: its type, its status, and why, for machines and for people."""


class Shape(BaseModel):
    """A part of the status, for the CRD's schema and the reference."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, use_attribute_docstrings=True)
