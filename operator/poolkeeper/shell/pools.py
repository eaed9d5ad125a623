"""The pools: what each one wants, what is remembered of it, and what was last said about it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from poolkeeper.api import memo, names, override
from poolkeeper.api.money import ANNOTATIONS
from poolkeeper.api.override import LONGEST, Override, plain
from poolkeeper.api.pin import pinned
from poolkeeper.api.providers import Provider
from poolkeeper.api.sibling import Blueprint
from poolkeeper.api.spec import Spec, SpecError, parse_spec, unknown_fields
from poolkeeper.api.target import DEPLOYMENT, WorkloadKind
from poolkeeper.api.units import parse_instant
from poolkeeper.api.writers import Writer, writers
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Mode, PoolSpec
from poolkeeper.core.observation import FOR_GOOD, Pinned
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.backoff import Backoff
from poolkeeper.shell.reckoning import Reckoning, beat
from poolkeeper.shell.status_budget import StatusBudget

Json = dict[str, Any]
Key = tuple[str, str]
Place = tuple[str, str, str]
"""A workload's namespace, kind and name."""


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """Our last write of a workload's replicas: in force until the watch has caught up with its resource version.

    But not for long: an etcd that was restored may be at an older one for hours.
    """

    replicas: int
    resource_version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Division:
    """How a pool can be split (R7): whose spot it uses, and what its target says of the sibling, as far as is known.

    `unsplit` says why it cannot be, AS_EXPECTED where it can or need not; `detail` what to do.
    """

    provider: Provider | None = None
    plan: Blueprint | None = None
    unsplit: Reason = Reason.AS_EXPECTED
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Lifting:
    """Until when somebody has lifted what a used-up budget holds back, who and why; `problem`: it cannot be read."""

    until: datetime | None = None
    by: str = ""
    problem: str = ""


