"""What the journal costs: microseconds of a look at a pool at rest, and of one that is told; bytes of a decision.

The looks are those of `decide.py`. Figures are printed, not judged.
"""

import time
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import Any

from decide import CASES, Case
from figures import save
from stage import leave_with

from poolkeeper.api.journal import pack, press
from poolkeeper.api.journal_records import Decided, answer, pack_inputs
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.shell.diary import Deed
from poolkeeper.shell.journal import Journal
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.settings import JournalTerms
from poolkeeper.shell.telemetry import Telemetry

ROUNDS = 7
EVERY = 20
"""One look of so many is told, for the bytes of a decision among others."""
BODY: dict[str, Any] = {
    "metadata": {
        "namespace": "inference",
        "name": "chat",
        "uid": "uid-1",
        "generation": 1,
        "creationTimestamp": "2026-03-02T12:00:00Z",
    },
    "spec": {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8},
}


@dataclass(frozen=True)
class Row:
    """Microseconds of a look's decision, of taking note at rest, and of a record; bytes of a record in a chunk."""

    case: str
    decide: float
    at_rest: float
    record: float
    size: int


def deeds(case: Case) -> list[Deed]:
    """Return the decisions of a pool that has all its looks behind it."""
    memory, made = Memory(), []
    for seen, now in case.observations():
        decision, after = decide(case.spec, seen, memory, now)
        made.append(Deed(seen, memory, decision, after, now))
        memory = after
    return made


def microseconds(begun: int, count: int) -> float:
    """Return the processor time since then, for each of so many."""
    return (time.process_time_ns() - begun) / 1000 / count


def noted(found: list[Deed]) -> float:
    """Return what it takes to take note of a decision, most of them the one before."""
    kube: Any = SimpleNamespace(spec=KubeClient)
    journal, pool = Journal(kube, Telemetry(), "poolkeeper", JournalTerms()), Pools().take(BODY)
    begun = time.process_time_ns()
    for deed in found:
        journal.note(pool, deed)
    return microseconds(begun, len(found))


def decided(case: Case, found: list[Deed]) -> float:
    """Return what the decisions themselves take."""
    begun = time.process_time_ns()
    for deed in found:
        decide(case.spec, deed.seen, deed.memory, deed.at)
    return microseconds(begun, len(found))


def records(found: list[Deed]) -> list[Decided]:
    """Return the decisions as records."""
    return [
        Decided(
            deed.at,
            deed.at,
            0,
            overlaid=False,
            answer=answer(deed.decision, deed.after),
            inputs=pack_inputs(deed.seen, deed.memory, deed.after),
        )
        for deed in found
    ]


def measured(case: Case) -> Row:
    """Return the best of several rounds."""
    found = deeds(case)
    told = found[::EVERY]
    spans = []
    for _ in range(ROUNDS):
        begun = time.process_time_ns()
        made = records(told)
        spans.append(microseconds(begun, len(made)))
    size = len(press(pack(made))) // len(made)
    decisions, notes = (min(span(found) for _ in range(ROUNDS)) for span in (lambda one: decided(case, one), noted))
    return Row(case.name, round(decisions, 1), round(notes, 2), round(min(spans), 1), size)


def main() -> int:
    """Measure, print, save."""
    rows = [measured(case) for case in CASES]
    for row in rows:
        print(
            f"{row.case:<24} decide {row.decide:6.1f} us   at rest {row.at_rest:5.2f} us   "
            f"a record {row.record:6.1f} us, {row.size} bytes"
        )
    print(f"-> {save('bench-journal', {'rows': [asdict(row) for row in rows]})}")
    return 0


if __name__ == "__main__":
    leave_with(main)
