"""Odd pools offered to a real API server, with an operator beside: what becomes of each, and of the pool next to them.

    offered --the API server refuses--> a sentence that names the field
            --it takes it-------------> served: within the operator's looks its target was found, and it was decided on
                                        or without target: its target has an odd name, and a condition says so
                                        or invalid: a condition says so, and names the field

Those that were taken have Deployments of their own (odd_targets.py). A canary, a good pool, is asked for one replica
more after each batch, and must get it.
"""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.core.reasons import Reason
from rig.api import Api, ApiError, Json, collection
from rig.manifests import deployment, pool
from rig.odd_specs import Case
from rig.odd_targets import aimed, grounds, is_aimed, target
from rig.operators import Operator
from rig.waiting import eventually

CANARY = "canary"
ODD = "odd=yes"
PODS = "60"
"""So many pods the odd ones may have together: some ask for ten thousand replicas."""
SERVED = 300.0
"""Seconds that a batch may take on a slow machine until the operator has said something of each."""
UNNAMED = ("request is too large", "Request entity too large", "exceeded max depth", "etcdserver: request is too large")
"""What the API server says before it looks at any field."""
WINDOW = r"^spec\.schedule\.windows\[\d+\]"
CRON = WINDOW + r"\.(start|end): (['\"]).*\2 "
EXPLAINED: Mapping[str, str] = {
    "a cron expression that no clock knows": CRON + r"(is no cron expression: |holds R or H, |has \d+ fields; )",
    "a cron expression of a day that never comes": CRON + r"never fires: no such day exists",
    "a window whose ends are its starts": WINDOW + r": the ends of .+ coincide with its starts: ",
    "a time zone that is a folder, or of another's spelling": r"^spec(\.\w+)+\.timezone: '.*' is no IANA time zone; ",
    "a date that is in no calendar": r"^spec\.cost\.commitments\[\d+\]\.until: '.*' is no date; ",
    "a template nested deeper than any pod's": r"^spec\.template: is nested over \d+ deep",
    "a template that has no room for its copy in the status": r"^spec\.template: has over \d+ KiB",
}
PATH = re.compile(r"(?<![\w.])spec(\.[\w/-]|\[|: \w)")
"""A field's path; the spec as a whole is one where several fields contradict each other, and then a colon follows."""
"""Why the parser refuses what the API server takes: no schema, and no rule in CEL, can say these."""
INVALID = Reason.INVALID_SPEC.value
NO_TARGET = Reason.TARGET_NOT_FOUND.value
TROUBLE = re.compile(r'"level": ?"(error|critical)"|Traceback|look failed')


@dataclass
class Tally:
    """What became of the odd ones."""

    offered: int = 0
    refused: int = 0
    served: int = 0
    without_target: int = 0
    invalid: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    unnamed: list[str] = field(default_factory=list)
    only_the_parser: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    canary: list[float] = field(default_factory=list)

    @property
    def split(self) -> int:
        """How many were decided on with two halves."""
        return sum(count for condition, count in self.told.items() if condition.startswith("SplitReady "))

    @property
    def wrongs(self) -> list[str]:
        """What must not be."""
        return [*self.unnamed, *self.unexplained, *self.untold]


