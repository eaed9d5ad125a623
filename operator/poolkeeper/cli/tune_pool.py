"""What tune found, for machines: the winner as an InferencePool ready to apply, and everything as JSON."""

from collections.abc import Iterator
from typing import Any

from poolkeeper.cli.recommended_pool import LAST_APPLIED, Json, written
from poolkeeper.cli.simulate_json import number
from poolkeeper.cli.tune_text import verdict
from poolkeeper.simulate.tune import Judged, Question, Tuned
from poolkeeper.simulate.tune_lives import Part
from poolkeeper.simulate.tune_space import changed

KEPT = ("name", "namespace", "labels", "annotations")


def pool(today: Json, found: Tuned) -> Json:
    """Return today's pool with what the winner sets."""
    known = today["metadata"]
    metadata = {key: known[key] for key in KEPT if known.get(key)}
    metadata |= {"annotations": own} if (own := annotations(metadata)) else {}
    spec = changed(today["spec"], found.winner.changes if found.winner else {})
    return {"apiVersion": today["apiVersion"], "kind": today["kind"], "metadata": metadata, "spec": spec}


def annotations(metadata: Json) -> Json:
    """Return the annotations that are the user's own."""
    return {key: value for key, value in (metadata.pop("annotations", None) or {}).items() if key != LAST_APPLIED}


def as_yaml(today: Json, question: Question, found: Tuned) -> str:
    """Return the pool as YAML, with why as comments."""
    return written(pool(today, found), (verdict(question, found), *reasons(found)))


def reasons(found: Tuned) -> Iterator[str]:
    """Yield what the winner changes, field by field."""
    for where, value in (found.winner.changes if found.winner else {}).items():
        yield f"{where}: {'taken out' if value is None else value}"


def as_json(today: Json, question: Question, found: Tuned) -> Json:
    """Return all of it; `winner` is null where no spec was inside on both parts."""
    return {
        "objective": question.objective,
        "tried": found.tried,
        "stays": found.stays,
        "today": row(found.today),
        "frontier": [row(one) for one in found.frontier],
        "winner": row(found.winner) if found.winner else None,
        "pool": pool(today, found),
    }


def row(one: Judged) -> Json:
    """Return what changes came to."""
    return {
        "changes": dict(one.changes),
        "searched": part(one.searched, one.searched_over_bound),
        "held_out": part(one.held_out, one.over_bound),
    }


def part(one: Part, over: float) -> dict[str, Any]:
    """Return one part of the days."""
    figures = {"cost": one.cost, "replica_hours": one.replica_hours, "cost_over_bound": over, "in_sla": one.inside}
    return {name: number(value, whole=False) for name, value in figures.items()}