@dataclass(slots=True)
class Pool:
    """One pool. `spec` is the newest that could be accepted, None where none ever was.

    `untold` holds the changes of size, newest first, that no written status has told of yet. `own_writes` are by
    workload, `scale_rests` and `mark_rests` (marks of who goes first) by tier. `is_bare`: it was seen to have no
    sibling and no disruption budget. `accepted` is the newest good spec as it was applied, `spec` the same with the
    `override` in it, where there is one that has not ended. `pinned` is what its own `replicas` says. `announced` are
    keys of what events have told. `scaled_by` names an autoscaler of the pool itself. `uncommitted` is a spec, and the
    same without its commitments. `writers` are those of its spec, and of what is asked of it by annotations.
    """

    key: Key
    uid: str
    created_at: datetime
    generation: int = 0
    spec: Spec | None = None
    core: PoolSpec | None = None
    accepted: Json | None = None
    invalid: list[str] = field(default_factory=list)
    applied: str = ""
    unknown: list[str] = field(default_factory=list)
    paused_until: datetime | None = None
    lifted: Lifting = field(default_factory=Lifting)
    override: Override | None = None
    override_text: str = ""
    override_ended: bool = False
    pinned: Pinned | None = None
    selector: str = ""
    scaled_by: str = ""
    announced: set[str] = field(default_factory=set)
    labels: Mapping[str, str] = field(default_factory=dict)
    writers: tuple[Writer, ...] = ()
    memory: Memory = field(default_factory=Memory)
    status: Json = field(default_factory=dict)
    budget: StatusBudget = field(default_factory=StatusBudget)
    own_writes: dict[str, OwnWrite] = field(default_factory=dict)
    division: Division = field(default_factory=Division)
    is_bare: bool = False
    workload_rest: Backoff = field(default_factory=Backoff)
    sibling_rest: Backoff = field(default_factory=Backoff)
    budget_rest: Backoff = field(default_factory=Backoff)
    scale_rests: defaultdict[str, Backoff] = field(default_factory=lambda: defaultdict(Backoff))
    mark_rests: defaultdict[str, Backoff] = field(default_factory=lambda: defaultdict(Backoff))
    status_rest: Backoff = field(default_factory=Backoff)
    untold: list[Json] = field(default_factory=list)
    leading: bool = False
    busy: bool = False
    decision: Decision | None = None
    decided_at: datetime | None = None
    reckoning: Reckoning = field(default_factory=Reckoning)
    uncommitted: tuple[PoolSpec, PoolSpec] | None = None

    @property
    def target(self) -> str:
        """The name of the workload whose size the pool sets."""
        return self.spec.target_ref.name if self.spec and self.spec.target_ref else self.key[1]

    @property
    def kind(self) -> WorkloadKind:
        """What kind of workload that is."""
        return self.spec.kind if self.spec else DEPLOYMENT

    @property
    def place(self) -> Place:
        """Where that workload is."""
        return self.key[0], self.kind.name, self.target

    @property
    def is_active(self) -> bool:
        """Whether the pool sets its target's size."""
        return self.spec is not None and self.spec.mode == "Active"

    @property
    def refused(self) -> tuple[Reason, str] | None:
        """Which of the writes that the pool needs the API server refuses, and in what words; None where it does not."""
        writes = (self.workload_rest, self.sibling_rest, *self.scale_rests.values(), self.budget_rest)
        rests = [(Reason.WRITE_REFUSED, rest) for rest in writes]
        rests += [(Reason.COST_REFUSED, rest) for rest in self.mark_rests.values()]
        return next(((reason, rest.problem) for reason, rest in rests if rest.problem), None)

    def told(self, status: Json) -> None:
        """Take in that a status was written."""
        self.status = status
        self.untold = []
        self.reckoning.stated(status)

    def take(self, body: Mapping[str, Any]) -> None:
        """Take in the object as it now is."""
        metadata = body["metadata"]
        annotations = metadata.get("annotations") or {}
        self.paused_until = paused_until(annotations)
        self.lifted = lifting(annotations)
        self.labels = metadata.get("labels") or {}
        self.writers = writers(metadata.get("managedFields") or ())
        self.reckoning.annotations = {key: annotations[key] for key in ANNOTATIONS if key in annotations}
        self._compare(annotations.get(names.LAST_APPLIED, ""))
        if not self.leading:
            self.status = dict(body.get("status") or {})
        replaced = self._read_override(annotations.get(names.OVERRIDE, ""))
        if metadata["generation"] == self.generation:
            if replaced:
                self._lay_over()
            self.pinned = pinned(self.spec.replicas, metadata) if self.spec else None
            return
        self.generation = metadata["generation"]
        self.reckoning.hurry()
        single = (self.workload_rest, self.sibling_rest, self.budget_rest, self.status_rest)
        for rest in (*single, *self.scale_rests.values(), *self.mark_rests.values()):
            rest.succeeded()
        try:
            self._accept(body["spec"])
            self.invalid = []
        except SpecError as error:
            self.invalid = error.problems
            self._fall_back()
        self.pinned = pinned(self.spec.replicas, metadata) if self.spec else None

    def lead(self, looked_until: datetime | None, now: datetime) -> None:
        """Begin to lead the pool: remember what was stored; from here on our own copy of the status is the newest."""
        self.memory = memo.load(self.status.get("memory") or {}, looked_until, now)
        self.reckoning.begin(self.status, self.memory.account, beat(self.uid, 0, now))
        self.leading = True

    def _compare(self, applied: str) -> None:
        """Look for dropped fields; a manifest that differs in nothing else makes no new generation."""
        if applied != self.applied:
            self.applied, self.unknown = applied, dropped_fields(applied)

    @property
    def overridden_until(self) -> datetime | None:
        """Until when an override is part of the spec, None where none is."""
        found = self.override
        return None if found is None or found.problem or self.override_ended else found.until

    def end_override(self, now: datetime) -> bool:
        """Go by the spec as it was applied once an override is over; return whether that was now."""
        until = self.overridden_until
        if until is None or now < until:
            return False
        self.override_ended = True
        self._lay_over()
        return True

    def _read_override(self, text: str) -> bool:
        """Take in the override as it now is; return whether it is another than before."""
        if text == self.override_text:
            return False
        self.override_text, self.override, self.override_ended = text, override.read(text), False
        return True

    def _accept(self, raw: Mapping[str, Any]) -> None:
        parse_spec(raw)
        self.accepted = dict(raw)
        self._lay_over()

    def _lay_over(self) -> None:
        """Make the spec anew: what was applied, with the override in it where that can be."""
        if self.accepted is None:
            return
        laid = None
        if self.override is not None and not self.override_ended:
            laid, self.override = override.applied(self.accepted, override.read(self.override_text) or self.override)
        self.spec = laid or parse_spec(self.accepted)
        self.own_writes.clear()
        self.is_bare = False
        self.core = self.spec.to_core()

    def _fall_back(self) -> None:
        stored = self.status.get("acceptedSpec")
        if self.spec is None and stored:
            try:
                self._accept(stored)
            except SpecError:
                return


