"""What the validator says of a dataset, read from its report."""

import re
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from focus.blind_spots import CLASS, STATUS, findings, read, with_class
from focus.environment import InstallationError, environment, packages

__all__ = ["Failure", "InstallationError", "ValidationError", "validate"]

VERSION = "1.2"
# All that the specification lets depend on the provider, but capacity reservations and prices in other currencies.
CRITERIA = (
    "ACCOUNT_NAMING_SUPPORTED",
    "AVAILABILITY_ZONE_SUPPORTED",
    "COMMITMENT_DISCOUNT_SUPPORTED",
    "MULTIPLE_PRICING_CATEGORIES_SUPPORTED",
    "MULTIPLE_SUB_ACCOUNT_TYPES_SUPPORTED",
    "MULTIPLE_BILLING_ACCOUNT_TYPES_SUPPORTED",
    "NEGOTIATED_PRICING_SUPPORTED",
    "PUBLIC_PRICE_LIST_SUPPORTED",
    "USAGE_MEASUREMENT_SUPPORTED",
    "UNIT_PRICING_SUPPORTED",
    "SUB_ACCOUNT_SUPPORTED",
    "BILLING_BASED_ON_PROVISIONED_RESOURCES_SUPPORTED",
    "RESOURCE_TYPE_ASSIGNMENT_SUPPORTED",
    "REGION_SUPPORTED",
    "TAGGING_SUPPORTED",
)
# Rules of the model that no dataset can keep: an identifier is null or is not, and a third rule says that one of these
# must hold; an inverted condition (FOCUS_Spec issues 2393 and 2394).
UNSOUND = ("InvoiceId-C-004-C", "InvoiceId-C-005-C", STATUS)

_RESULT = re.compile(
    r"(?P<mark>[✅❌]) (?P<rule>[\w-]+): (PASS|FAIL)\s+\(violations=\d+(, msg=(?P<words>.*?))?(, [\d.]+ms)?\)"
)
_CHILDREN = re.compile(r"failed child rules: \[(?P<rules>[^]]*)\]")
_FEWEST = 300


class ValidationError(RuntimeError):
    """The validator gave no report."""


@dataclass(frozen=True)
class Failure:
    """A rule that a dataset breaks, and what the validator says of it."""

    rule: str
    words: str


def validate(file: Path) -> list[Failure]:
    """Return the rules of FOCUS 1.2 that a CSV file breaks.

    Raises:
        InstallationError: the validator cannot be installed.
        ValidationError: it gave no report, or one that checks next to nothing.
    """
    place = environment()
    rows = read(file)
    found = [Failure(*one) for one in findings(rows, packages(place))]
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / file.name
        with_class(rows, copy)
        found += (one for one in run(place, copy) if not one.rule.startswith(CLASS))
    return list(dict.fromkeys([*run(place, file), *found]))


def run(place: Path, file: Path) -> list[Failure]:
    """Return what the validator says of a file."""
    command = [
        str(place / "bin" / "focus-validator"),
        *("--data-file", str(file.resolve()), "--validate-version", VERSION, "--block-download"),
        *("--applicability-criteria", ",".join(CRITERIA)),
    ]
    done = subprocess.run(command, cwd=packages(place), capture_output=True, text=True, check=False)
    results = [found for line in done.stdout.splitlines() if (found := _RESULT.fullmatch(line))]
    if done.returncode or len(results) < _FEWEST:
        raise ValidationError((done.stdout + done.stderr)[-2000:])
    return list(sound({found["rule"]: found["words"] or "" for found in results if found["mark"] == "❌"}))


def sound(failed: Mapping[str, str]) -> Iterator[Failure]:
    """Yield the failures, without those of rules that fail for nothing but others, and without the unsound."""
    excused = set(UNSOUND)
    while more := {rule for rule, words in failed.items() if rule not in excused and only(words, excused)}:
        excused |= more
    yield from (Failure(rule, words) for rule, words in failed.items() if rule not in excused)


def only(words: str, excused: Collection[str]) -> bool:
    """Return whether a rule failed for nothing but others, which are excused or about the class itself."""
    children = _CHILDREN.search(words)
    return children is not None and all(
        one in excused or one.startswith(CLASS) for one in children["rules"].split(", ")
    )
