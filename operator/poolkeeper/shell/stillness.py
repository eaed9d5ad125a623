"""Whether a pool's status may have news, told without making it: this is asked at each look, and mostly for nothing.

A status is made of the decision, of what is remembered, and of what the pool itself holds. While all of that is what it
was when the status last had no news, there is none. Left out is what no status is written for: words, and numbers that
move by themselves (publish.meaning). What depends on the time of day besides (a pin, an override) is not looked at
here, nor is what still waits to be told: such a status is made.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from poolkeeper.api import memo
from poolkeeper.core.decision import Decision, Health
from poolkeeper.core.memory import Grace, Memory
from poolkeeper.shell import publish
from poolkeeper.shell.pools import Key, Pool

Json = dict[str, Any]
Gist = tuple[object, ...]


def _all_but(kind: type, names: set[str]) -> "attrgetter[tuple[object, ...]]":
    """Return what reads all fields of a dataclass but some: one that is added later counts until it is left out."""
    return attrgetter(*(field.name for field in fields(kind) if field.name not in names))


_WORDS_OF_DECISION = {"wanted", "depth", "trail", "prospects", "detail", "needs"}
_WORDS_OF_HEALTH = {"metrics_detail", "startup_detail", "split_detail", "slo_burn_rate"}
_UNSTORED = {"served", "lead", "silent_since", "outage_since"}

_DECISION = _all_but(Decision, {*_WORDS_OF_DECISION, "health", "counterfactual"})
_HEALTH = _all_but(Health, {*_WORDS_OF_HEALTH, "slo_share"})
_MEMORY = _all_but(Memory, {*_UNSTORED, "grace", "load", "counterfactual", "account"})
_POOL = attrgetter(
    "status",
    "core",
    "accepted",
    "generation",
    "division.provider",
    "invalid",
    "unknown",
    "selector",
    "scaled_by",
    "reckoning.statement",
    "reckoning.shown",
    "reckoning.stored",
)


class Stillness:
    """Remembers of each pool what its status had no news of."""

    def __init__(self) -> None:
        self._known: dict[Key, Gist] = {}

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        self._known.pop(key, None)

    def due_status(self, pool: Pool, decision: Decision, now: datetime) -> Json | None:
        """Return what `publish.due_status` would."""
        found = gist(pool, decision)
        if found is not None and self._known.get(pool.key) == found:
            return None
        status = publish.status_of(pool, decision, now)
        if publish.is_news(pool, status):
            self._known.pop(pool.key, None)
            return status if publish.takes_turn(pool, status, now) else None
        if found is not None:
            self._known[pool.key] = found
        return None


def gist(pool: Pool, decision: Decision) -> Gist | None:
    """Return all that the meaning of a status is made of; None where the time itself is part of that."""
    if pool.untold or pool.override is not None or decision.pin is not None or pool.reckoning.owed:
        return None
    stored, load = pool.status.get("memory") or {}, pool.memory.load
    share = decision.health.slo_share
    return (
        _POOL(pool),
        _DECISION(decision),
        bool(decision.trail),
        _HEALTH(decision.health),
        None if share is None else round(100 * share, 1),
        decision.counterfactual.told,
        _MEMORY(pool.memory),
        pool.memory.counterfactual.told,
        memo.replica(load, stored.get("replica")) if load.speed else None,
        clocks(pool, stored),
        decision.needs if pool.core and pool.core.tie else None,
    )


def clocks(pool: Pool, stored: Mapping[str, Any]) -> Gist:
    """Return the starts of the clocks that are stored, or are to be."""
    if pool.core is None:
        return ()
    grace, down = pool.memory.grace, pool.core.queue.down
    known = (
        ("shortSince", grace.short_since, down.grace_period),
        ("idleSince", grace.idle_since, down.idle_after or down.grace_period),
    )
    return tuple(since if name in stored or is_ripe(grace, since, period) else None for name, since, period in known)


def is_ripe(grace: Grace, since: datetime | None, period: timedelta) -> bool:
    """Return whether a clock is old enough to be stored."""
    return since is not None and grace.sampled_at is not None and grace.sampled_at - since >= memo.ripe_after(period)