class Pools:
    """All pools by (namespace, name)."""

    def __init__(self) -> None:
        self._known: dict[Key, Pool] = {}
        self._claims: defaultdict[Place, dict[Key, Pool]] = defaultdict(dict)

    def __iter__(self) -> Iterator[Pool]:
        return iter(tuple(self._known.values()))

    def __len__(self) -> int:
        return len(self._known)

    def get(self, key: Key) -> Pool | None:
        """Return a pool, None where there is none."""
        return self._known.get(key)

    def take(self, body: Mapping[str, Any]) -> Pool:
        """Take in a pool's object; one that was made anew under its old name starts afresh."""
        metadata = body["metadata"]
        key = (metadata["namespace"], metadata["name"])
        pool = self._known.get(key)
        if pool is not None:
            self._release(pool)
        if pool is None or pool.uid != metadata["uid"]:
            pool = Pool(key, metadata["uid"], parse_instant(metadata["creationTimestamp"]))
            self._known[key] = pool
        try:
            pool.take(body)
        finally:  # whatever it holds, the pool goes on with what it had, its target above all
            self._claims[pool.place][key] = pool
        return pool

    def drop(self, key: Key, uid: str = "") -> Pool | None:
        """Forget a pool that is gone, and return it; one that has taken its name since stays."""
        known = self._known.get(key)
        if known is None or uid not in {"", known.uid}:
            return None
        self._release(known)
        return self._known.pop(key)

    def rival(self, pool: Pool) -> Pool | None:
        """Return the Active pool that holds the same target by right of age (R10); any other writes nothing."""
        claims = self._claims.get(pool.place, {}).values()
        same = (one for one in claims if one is pool or one.is_active)
        eldest = min(same, key=lambda one: (one.created_at, one.key), default=pool)
        return eldest if eldest.key != pool.key else None

    def payer(self, pool: Pool) -> Pool:
        """Return the pool that pays for the same target: an Active one before any other, the older first."""
        claims = self._claims.get(pool.place, {}).values()
        able = (one for one in claims if one is pool or one.spec)
        return min(able, key=lambda one: (not one.is_active, one.created_at, one.key), default=pool)

    def splitting(self, target: Place) -> Pool | None:
        """Return an Active pool that has this Deployment and a half of it on spot (R7), None where there is none."""
        claims = self._claims.get(target, {}).values()
        return next((one for one in claims if one.core and one.core.spot and one.core.mode is Mode.ACTIVE), None)

    def _release(self, pool: Pool) -> None:
        place = pool.place
        self._claims[place].pop(pool.key, None)
        if not self._claims[place]:
            del self._claims[place]


def paused_until(annotations: Mapping[str, str]) -> datetime | None:
    """Return until when a pool is paused; a time that cannot be read pauses for good: somebody wanted a pause."""
    text = annotations.get(names.PAUSED_UNTIL)
    if not text:
        return None
    try:
        return parse_instant(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return FOR_GOOD


def lifting(annotations: Mapping[str, str]) -> Lifting:
    """Return until when a budget is lifted; a time that cannot be read lifts nothing: somebody wanted a budget, too."""
    text, by = annotations.get(names.BUDGET_LIFTED_UNTIL), plain(annotations.get(names.BUDGET_LIFTED_BY, ""))
    if not text:
        return Lifting()
    try:
        return Lifting(parse_instant(text).astimezone(UTC), by)
    except (ValueError, OverflowError):
        words = (
            f"{names.BUDGET_LIFTED_UNTIL} is {text[:LONGEST]!r}: write it as 2026-03-08T07:30:00Z; nothing is lifted"
        )
        return Lifting(by=by, problem=words)


def dropped_fields(manifest: str) -> list[str]:
    """Return the fields of the applied manifest that the schema does not have: the API server pruned them."""
    try:
        applied = msgspec.json.decode(manifest or "{}")
    except (msgspec.DecodeError, RecursionError):
        return []
    spec = applied.get("spec") if isinstance(applied, dict) else None
    return unknown_fields(spec) if isinstance(spec, dict) else []
