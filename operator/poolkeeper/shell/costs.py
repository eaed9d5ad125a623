"""The administrator's budgets for pools together, held against what those cost (R8): each minute, off the hot path.

A pool that is gone counts with what the ledger has of it. No object bears such a budget: a threshold is a line of the
log, and the metrics are there for alerts. A ConfigMap remembers what was told, so that no restart tells it again.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from poolkeeper.api import ledger
from poolkeeper.api.costs import Costs, CostsError, parse
from poolkeeper.api.ledger import Entry
from poolkeeper.api.names import LEDGER_LABEL, TEAM_BUDGETS
from poolkeeper.core import budget as budgets
from poolkeeper.core.account import Told
from poolkeeper.core.days import month_of
from poolkeeper.core.teams import Share, Standing, Team, stand
from poolkeeper.core.zones import zone
from poolkeeper.shell.kube import ONLY_METADATA_LIST, KubeClient
from poolkeeper.shell.kube_errors import ConflictError, KubeError, NotFound
from poolkeeper.shell.ledger import Heading, borne
from poolkeeper.shell.list_watch import HasMetadata
from poolkeeper.shell.pools import Pool
from poolkeeper.shell.telemetry import Telemetry

Json = dict[str, Any]

EVERY = timedelta(minutes=1)
REREAD = timedelta(hours=1)
"""How often pools that are gone are looked up in the ledger, besides when one goes."""
SETTLING = timedelta(minutes=5)
"""How long after that, its last days being written once it is gone; and how long pools may take to be reviewed."""
PAGE = "100"
"""How many months of the ledger are read at a time: a large pool's takes a tenth of a megabyte."""

log = structlog.get_logger("poolkeeper")


