"""What was seen of one pool at one moment: its queue, its workload and pods, and who else writes its size."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from poolkeeper.core.meter import Bill
from poolkeeper.core.reasons import Reason

FOR_GOOD = datetime.max.replace(tzinfo=UTC)
"""The end of a pause that has none."""


class PodSample(NamedTuple):
    """One pod as a source read it. Requests waiting and running; KV cache in use from 0 to 1.

    `inside` and `finished` count requests since the pod's start: those that left the queue within the SLO's
    queue time, and all of them. `requests` and tokens are counted since then, too, and how long requests took to read
    their prompts (prefill) and to generate (decode), all added up; None where the engine does not tell.
    """

    uid: str
    waiting: float
    running: float | None = None
    kv_usage: float | None = None
    inside: float | None = None
    finished: float | None = None
    requests: float | None = None
    prompt_tokens: float | None = None
    generation_tokens: float | None = None
    prefill_hours: float | None = None
    decode_hours: float | None = None


@dataclass(frozen=True, slots=True)
class PodFault:
    """A pod that should have answered a source and did not, or not with a number."""

    uid: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at one source, taken at `at`.

    A source without pods gives `waiting`, and where it knows what is worked on `running`; a per-pod source gives `pods`
    and `faults`, one entry for each ready pod; a look that failed as a whole gives `fault`, which beside `waiting` says
    what is missing of that: it is a lower bound. A pods source with no ready pod does not apply.
    `vanishes` names a queue that is not there while it is empty (vanishing.py).
    """

    source: str
    at: datetime
    waiting: float | None = None
    running: float | None = None
    pods: tuple[PodSample, ...] = ()
    faults: tuple[PodFault, ...] = ()
    fault: Reason | None = None
    detail: str = ""
    applies: bool = True
    vanishes: str = ""


class Wait(StrEnum):
    """What the provisioner or the scheduler says of a pod that has no node."""

    LAUNCHING = "Launching"
    STOCK_OUT = "StockOut"
    MISCONFIGURED = "Misconfigured"


@dataclass(frozen=True, slots=True)
class Pod:
    """A live pod of the target, told by its UID. Instants are the API server's.

    `ready_at` is the last time it became ready, None while it is not; then `unready_since` tells since when.
    `trouble` holds the scheduler's or the kubelet's own words. `notice` tells, in the provider's words, that its node
    is being reclaimed (empty: it is not); `wait` what is said of a node for it, None where nothing is. Where the last
    in a row is the first to go, `ordinal` is its place there, from zero.
    """

    uid: str
    name: str
    created_at: datetime
    scheduled_at: datetime | None = None
    ready_at: datetime | None = None
    unready_since: datetime | None = None
    template: str = ""
    trouble: str = ""
    node: str = ""
    notice: str = ""
    wait: Wait | None = None
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """The workload of one `tier`: the replicas it asks for, who wrote that number, what keeps pods from being made.

    `pods` leaves out the ones that are terminating. `ours`: our field manager wrote `replicas`.
    `failure` repeats the ReplicaFailure condition, which leaves no pod behind. `rolling`: a rollout is under way.
    `one_by_one`: a pod is made when the one before it is ready. `reclaimed` are pods that end because their node is
    taken back; `refused` repeats the API server where the workload itself cannot be written.
    """

    replicas: int
    uid: str = ""
    writer: str = ""
    ours: bool = False
    pods: tuple[Pod, ...] = ()
    failure: str = ""
    failure_since: datetime | None = None
    rolling: bool = False
    tier: str = "on-demand"
    reclaimed: frozenset[str] = frozenset()
    refused: str = ""
    one_by_one: bool = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another owner of the target's size (R10): why, and what to drop or ignore, in words."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Pinned:
    """The size that the pool itself is asked for: who wrote it, and when as far as the API server tells."""

    replicas: int
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """The pool that this one is tied to: its size, and the one that it `needs` for its own sake (peer.py).

    Without a size there is none to go by, and `detail` says why.
    """

    name: str
    size: int | None = None
    needs: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """All that a decision may look at besides the spec, the memory and the time.

    `target` is the workload that the pool names: where nothing is reclaimed. `siblings` are derived from it for
    the other tiers, also for one that the spec no longer has. `unsplit` says why the pool cannot be split
    (AS_EXPECTED: nothing is in the way), `unsplit_detail` what to do. `bill` is what is paid for now, None: nobody
    counts. Until `lifted_until` no budget holds the pool back. `pinned` is what `spec.replicas` says, `peer` the pool
    of `spec.peerRef` (None: nobody knows of other pools); until `overridden_until` an override is part of the spec.
    """

    target: Target | None
    readings: tuple[Reading, ...] = ()
    conflict: Conflict | None = None
    paused_until: datetime | None = None
    siblings: tuple[Target, ...] = ()
    unsplit: Reason = Reason.AS_EXPECTED
    unsplit_detail: str = ""
    bill: Bill | None = None
    lifted_until: datetime | None = None
    pinned: Pinned | None = None
    peer: Peer | None = None
    overridden_until: datetime | None = None
