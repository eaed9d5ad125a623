"""Says what was decided (R9): the status, and one event for each change of the size or its split."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from poolkeeper.api import memo, names
from poolkeeper.api.split import moves
from poolkeeper.api.status import HISTORY, Verdict, entry, render
from poolkeeper.api.units import format_instant
from poolkeeper.core.account import Account
from poolkeeper.core.decision import Decision
from poolkeeper.core.model import Mode
from poolkeeper.core.reasons import Reason
from poolkeeper.core.statement import News
from poolkeeper.core.words import message
from poolkeeper.shell.kube import JSON_PATCH, KubeClient
from poolkeeper.shell.kube_errors import ConflictError
from poolkeeper.shell.pools import Pool

Json = dict[str, Any]

NO_ACCOUNT = Account()
MOVING = {
    "schedule": {"leadsAt"},
    "forecast": {"replicas", "message"},
    "cost": {
        "asOf",
        "idlePercent",
        "unpricedGPUHours",
        "uncountedReplicaHours",
        "perRequest",
        "perMillionTokens",
        "units",
    },
    "batch": {"workLeft", "late", "dueAt", "mustRunFrom", "jobTime"},
    "memory": {"account", "late"},
}
"""What moves by itself in parts of the status, like words."""
WARNINGS = {
    Reason.BUDGET_ALERT,
    Reason.BUDGET_FORECAST,
    Reason.BUDGET_EXCEEDED,
    Reason.SPENDING_UNUSUAL,
    Reason.OVERRIDE_REFUSED,
    Reason.AUTOSCALED_POOL,
}
"""News that somebody should look at."""
MONEY = {"Priced", "WithinBudget"}
FAULTS = {"MetricsAvailable", "AbleToScale", "SplitReady"}


def note_change(pool: Pool, decision: Decision, now: datetime) -> None:
    """Remember a change until a status that tells of it was written."""
    pool.untold = [entry(decision, now), *pool.untold][:HISTORY]


def due_status(pool: Pool, decision: Decision, now: datetime) -> Json | None:
    """Return the status to write now, None where nothing differs or it must wait for its turn.

    What cannot wait: a size or a split that was changed, a new generation, a grace clock that is to be stored, and a
    stored one that was cleared.
    """
    stored = pool.status.get("memory") or {}
    period = pool.core.queue.down.grace_period if pool.core else memo.STORE_AFTER
    verdict = Verdict(
        decision=decision,
        generation=pool.generation,
        at=now,
        untold=pool.untold,
        tiers=pool.core.tiers if pool.core else (),
        provider=pool.division.provider.name if pool.division.provider else "",
        slo=bool(pool.core and pool.core.slo),
        scheduled=bool(pool.core and pool.core.schedule),
        observing=bool(pool.core and pool.core.mode is Mode.OBSERVE),
        invalid=pool.invalid,
        unknown=pool.unknown,
        statement=pool.reckoning.statement,
        cost=pool.reckoning.shown,
        override=pool.override,
        selector=pool.selector,
        scaled_by=pool.scaled_by,
    )
    status = carried_on(pool, render(verdict, pool.status, remembered(pool, period, stored), pool.accepted))
    if meaning(status) == meaning(pool.status) and not pool.reckoning.owed:
        return None
    storing = any(status["memory"].get(name) not in (None, stored.get(name)) for name in memo.CLOCKS)
    asked = bool(pool.untold) or pool.status.get("observedGeneration") != pool.generation
    telling = faults(status) != faults(pool.status)
    urgent = asked or cleared(stored, status) or (storing and pool.budget.may_store_clock(now))
    urgent = urgent or (telling and pool.budget.may_tell_fault(now))
    urgent = urgent or (activity(status) != activity(pool.status) and pool.budget.rested(now))
    urgent = urgent or (requests(status) != requests(pool.status) and pool.budget.rested(now))
    urgent = urgent or (sizes(status) != sizes(pool.status) and pool.budget.may_tell_replicas(now))
    if not (urgent or pool.budget.may_write(now)):
        return None
    pool.budget.spend(now, ordinary=not asked, clock=storing, fault=telling)
    return status


def carried_on(pool: Pool, status: Json) -> Json:
    """Return a status with what the one before says of money, while nothing else is known of that: at a start."""
    if pool.reckoning.statement is not None or "cost" not in pool.status:
        return status
    known = [one for one in pool.status.get("conditions") or () if one["type"] in MONEY]
    return {**status, "cost": pool.status["cost"], "conditions": [*status["conditions"], *known]}


def remembered(pool: Pool, period: timedelta, stored: Mapping[str, Any]) -> Json:
    """Return what to store: of the account, what its last beat made of it."""
    idle_after = pool.core.queue.down.idle_after if pool.core else None
    made = memo.dump(replace(pool.memory, account=NO_ACCOUNT), period, stored, idle_after)
    return made | ({"account": pool.reckoning.stored} if pool.reckoning.stored else {})


def meaning(status: Mapping[str, Any]) -> Json:
    """Return a status without its words: whoever wants numbers that move reads the metrics."""
    silent = [without(condition, {"message"}) for condition in status.get("conditions") or ()]
    still = {part: without(status[part], moving) for part, moving in MOVING.items() if part in status}
    return {**status, **still, "message": "", "conditions": silent}


def without(part: Mapping[str, Any], fields: Collection[str]) -> Json:
    """Return a part of the status without some of its fields."""
    return {key: value for key, value in part.items() if key not in fields}


def sizes(status: Mapping[str, Any]) -> list[object]:
    """Return the numbers of replicas, whole and tier by tier; what is lost may come and go without any of them."""
    whole = [status.get(field) for field in ("desiredReplicas", "currentReplicas", "readyReplicas")]
    return whole + [(tier["name"], tier["replicas"], tier["ready"]) for tier in status.get("tiers") or ()]


def activity(status: Mapping[str, Any]) -> str:
    """Return what freezes the pool by its status: people cause it and mend it, a noisy queue does not change it."""
    found = (one["reason"] for one in status.get("conditions") or () if one["type"] == "ScalingActive")
    return next(found, "")


def requests(status: Mapping[str, Any]) -> list[object]:
    """Return what people have asked of the pool beside its spec: they look at once whether it was heard."""
    return [status.get(part) for part in ("pin", "override")]


def faults(status: Mapping[str, Any]) -> dict[str, str]:
    """Return what the status says is broken: the metrics, the replicas that were asked for, or their split."""
    told = (one for one in status.get("conditions") or () if one["type"] in FAULTS)
    return {one["type"]: one["reason"] for one in told if one["status"] != "True"}


def cleared(stored: Mapping[str, Any], status: Mapping[str, Any]) -> bool:
    """Return whether the store holds a grace clock that no longer runs: a restart would trust it."""
    return any(name in stored and stored[name] != status["memory"].get(name) for name in memo.CLOCKS)


async def write_status(kube: KubeClient, pool: Pool, status: Json) -> None:
    """Replace the pool's status, unless another object has taken its name.

    Raises:
        KubeError: the API server refused; the next look tries again.
    """
    patch = [
        {"op": "test", "path": "/metadata/uid", "value": pool.uid},
        {"op": "add", "path": "/status", "value": status},
    ]
    await kube.patch(f"{path(pool)}/status", patch, content_type=JSON_PATCH)
    pool.told(status)


async def write_account(kube: KubeClient, pool: Pool) -> None:
    """Write the stored account alone into the pool's status, which must be there.

    Raises:
        KubeError: the API server refused.
    """
    patch = [
        {"op": "test", "path": "/metadata/uid", "value": pool.uid},
        {"op": "add", "path": "/status/memory/account", "value": pool.reckoning.stored},
    ]
    await kube.patch(f"{path(pool)}/status", patch, content_type=JSON_PATCH)


async def post_event(kube: KubeClient, pool: Pool, decision: Decision, now: datetime, version: str) -> None:
    """Post the one event of a change; made again after a crash, it bears the same name and is there already.

    Raises:
        KubeError: the API server refused.
    """
    await _post(kube, pool, event(pool, decision, now, version))


async def post_news(kube: KubeClient, pool: Pool, news: News, now: datetime) -> None:
    """Post what is news of a pool's money, once in its life.

    Raises:
        KubeError: the API server refused.
    """
    kind = "Warning" if news.reason in WARNINGS else "Normal"
    await _post(kube, pool, _event(pool, news.key, news.reason, news.words, now) | {"type": kind})


async def _post(kube: KubeClient, pool: Pool, made: Json) -> None:
    try:
        await kube.post(f"/api/v1/namespaces/{pool.key[0]}/events", made)
    except ConflictError:
        return


def event(pool: Pool, decision: Decision, now: datetime, version: str) -> Json:
    """Return the event of a change, named after what it was decided on."""
    tiers = "".join(f"/{move['name']}/{move['from']}/{move['to']}" for move in moves(decision))
    deed = f"{version}/{decision.current}/{decision.size}{tiers}"
    return _event(pool, deed, decision.reason, message(decision), now)


def _event(pool: Pool, deed: str, reason: Reason, words: str, now: datetime) -> Json:
    """Return an event that tells of a deed, and bears its name."""
    name = f"{pool.key[1]}.{hashlib.sha256(f'{pool.uid}/{deed}'.encode()).hexdigest()[:16]}"
    stamp = format_instant(now.replace(microsecond=0))
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": pool.key[0]},
        "involvedObject": reference(pool),
        "type": "Normal",
        "reason": reason.value,
        "message": words,
        "source": {"component": names.FIELD_MANAGER},
        "reportingComponent": f"{names.GROUP}/operator",
        "firstTimestamp": stamp,
        "lastTimestamp": stamp,
        "count": 1,
    }


def reference(pool: Pool) -> Mapping[str, str]:
    """Return how an event points at a pool."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": names.KIND,
        "namespace": pool.key[0],
        "name": pool.key[1],
        "uid": pool.uid,
    }


def path(pool: Pool) -> str:
    """Return a pool's path in the API."""
    return f"/apis/{names.API_VERSION}/namespaces/{pool.key[0]}/{names.PLURAL}/{pool.key[1]}"
