"""reasons.md: every reason, grouped as the enum groups them."""

import inspect
import re
from collections.abc import Iterator

from poolkeeper.core.reasons import Reason
from reference.markdown import code, headed, table

INTRO = """One reason is behind every decision. The same word stands in `status.reason`, in conditions, in events, in
the `reason` label of metrics and in `poolkeeper explain`; the sentence is what people read beside it."""

_GROUP = re.compile(r"    # (?P<words>.+)")
_MEMBER = re.compile(r"    (?P<name>[A-Z_]+) = ")


def page() -> str:
    """Return the page."""
    parts = [f"## {words}\n\n{table(('reason', 'sentence'), rows)}" for words, rows in groups()]
    return headed("Reasons", INTRO, parts)


def groups() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each group's heading with its reasons and their sentences, in the enum's own order."""
    words, rows = "", list[tuple[str, str]]()
    for line in inspect.getsource(Reason).splitlines():
        if heading := _GROUP.fullmatch(line):
            if rows:
                yield words, rows
            words, rows = heading["words"], []
        elif member := _MEMBER.match(line):
            reason = Reason[member["name"]]
            rows.append((code(reason.value), reason.sentence))
    yield words, rows
