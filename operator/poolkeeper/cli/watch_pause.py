"""Pausing a pool and letting it go on, from the live view: what is asked before, and what is written then."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from poolkeeper.api.names import PAUSED_UNTIL, RELEASING, shown
from poolkeeper.api.writers import Writer, who_wrote, writers
from poolkeeper.shell.conflicts import GITOPS_MANAGERS
from poolkeeper.shell.pools import paused_until
from poolkeeper.shell.workload_projections import GITOPS_MARKS

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a title, what to know before the answer, and what to write of the pool after a yes.

    Where there is nothing to write, there is no choice either.
    """

    title: str
    words: tuple[str, ...]
    annotations: dict[str, str | None] = field(default_factory=dict)
    spec: Json = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether there is something to decide."""
        return bool(self.annotations or self.spec)


def question(pool: Json, now: datetime) -> Question:
    """Return what to ask of a pool (the object as it is stored): the opposite of what it does at `now`."""
    name, mode = shown(pool["metadata"]["name"]), pool["spec"]["mode"]
    if mode == "Observe":
        return Question(f"{name} is in Observe", ("It writes nothing to its target, so there is nothing to pause.",))
    until = paused_until(pool["metadata"].get("annotations") or {})
    for_a_time = until is not None and until > now
    if for_a_time or mode == "Paused":
        return resume(pool, for_a_time=for_a_time)
    said = (
        "Its target keeps the size it has, and nothing answers its queue.",
        f"This writes spec.mode: Paused. For a time only, which ends by itself: annotate it with {PAUSED_UNTIL}.",
        *owned(pool),
    )
    return Question(f"Pause {name}?", said, spec={"mode": "Paused"})


def resume(pool: Json, *, for_a_time: bool) -> Question:
    """Return what to ask of a pool that is paused, by its mode or for a time."""
    spec = {"mode": "Active"} if pool["spec"]["mode"] == "Paused" else {}
    borne = pool["metadata"].get("annotations") or {}
    ending = [PAUSED_UNTIL] * for_a_time + [RELEASING] * (RELEASING in borne)
    annotations: dict[str, str | None] = dict.fromkeys(ending)
    written = [f"spec.mode: {mode}" for mode in spec.values()] + [f"no {key}" for key in ending]
    said = ("It goes on from the size that it finds.", f"This writes {' and '.join(written)}.")
    return Question(
        f"Resume {shown(pool['metadata']['name'])}?", (*said, *(owned(pool) if spec else ())), annotations, spec
    )


def owned(pool: Json) -> Iterator[str]:
    """Yield who else writes `spec.mode`, and what that means for what is written here."""
    writer = who_wrote("mode", writers(pool["metadata"].get("managedFields") or ()))
    tool = owner(pool["metadata"], writer)
    if tool:
        yield f"{tool} owns spec.mode and will take this back: change it in Git, or have it ignored there."
    elif writer.manager:
        yield f"{writer.manager} wrote spec.mode last: applied again, it takes this back."


def owner(metadata: Json, writer: Writer) -> str | None:
    """Return the GitOps tool that owns what this writer wrote, None where it is none."""
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    if writer.manager in GITOPS_MANAGERS:
        return GITOPS_MANAGERS[writer.manager]
    return next((tool for key, tool in GITOPS_MARKS.items() if key in marks and writer.manager), None)
