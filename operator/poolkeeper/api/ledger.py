"""The ledger's ConfigMaps (R8): one for each pool and month, with a key for each day and one that names the pool.

    name    poolkeeper-ledger-2026-11-<uid>
    data    pool              {"cluster": "prod", "namespace": "inference", "name": "chat", "uid": ..., ...}
            2026-11-22.USD    {"tiers": {"on-demand": {"replicaHours": "48", "cost": "144"}, ...}, ...}

A pool that changes its currency has two keys for that day. A day bears what may change within a month: its zone and the
labels that the pool had. What a later version adds is passed over.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, TypeVar

from poolkeeper.api import amounts, names
from poolkeeper.core.days import Day

Json = dict[str, Any]
T = TypeVar("T")

PREFIX: Final = "poolkeeper-ledger"
POOL: Final = "pool"
SELECTOR: Final = names.LEDGER_LABEL
"""The label selector that finds all months of all pools."""

KEYS = ("cluster", "namespace", "name", "uid")
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})\.([A-Z]{3})")
_NAME = re.compile(rf"{PREFIX}-(\d{{4}}-\d{{2}})-.+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A day of a pool. `cluster`, `namespace`, `name` and `uid` tell which; `labels` are those that costs go by."""

    cluster: str
    namespace: str
    name: str
    uid: str
    currency: str
    timezone: str
    labels: Mapping[str, str]
    day: Day


def configmap_name(month: date, uid: str) -> str:
    """Return the name of a month's ConfigMap.

    >>> configmap_name(date(2026, 11, 1), "8f2c")
    'poolkeeper-ledger-2026-11-8f2c'
    """
    return f"{PREFIX}-{month:%Y-%m}-{uid}"


def month_in(name: str) -> date | None:
    """Return the first day of the month that a ConfigMap of this name holds, None where it is no ledger's."""
    found = _NAME.fullmatch(name)
    try:
        return date.fromisoformat(f"{found[1]}-01") if found else None
    except ValueError:
        return None


def labels(month: date, uid: str) -> dict[str, str]:
    """Return the labels of a month's ConfigMap."""
    return {
        names.MANAGED_BY: names.FIELD_MANAGER,
        names.LEDGER_LABEL: f"{month:%Y-%m}",
        names.POOL_UID_LABEL: uid,
    }


def data(entry: Entry) -> dict[str, str]:
    """Return an entry's keys and values in its month's ConfigMap; whatever the day had there, this replaces."""
    pool = {key: getattr(entry, key) for key in KEYS}
    terms: Json = {"timezone": entry.timezone}
    terms |= {"labels": dict(entry.labels)} if entry.labels else {}
    return {POOL: _compact(pool), f"{entry.day.on}.{entry.currency}": _compact(amounts.dump(entry.day.amount) | terms)}


def entries(configmap: Json) -> tuple[Entry, ...]:
    """Return the entries of a month's ConfigMap, oldest first.

    Raises:
        ValueError: one of its keys cannot be read; the message names it.
    """
    name = (configmap.get("metadata") or {}).get("name", "")
    found: dict[str, str] = configmap.get("data") or {}
    days = sorted(key for key in found if _DAY.fullmatch(key))
    pool = _read(name, POOL, found.get(POOL), _pool) if days else {}
    return tuple(_read(name, key, found[key], partial(_entry, pool, key)) for key in days)


def _read(name: str, key: str, text: str | None, meaning: Callable[[Json], T]) -> T:
    """Return what the text of a key means."""
    try:
        return meaning(json.loads(text or ""))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"configmap/{name}: {key} cannot be read: {error!r}") from error


def _pool(found: Json) -> Json:
    return {key: str(found[key]) for key in KEYS}


def _entry(pool: Json, key: str, found: Json) -> Entry:
    on, currency = key.split(".")
    return Entry(
        **pool,
        currency=currency,
        timezone=str(found["timezone"]),
        labels={label: str(value) for label, value in found.get("labels", {}).items()},
        day=Day(date.fromisoformat(on), amounts.load(found)),
    )


def _compact(value: Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
