"""A fleet in this process, in a thread with a loop of its own."""

import asyncio
import threading
from contextlib import AsyncExitStack
from typing import Self

import msgspec

from fleet import web
from fleet.commands import AnyCommand
from fleet.control import FleetControl, FleetError, Told
from fleet.fleet import Fleet, Settings
from fleet.orders import carry_out

START_SECONDS = 30
STOP_SECONDS = 10


class FleetThread(FleetControl):
    """Runs from `with` (or `async with`) to the end of it; `exporter` as `FleetProcess` has it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.exporter = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fleet", daemon=True)
        self._open = AsyncExitStack()

    def __enter__(self) -> Self:
        self._thread.start()
        self._fleet = asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result(START_SECONDS)
        return self

    def __exit__(self, *_error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._open.aclose(), self._loop).result(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.__enter__)

    async def __aexit__(self, *_error: object) -> None:
        await asyncio.to_thread(self.__exit__)

    async def _begin(self) -> Fleet:
        async with AsyncExitStack() as opening:
            fleet = await opening.enter_async_context(Fleet(self.settings))
            addresses = await web.serve(fleet, opening)
            self.exporter = addresses.get("exporter", "")
            self._open = opening.pop_all()
        return fleet

    def _send(self, command: AnyCommand, told: type[Told]) -> Told:
        doing = asyncio.run_coroutine_threadsafe(carry_out(self._fleet, command), self._loop)
        try:
            return msgspec.convert(doing.result(START_SECONDS), told)
        except (LookupError, ValueError) as error:
            raise FleetError(str(error)) from error
