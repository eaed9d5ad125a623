"""Rules over several fields: said once, checked twice, by the API server in CEL and by us in Python.

A contract test on the real API server holds the two against each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the CEL expression over `self`, the same over the model, and what would be right."""

    cel: str
    holds: Callable[[Any], bool]
    message: str

    def kept(self, value: Value) -> Value:
        """Return a field's value that keeps the rule; ValueError with the rule's message where it does not."""
        if not self.holds(value):
            raise ValueError(self.message)
        return value


def in_schema(rule: Rule) -> dict[str, Any]:
    """Return what the schema of a single field says of its rule."""
    return {"x-kubernetes-validations": [{"rule": rule.cel, "message": rule.message}]}


class Part(BaseModel):
    """A part of the resource: camelCase outside, nothing unknown, its RULES checked."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        strict=True,  # as the API server is: "2" is no number
        allow_inf_nan=False,
    )

    RULES: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _keep_rules(self) -> "Part":
        broken = [rule.message for rule in type(self).RULES if not rule.holds(self)]
        if broken:
            raise ValueError("; ".join(broken))
        return self