class Trial:
    """Offers odd pools in one namespace, which an operator looks at."""

    def __init__(self, api: Api, namespace: str, operator: Operator) -> None:
        self.tally = Tally()
        self._api, self._namespace, self._operator = api, namespace, operator
        self._pools = collection("InferencePool", namespace)
        self._floor = 2
        self._labels = {"rig": namespace}
        self._aimed: set[str] = set()
        self.nodes: list[str] = []

    def prepare(self) -> None:
        """Make the canary, and nodes for the others' targets, and bound what these may ask for."""
        quota = {"kind": "ResourceQuota", "metadata": {"name": "odd"}, "spec": {"hard": {"pods": PODS}}}
        for node in grounds(self._labels):
            self.nodes.append(self._api.post("/api/v1/nodes", node)["metadata"]["name"])
        for thing in (deployment(CANARY, 2), pool(CANARY, maxReplicas=10_000)):
            self._create(thing)
        self._prove_alive()
        self._create(quota | {"apiVersion": "v1"})

    def offer(self, cases: Iterable[Case]) -> None:
        """Offer a batch, wait until each one that was taken is served, and take them away again."""
        taken = dict(filter(None, (self._offer(case) for case in cases)))
        told = self._told(taken)
        for name, problems in taken.items():
            self._judge(name, problems, told.get(name, {}))
        self.tally.canary.append(self._prove_alive())
        self._api.delete(f"{self._pools}?labelSelector={ODD}")
        self._api.delete(f"{collection('Deployment', self._namespace)}?fieldSelector=metadata.name!={CANARY}")

    def troubles(self) -> list[str]:
        """Return what the operator's log has of exceptions and errors."""
        return [line for line in self._operator.log.splitlines() if TROUBLE.search(line)]

    def _offer(self, case: Case) -> tuple[str, list[str]] | None:
        """Return the name of a pool that was taken, and what the parser has against it."""
        self.tally.offered += 1
        name = f"odd-{self.tally.offered}"
        made = pool(name) | {"metadata": {"name": name, "labels": dict([ODD.split("=")])}}
        made["spec"] = aimed(case.spec, name)
        try:
            stored = self._create(made)
        except ApiError as error:
            self.tally.refused += 1
            self.tally.kinds[f"{case.kind}: refused"] += 1
            if not names_field(str(error)):
                self.tally.unnamed.append(f"{name} ({case.kind}): {str(error)[:300]}")
            return None
        self.tally.kinds[f"{case.kind}: taken"] += 1
        if is_aimed(stored["spec"], name):
            self._create(target(stored["spec"], name, self.tally.offered % 2, self._labels))
            self._aimed.add(name)
        return name, against(stored["spec"])

    def _judge(self, name: str, problems: list[str], conditions: Mapping[str, Json]) -> None:
        """Count what became of a pool that was taken."""
        active = conditions.get("ScalingActive", {})
        if not problems:
            self._judge_good(name, conditions)
            return
        self.tally.invalid += 1
        for problem in problems:
            reason = explanation(problem)
            self.tally.only_the_parser[reason or "unexplained"] += 1
            if not reason:
                self.tally.unexplained.append(f"{name}: {problem[:300]}")
        if active.get("reason") != INVALID or "spec" not in active.get("message", ""):
            self.tally.untold.append(f"{name}: {problems[0][:200]}, and its condition: {active or 'none'}")

    def _judge_good(self, name: str, conditions: Mapping[str, Json]) -> None:
        """Count what became of a pool that the parser has nothing against."""
        reason = conditions.get("ScalingActive", {}).get("reason")
        if reason == NO_TARGET and name not in self._aimed:
            self.tally.without_target += 1
            return
        self.tally.served += 1
        self.tally.told.update(f"{kind} {one['reason']}" for kind, one in conditions.items())
        if reason in {None, INVALID, NO_TARGET}:
            self.tally.untold.append(f"{name}: {conditions.get('ScalingActive') or 'no condition'}")

    def _told(self, taken: Mapping[str, object]) -> dict[str, dict[str, Json]]:
        """Return the conditions by type of each pool, once all that were taken have some, and found their targets."""

        def look() -> dict[str, dict[str, Json]] | None:
            found = self._api.get(self._pools)["items"]
            told = {one["metadata"]["name"]: conditions(one) for one in found}
            return told if all(self._is_told(name, told.get(name, {})) for name in taken) else None

        try:
            return eventually(look, "each odd pool is told of", SERVED)
        except AssertionError:
            return {one["metadata"]["name"]: conditions(one) for one in self._api.get(self._pools)["items"]}

    def _is_told(self, name: str, conditions: Mapping[str, Json]) -> bool:
        """Return whether a pool was looked at since its target is there."""
        reason = conditions.get("ScalingActive", {}).get("reason")
        return bool(conditions) and (reason != NO_TARGET or name not in self._aimed)

    def _prove_alive(self) -> float:
        """Have the canary get one replica more; return after how many seconds."""
        self._floor += 1
        began = time.monotonic()
        self._api.patch(f"{self._pools}/{CANARY}", {"spec": {"minReplicas": self._floor}})
        path = f"{collection('Deployment', self._namespace)}/{CANARY}"
        eventually(lambda: self._api.get(path)["spec"]["replicas"] == self._floor, "the canary grows", SERVED)
        return time.monotonic() - began

    def _create(self, thing: Mapping[str, Any]) -> Json:
        placed = {**thing["metadata"], "namespace": self._namespace}
        return self._api.post(
            f"{collection(thing['kind'], self._namespace)}?fieldValidation=Strict", {**thing, "metadata": placed}
        )


def names_field(words: str) -> bool:
    """Return whether a refusal names a field, or is of what no field is to blame for."""
    return PATH.search(words) is not None or any(one in words for one in UNNAMED)


def against(spec: Mapping[str, Any]) -> list[str]:
    """Return what the parser has against a spec, as the API server stored it."""
    try:
        parse_spec(spec)
    except SpecError as error:
        return error.problems
    return []


def explanation(problem: str) -> str:
    """Return why only the parser sees a problem, empty where nobody has said it."""
    return next((reason for reason, form in EXPLAINED.items() if re.search(form, problem)), "")


def conditions(found: Mapping[str, Any]) -> dict[str, Json]:
    """Return a pool's conditions of its present generation, by type."""
    known = found.get("status", {}).get("conditions", ())
    generation = found["metadata"]["generation"]
    return {one["type"]: one for one in known if one.get("observedGeneration") == generation}
