"""A proposal as an InferencePool, ready to apply."""

from collections.abc import Sequence
from copy import deepcopy
from textwrap import fill
from typing import Any

import yaml

from poolkeeper.api.names import API_VERSION, KIND
from poolkeeper.core.model import Limits
from poolkeeper.simulate.proposal import Proposed, Question, Recommendation

Json = dict[str, Any]

WIDTH = 100
"""How long a line of a comment is."""
PLACEHOLDER: Json = {
    "apiVersion": API_VERSION,
    "kind": KIND,
    "metadata": {"name": "my-pool", "namespace": "default"},
    "spec": {"targetRef": {"name": "my-deployment"}, "mode": "Observe"},
}
FILL_IN = (
    "# Fill in the pool's name, its namespace, and the Deployment that it is for. In mode Observe it decides and\n"
    "# explains, and writes nothing to it; take `mode` out once it convinces.\n"
)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


class Text(str):  # its own type, for quotes: 08:00 is a number to some readers of YAML
    """An hour."""

    __slots__ = ()


class Line(dict[str, Any]):
    """A mapping that is written in one line."""


class Writer(yaml.SafeDumper):
    """Writes hours in quotes, and a window in a line."""


Writer.add_representer(Text, lambda writer, text: writer.represent_scalar("tag:yaml.org,2002:str", text, style='"'))
Writer.add_representer(
    Line, lambda writer, line: writer.represent_mapping("tag:yaml.org,2002:map", line.items(), flow_style=True)
)


def manifest(pool: Json | None, question: Question, found: Recommendation, lead: str) -> Json:
    """Return the pool with what was proposed, one to be filled in where None is given; `lead` may be `auto`.

    Of today's schedule the windows that are not weekly stay, and outside; a pool that stays keeps it whole.
    """
    body = deepcopy(pool) if pool else deepcopy(PLACEHOLDER)
    known = body["metadata"]
    kept = {key: known[key] for key in ("name", "namespace", "labels", "annotations") if known.get(key)}
    if LAST_APPLIED in kept.get("annotations", {}):
        kept["annotations"] = {key: value for key, value in kept["annotations"].items() if key != LAST_APPLIED}
    spec = body["spec"] | {"minReplicas": found.min_replicas, "maxReplicas": found.max_replicas}
    queue = thresholds(spec.get("queue") or {}, question, found)
    spec |= {"queue": queue} if queue else {}
    scheduled = schedule(spec.pop("schedule", None) or {}, question, found, lead)
    spec |= {"schedule": scheduled} if scheduled else {}
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": kept, "spec": spec}


def thresholds(queue: Json, question: Question, found: Recommendation) -> Json:
    """Return the queue's settings with the proposed thresholds, where they are others than those in force."""
    now = question.spec.queue
    up, down = queue.get("scaleUp") or {}, queue.get("scaleDown") or {}
    changed = {}
    if found.scale_up_above != now.up.above:
        changed["scaleUp"] = up | {"above": plain(found.scale_up_above)}
    if found.scale_down_below != now.down.below:
        changed["scaleDown"] = down | {"below": plain(found.scale_down_below)}
    return queue | changed


def schedule(now: Json, question: Question, found: Recommendation, lead: str) -> Json:
    """Return today's schedule with the proposed windows in place of the weekly ones; nothing where none is left."""
    if found.stays:
        return now
    kept = [Line(one) for one in now.get("windows") or () if not is_weekly(one)]
    outside = {"outside": Line(now["outside"])} if now.get("outside") else {}
    if not found.windows:
        return now | {"windows": kept} | outside if kept or outside else {}
    made: Json = {"timezone": question.timezone, "leadTime": lead}
    return made | {"windows": [*kept, *(window(one) for one in found.windows)]} | outside


def is_weekly(one: Json) -> bool:
    """Return whether a window is of days and hours alone: a week of history knows whether there is a need for it."""
    return bool(one.get("from")) and not one.get("priority")


def window(one: Proposed) -> Line:
    """Return one window."""
    bounds = limits(Limits(one.min_replicas, one.max_replicas))
    return Line({"name": one.name, "days": one.days, "from": Text(one.begin), "to": Text(one.end), **bounds})


def limits(bounds: Limits) -> Json:
    """Return the limits that are given."""
    named = {"minReplicas": bounds.floor, "maxReplicas": bounds.cap}
    return {name: value for name, value in named.items() if value is not None}


def plain(value: float) -> float:
    """Return a whole number as one."""
    return int(value) if value == int(value) else value


def written(body: Json, remarks: Sequence[str] = ()) -> str:
    """Return a pool as YAML, with what its reader must know first."""
    said = "".join(f"{comment(one)}\n" for one in remarks)
    head = FILL_IN if body["metadata"] == PLACEHOLDER["metadata"] else ""
    return said + head + yaml.dump(body, Dumper=Writer, sort_keys=False, allow_unicode=True, width=200)


def comment(words: str) -> str:
    """Return words as lines that YAML does not read."""
    return fill(words, WIDTH, initial_indent="# ", subsequent_indent="#   ", break_long_words=False)