def load(path: Path) -> Costs:
    """Return what the administrator's file says.

    Raises:
        CostsError: with all that is wrong with it.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise CostsError([f"{path} cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise CostsError([f"{path} is no text"]) from error


class TeamBudgets:
    """The budgets of teams, over `pools`. `problems`: what is in no sum, and what could not be read or stored."""

    def __init__(
        self, kube: KubeClient, namespace: str, teams: Sequence[Team], telemetry: Telemetry, heading: Heading
    ) -> None:
        self._kube, self._teams, self._telemetry, self._heading = kube, teams, telemetry, heading
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"
        self._told: dict[str, Told] | None = None
        self._owed: dict[str, Told] = {}
        self._gone: tuple[Share, ...] = ()
        self._living: frozenset[str] = frozenset()
        self._reread_at: datetime | None = None
        self._settled_at: datetime | None = None
        self._begun: datetime | None = None
        self._missing: tuple[str, ...] = ()
        self._unread: list[str] = []
        self._trouble = ""

    def problems(self) -> list[str]:
        """Return what is in no sum, and what could not be read or stored, in words."""
        return [*self._missing, *self._unread, *filter(None, [self._trouble])]

    async def run(self, pools: Iterable[Pool], now: Callable[[], datetime]) -> None:
        """Look every minute until cancelled; with no budget there is nothing to do."""
        while self._teams:
            await self.look(tuple(pools), now())
            await asyncio.sleep(EVERY.total_seconds())

    async def look(self, pools: Sequence[Pool], now: datetime) -> None:
        """Hold each budget against what its pools have cost; whatever the API server refuses is tried again.

        At a start that waits until all pools were reviewed: half a sum would look as if money had come back.
        """
        self._begun = self._begun or now
        if now - self._begun < SETTLING and any(pool.core and not pool.reckoning.statement for pool in pools):
            return
        try:
            await self._recall()
            await self._look_up_gone(pools, now)
        except KubeError as error:
            self._trouble = f"team budgets: {error}"
            return
        shares = [*shares_of(pools, self._heading), *self._gone]
        missing: list[str] = []
        for team in self._teams:
            today = now.astimezone(zone(team.timezone)).date()
            standing = stand(team, shares, self._told_of(team), today)
            self._tell(team, standing)
            missing += [f"budget {team.name}: {words}" for words in standing.missing]
        self._missing = tuple(missing)
        await self._store()

    def _told_of(self, team: Team) -> Told:
        return (self._told or {}).get(team.name, Told())

    def _tell(self, team: Team, standing: Standing) -> None:
        """Show how a budget stands, and log what is news."""
        self._telemetry.team_stood(team, standing)
        for threshold in budgets.highest(standing.fresh):
            log.warning(
                "team budget",
                budget=team.name,
                threshold=threshold.key,
                spent=f"{standing.cost:.2f}",
                expected=None if standing.end is None else f"{standing.end:.2f}",
                monthly=f"{team.budget.monthly:f}",
                currency=team.currency,
            )
        if standing.told != self._told_of(team) and (standing.told.thresholds or self._told_of(team).thresholds):
            self._told = {**(self._told or {}), team.name: standing.told}
            self._owed[team.name] = standing.told

    async def _recall(self) -> None:
        """Read what was told, once."""
        if self._told is not None:
            return
        named = {"fieldSelector": f"metadata.name={TEAM_BUDGETS}"}
        found = await self._kube.list(self._path, item=dict, params=named)
        stored = (found[0].get("data") or {}) if found else {}
        self._told = dict(remembered(stored))

    async def _store(self) -> None:
        """Have what was told remembered."""
        if not self._owed:
            self._trouble = ""
            return
        body: Json = {"data": {name: memo(told) for name, told in self._owed.items()}}
        try:
            await self._write(body)
        except KubeError as error:
            self._trouble = f"configmap/{TEAM_BUDGETS}: {error}"
            return
        self._owed, self._trouble = {}, ""

    async def _write(self, body: Json) -> None:
        try:
            await self._kube.patch(f"{self._path}/{TEAM_BUDGETS}", body)
        except NotFound:
            made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": TEAM_BUDGETS}, **body}
            with suppress(ConflictError):  # made since: the next look adds to it
                await self._kube.post(self._path, made)

    async def _look_up_gone(self, pools: Sequence[Pool], now: datetime) -> None:
        """Look up what pools that are gone have cost, if one may have gone since, or once an hour."""
        living = frozenset(pool.uid for pool in pools)
        if self._living - living:
            self._settled_at = now + SETTLING
        is_settling = self._settled_at is not None and now <= self._settled_at
        if is_settling or self._reread_at is None or now >= self._reread_at:
            months = {month_of(now.astimezone(zone(team.timezone)).date()) for team in self._teams}
            found = [one for month in sorted(months) async for one in self._departed(month, living)]
            self._gone, self._unread = taken_in(found)
            self._reread_at = now + REREAD
        self._living = living

    async def _departed(self, month: date, living: Collection[str]) -> AsyncIterator[Json]:
        """Yield the ConfigMaps of pools that are gone; where there are none, nothing large is asked for."""
        prefix = ledger.configmap_name(month, "")
        gone = {prefix + uid async for uid in self._uids(month) if uid not in living}
        if not gone:
            return
        params = {"labelSelector": f"{LEDGER_LABEL}={month:%Y-%m}", "limit": PAGE}
        async for page in self._kube.pages(self._path, item=dict, params=params):
            for found in page.items or ():
                if found["metadata"]["name"] in gone:
                    yield found

    async def _uids(self, month: date) -> AsyncIterator[str]:
        """Yield the UIDs of the pools that the ledger has a month of."""
        selector = {"labelSelector": f"{LEDGER_LABEL}={month:%Y-%m}"}
        prefix = ledger.configmap_name(month, "")
        pages = self._kube.pages(self._path, item=HasMetadata, params=selector, accept=ONLY_METADATA_LIST)
        async for page in pages:
            for found in page.items or ():
                yield found.metadata.name.removeprefix(prefix)


def shares_of(pools: Iterable[Pool], heading: Heading) -> Iterator[Share]:
    """Yield what living pools have cost, as far as that was reviewed."""
    for pool in pools:
        found = pool.reckoning.statement
        if found is not None:
            yield Share(
                pool="/".join(pool.key),
                labels=borne(pool, heading),
                currency=found.currency,
                first=found.first,
                cost=found.month.cost,
                end=found.end.amount if found.end else None,
                whole=found.month.whole,
            )


def taken_in(found: Iterable[Json]) -> tuple[tuple[Share, ...], list[str]]:
    """Return what pools that are gone have cost, and which of their ConfigMaps cannot be read, in words."""
    shares: list[Share] = []
    unread = []
    for one in found:
        try:
            shares += map(share_of, ledger.entries(one))
        except ValueError as error:
            unread.append(f"team budgets: {error}: it is in no sum")
    return tuple(shares), unread


def share_of(entry: Entry) -> Share:
    """Return a day of a pool that is gone: nothing will be added to it."""
    amount, name = entry.day.amount, f"{entry.namespace}/{entry.name}"
    first, whole = month_of(entry.day.on), amount.whole
    return Share(name, entry.labels, entry.currency, first, amount.cost, amount.cost, whole)


def memo(told: Told) -> str:
    """Return what to remember of a budget."""
    return json.dumps({"month": f"{told.month}", "thresholds": told.thresholds}, separators=(",", ":"))


def remembered(stored: Json) -> Iterator[tuple[str, Told]]:
    """Yield what was told of each budget, as far as it can be read."""
    for name, text in stored.items():
        with suppress(KeyError, TypeError, ValueError):
            found = json.loads(text)
            yield name, Told(date.fromisoformat(found["month"]), tuple(map(str, found["thresholds"])))
