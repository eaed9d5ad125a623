"""The administrator's prices: a ConfigMap that is followed, and a copy of the last good state of it.

    the ConfigMap        what counts                                     what is said
    can be read          it, at once; a copy is written as NAME-accepted
    is wrong, gone       the last good prices, also over a restart       each problem with its line, and that
    is wrong, never good nothing: every price is unknown                 each problem with its line, and that
    was never there      nothing

So a slip of the pen never changes what a pool costs.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec

from poolkeeper.api.names import ACCEPTED_SUFFIX, PRICES_KEY
from poolkeeper.api.price_book import PriceBookError, parse
from poolkeeper.api.price_fields import ALWAYS
from poolkeeper.core.prices import Book
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError, NotFound
from poolkeeper.shell.list_watch import HasMetadata, Pace
from poolkeeper.shell.reflector import Kind, Reflector
from poolkeeper.shell.telemetry import Telemetry

SHOWN = 10
"""How many problems are told one by one."""


class Sheet(HasMetadata):
    """A ConfigMap with prices."""

    data: dict[str, str] = msgspec.field(default_factory=dict)

    @property
    def text(self) -> str | None:
        """The prices, None where they are not there."""
        return self.data.get(PRICES_KEY)


class PriceBook:
    """Follows the ConfigMap `name` of the operator's own namespace while it runs.

    `book` is what counts. `problems`: why it is not what the ConfigMap says now, in words; empty where it is. Only who
    is `leading` writes the copy.
    """

    def __init__(
        self,
        kube: KubeClient,
        namespace: str,
        name: str,
        *,
        leading: Callable[[], bool] = lambda: True,
        pace: Pace | None = None,
    ) -> None:
        self.book = Book(name=f"configmap/{name}")
        self._kube = kube
        self._key = (namespace, name)
        self._leading = leading
        self._again = (pace or Pace()).longest_wait
        self._news = asyncio.Event()
        self._looked = asyncio.Event()
        kind = Kind("/api/v1", "configmaps", Sheet, lambda sheet: sheet, fields=f"metadata.name={name}")
        self._reflector = Reflector(
            kube, kind, namespaces=(namespace,), on_change=lambda *_: self._news.set(), pace=pace
        )
        self._seen: Sheet | None = None
        self._text: str | None = None  # of the book that counts
        self._copy: str | None = None
        self._copy_is_known = False
        self._wrong: list[str] = []
        self._trouble = ""

    @property
    def problems(self) -> list[str]:
        """Why the book is not what the ConfigMap says now."""
        told = [f"{self.book.name}: {words}" for words in self._wrong[:SHOWN]]
        more = len(self._wrong) - SHOWN
        told += [f"{self.book.name}: {more} more problems"] if more > 0 else []
        told += [f"{self.book.name}: {self._consequence}"] if self._wrong else []
        return [*told, *filter(None, (self._reflector.problem, self._trouble))]

    @property
    def is_synced(self) -> bool:
        """Whether the ConfigMap was looked at once."""
        return self._looked.is_set()

    async def synced(self) -> None:
        """Wait until the ConfigMap was looked at once."""
        await self._looked.wait()

    def age(self, now: datetime) -> timedelta | None:
        """Return how long ago the newest of the prices in effect came into effect; None where none has a date."""
        begun = [instant for instant in self.book.instants if ALWAYS < instant <= now]
        return now - begun[-1] if begun else None

    def measure(self, telemetry: Telemetry) -> None:
        """Have the metrics tell of this book."""

        def seconds() -> float:
            age = self.age(self._kube.clock.now())
            return float("nan") if age is None else age.total_seconds()

        telemetry.price_book_problems.set_function(lambda: len(self._wrong))
        telemetry.price_book_age.set_function(seconds)

    async def run(self) -> None:
        """Follow the ConfigMap until cancelled; no answer of the API server ends it."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._reflector.run())
            group.create_task(self._follow())

    async def _follow(self) -> None:
        await self._recall()
        await self._reflector.synced()
        while True:
            self._news.clear()
            await self._look()
            self._looked.set()
            await self._keep()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._again.total_seconds()):
                    await self._news.wait()
            if not self._copy_is_known:
                await self._recall()

    async def _recall(self) -> None:
        """Read the copy; where nothing is known yet, it is what counts."""
        try:
            self._copy = (await self._kube.get(self._path(ACCEPTED_SUFFIX), into=Sheet)).text
        except NotFound:
            pass
        except KubeError as error:
            self._trouble = f"{self.book.name}{ACCEPTED_SUFFIX}: {error}"
            return
        self._copy_is_known, self._trouble = True, ""
        if self._text is None and self._copy is not None:
            with suppress(PriceBookError):  # somebody has changed it: then it is of no use
                await self._take(self._copy)

    async def _look(self) -> None:
        """Take in what the ConfigMap says, if that is news."""
        found = self._reflector.items.get(self._key)
        if found is None:
            self._seen = None
            self._wrong = ["it is gone"] if self._text is not None else []
        elif found.text is None:
            self._wrong = [f"it has no key {PRICES_KEY}"]
        elif self._seen is None or self._seen.text != found.text:
            try:
                await self._take(found.text)
                self._wrong = []
            except PriceBookError as error:
                self._wrong = error.problems
        self._seen = found

    async def _take(self, text: str) -> None:
        """Let a text count. A large book takes half a second to read, in which the loop goes on."""
        if text != self._text:
            self.book, self._text = await asyncio.to_thread(parse, text, self.book.name), text

    async def _keep(self) -> None:
        """Write the copy, unless it is what counts."""
        if self._text is None or self._text == self._copy or not self._copy_is_known or not self._leading():
            return
        namespace, name = self._key
        try:
            try:
                await self._kube.patch(self._path(ACCEPTED_SUFFIX), {"data": {PRICES_KEY: self._text}})
            except NotFound:
                metadata = {"name": name + ACCEPTED_SUFFIX, "namespace": namespace}
                body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {PRICES_KEY: self._text}}
                await self._kube.post(self._path(), body)
        except KubeError as error:
            self._trouble = f"{self.book.name}{ACCEPTED_SUFFIX}: {error}"
        else:
            self._copy, self._trouble = self._text, ""

    @property
    def _consequence(self) -> str:
        return "the last good prices stay in force" if self._text is not None else "no price is known"

    def _path(self, suffix: str | None = None) -> str:
        namespace, name = self._key
        collection = f"/api/v1/namespaces/{namespace}/configmaps"
        return collection if suffix is None else f"{collection}/{name}{suffix}"
