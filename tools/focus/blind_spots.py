"""What the validator's queries never reach, checked on the same dataset by the same model of the specification.

- A rule "when ChargeClass is not Correction" asks for a class that is not null, and none is null where nothing was
  corrected: prices times quantities, and what must not be null, go unchecked. So it runs on a copy with another class.
- "One of the allowed values" holds as soon as any row has one of them: here, every row must.
- The condition of CommitmentDiscountStatus-C-004-C is inverted (FOCUS_Spec issue 2393): here, it is what its words say.
- The values of CommitmentDiscountStatus-C-005-M are another column's (issue 2418).
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

MODEL = Path("focus_validator", "rules", "model-1.2.0.1.json")
UNCORRECTED = "Original"
CLASS = "ChargeClass"
STATUS = "CommitmentDiscountStatus-C-004-C"
MENDED = {"CommitmentDiscountStatus-C-005-M": frozenset({"Used", "Unused"})}

Row = Mapping[str, str]
Finding = tuple[str, str]
"""A rule, and what breaks it."""


def read(file: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def with_class(rows: Iterable[Row], file: Path) -> None:
    """Write rows to a file, each with a class that is none of a correction."""
    found = [{**row, CLASS: row.get(CLASS) or UNCORRECTED} for row in rows]
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(found[0]) if found else [CLASS])
        writer.writeheader()
        writer.writerows(found)


def findings(rows: Iterable[Row], packages: Path) -> Iterator[Finding]:
    """Yield the rules that rows break, of those that the validator does not try on each of them."""
    rules = allowed(json.loads((packages / MODEL).read_text(encoding="utf-8")))
    for line, row in enumerate(rows, start=2):
        for rule, column, values in rules:
            if row.get(column) and row[column] not in values:
                yield rule, f"line {line}: {column} is {row[column]!r}, and must be one of {sorted(values)}"
        if row.get("ChargeCategory") == "Usage" and bool(row.get("CommitmentDiscountId")) is not has_status(row):
            yield STATUS, f"line {line}: usage has a status where it is of a commitment, and only there"


def has_status(row: Row) -> bool:
    """Return whether a row says if a commitment was used."""
    return bool(row.get("CommitmentDiscountStatus"))


def allowed(model: Mapping[str, Any]) -> list[tuple[str, str, frozenset[str]]]:
    """Return the rules about allowed values: which column may have which."""
    found = []
    for name, rule in model["ModelRules"].items():
        asked = rule["ValidationCriteria"]["Requirement"]
        items = asked.get("Items", ())
        columns = {item.get("ColumnName") for item in items if item.get("CheckFunction") == "CheckValue"}
        if asked.get("CheckFunction") == "OR" and len(columns) == 1 and all("Value" in item for item in items):
            values = frozenset(item["Value"] for item in items if item["Value"])
            found.append((name, columns.pop(), MENDED.get(name, values)))
    return found
