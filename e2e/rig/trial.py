"""Odd pools offered to a real API server, with an operator beside: what becomes of each, and of the pool next to them.

    offered --the API server refuses--> a sentence that names the field
            --it takes it-------------> served: within the operator's looks the pool has its conditions
                                        or invalid: a condition says so, and names the field

A canary, a good pool, is asked for one replica more after each batch, and must get it.
"""

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from poolkeeper.api.spec import SpecError, parse_spec
from rig.api import Api, ApiError, Json, collection
from rig.manifests import deployment, pool
from rig.odd_specs import Case
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
EXPLAINED: Mapping[str, str] = {
    "a cron expression that no clock knows": r"(start|end): .*(minute|hour|day|month|cron|never|field)",
    "a time zone that is a folder, or of another's spelling": r"timezone: ",
    "a date that is in no calendar": r"until: ",
    "a template nested deeper than any pod's": r"spec\.template: is nested",
    "a template that has no room for its copy in the status": r"spec\.template: has over",
}
"""Why the parser refuses what the API server takes: no schema, and no rule in CEL, can say these."""
TROUBLE = re.compile(r'"level": ?"(error|critical)"|Traceback|look failed')


@dataclass
class Tally:
    """What became of the odd ones."""

    offered: int = 0
    refused: int = 0
    served: int = 0
    invalid: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    unnamed: list[str] = field(default_factory=list)
    only_the_parser: Counter[str] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    canary: list[float] = field(default_factory=list)

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

    def prepare(self) -> None:
        """Make the canary, and bound what the others may ask for."""
        quota = {"kind": "ResourceQuota", "metadata": {"name": "odd"}, "spec": {"hard": {"pods": PODS}}}
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

    def troubles(self) -> list[str]:
        """Return what the operator's log has of exceptions and errors."""
        return [line for line in self._operator.log.splitlines() if TROUBLE.search(line)]

    def _offer(self, case: Case) -> tuple[str, list[str]] | None:
        """Return the name of a pool that was taken, and what the parser has against it."""
        self.tally.offered += 1
        name = f"odd-{self.tally.offered}"
        made = pool(name) | {"metadata": {"name": name, "labels": dict([ODD.split("=")])}, "spec": case.spec}
        try:
            stored = self._create(made)
        except ApiError as error:
            self.tally.refused += 1
            self.tally.kinds[f"{case.kind}: refused"] += 1
            if not names_field(str(error)):
                self.tally.unnamed.append(f"{name} ({case.kind}): {str(error)[:300]}")
            return None
        self.tally.kinds[f"{case.kind}: taken"] += 1
        return name, against(stored["spec"])

    def _judge(self, name: str, problems: list[str], conditions: Mapping[str, Json]) -> None:
        """Count what became of a pool that was taken."""
        active = conditions.get("ScalingActive", {})
        if not problems:
            self.tally.served += 1
            if not conditions or active.get("reason") == "InvalidSpec":
                self.tally.untold.append(f"{name}: {active or 'no condition'}")
            return
        self.tally.invalid += 1
        for problem in problems:
            reason = explanation(problem)
            self.tally.only_the_parser[reason or "unexplained"] += 1
            if not reason:
                self.tally.unexplained.append(f"{name}: {problem[:300]}")
        if active.get("reason") != "InvalidSpec" or "spec" not in active.get("message", ""):
            self.tally.untold.append(f"{name}: {problems[0][:200]}, and its condition: {active or 'none'}")

    def _told(self, taken: Mapping[str, object]) -> dict[str, dict[str, Json]]:
        """Return the conditions by type of each pool, once all that were taken have some."""

        def look() -> dict[str, dict[str, Json]] | None:
            found = self._api.get(self._pools)["items"]
            told = {one["metadata"]["name"]: conditions(one) for one in found}
            return told if all(told.get(name) for name in taken) else None

        try:
            return eventually(look, "each odd pool is told of", SERVED)
        except AssertionError:
            return {one["metadata"]["name"]: conditions(one) for one in self._api.get(self._pools)["items"]}

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
    return re.search(r"\bspec\b", words) is not None or any(one in words for one in UNNAMED)


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
