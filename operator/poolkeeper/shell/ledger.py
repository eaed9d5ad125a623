"""The ledger (R8): for each pool and month a ConfigMap in the operator's namespace, with a key for each day.

Nobody owns them: they outlive their pools. A day is always written whole, by a merge patch of its own key, so that
whoever writes it again (after a crash, or as the leader before) counts nothing twice.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from poolkeeper.api import ledger
from poolkeeper.api.ledger import Entry
from poolkeeper.core.days import Day, month_of, next_month
from poolkeeper.shell.kube import ONLY_METADATA_LIST, KubeClient
from poolkeeper.shell.kube_errors import ConflictError, KubeError, NotFound
from poolkeeper.shell.list_watch import HasMetadata
from poolkeeper.shell.pools import Pool

Json = dict[str, Any]

KEPT = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Heading:
    """What every entry bears besides its pool's own: the cluster's name, and those of the pool's labels that count."""

    cluster: str
    labels: Sequence[str]


def entries(pool: Pool, days: Iterable[Day], heading: Heading, currency: str = "") -> tuple[Entry, ...]:
    """Return the entries of some days of a pool, none where its spec was never accepted.

    They are in the currency of its account, unless another is given.
    """
    if pool.core is None:
        return ()
    cost, (namespace, name) = pool.core.cost, pool.key
    labels = borne(pool, heading)
    return tuple(
        Entry(
            cluster=heading.cluster,
            namespace=namespace,
            name=name,
            uid=pool.uid,
            currency=currency or pool.memory.account.currency or cost.currency,
            timezone=cost.timezone,
            labels=labels,
            day=day,
        )
        for day in days
    )


def borne(pool: Pool, heading: Heading) -> dict[str, str]:
    """Return the labels of a pool that costs go by."""
    return {key: pool.labels[key] for key in heading.labels if key in pool.labels}


class Ledger:
    """The months of all pools, in one namespace."""

    def __init__(self, kube: KubeClient, namespace: str) -> None:
        self._kube = kube
        self._path = f"/api/v1/namespaces/{namespace}/configmaps"

    async def write(self, found: Sequence[Entry], written: Callable[[tuple[Day, ...]], None] = lambda _: None) -> None:
        """Write days of one pool, oldest first; `written` is told those of each month that has them for sure.

        Raises:
            KubeError: of the first month that has not; later ones are written all the same.
        """
        failed: list[KubeError] = []
        for month, group in groupby(found, key=lambda one: month_of(one.day.on)):
            days = tuple(group)
            try:
                await self._write_month(month, days)
            except KubeError as error:
                failed.append(error)
            else:
                written(tuple(one.day for one in days))
        if failed:
            raise failed[0]

    async def _write_month(self, month: date, days: Sequence[Entry]) -> None:
        name = ledger.configmap_name(month, days[0].uid)
        body: Json = {"data": {key: text for one in days for key, text in ledger.data(one).items()}}
        try:
            await self._kube.patch(f"{self._path}/{name}", body)
        except NotFound:
            await self._make({"name": name, "labels": dict(ledger.labels(month, days[0].uid))}, body)

    async def _make(self, metadata: Json, body: Json) -> None:
        """Make a month; where another leader has made it since, add to it."""
        try:
            await self._kube.post(self._path, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, **body})
        except ConflictError:
            await self._kube.patch(f"{self._path}/{metadata['name']}", body)

    async def prune(self, today: date) -> int:
        """Delete the months that ended more than KEPT ago; return how many.

        Raises:
            KubeError: some may be left.
        """
        old = [name async for name in self._names() if is_old(name, today)]
        for name in old:
            await self._kube.delete(f"{self._path}/{name}")
        return len(old)

    async def _names(self) -> AsyncIterator[str]:
        selector = {"labelSelector": ledger.SELECTOR}
        pages = self._kube.pages(self._path, item=HasMetadata, params=selector, accept=ONLY_METADATA_LIST)
        async for page in pages:
            for found in page.items or ():
                yield found.metadata.name


def is_old(name: str, today: date) -> bool:
    """Return whether a month, told by its ConfigMap's name, ended long enough ago."""
    month = ledger.month_in(name)
    return month is not None and today - next_month(month) >= KEPT
