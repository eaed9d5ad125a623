"""The fleet itself: workloads, their sockets and the clock that drives them, in one event loop."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack, suppress
from typing import Self

import msgspec

from fleet.engine import Profile
from fleet.exporter import Exporter
from fleet.faults import Answer, Fault, answer
from fleet.pods import Follower, Pod, open_session, paths
from fleet.report import Report
from fleet.server import Server, raise_file_limit
from fleet.workload import Workload

logger = logging.getLogger(__name__)

STEP_SECONDS = 0.05
BURST_SECONDS = 0.01
RETRY_SECONDS = 0.5


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a fleet runs: whose pods it plays (none without a kubeconfig), where it listens, how fast its clock goes.

    `selector` is a label selector whose first key names the workload; `exporter_port` and `control_port` are on
    127.0.0.1, 0 being any free one and None none at all.
    """

    kubeconfig: str | None = None
    namespaces: tuple[str, ...] = ()
    selector: str = "app"
    port: int = 8000
    exporter_port: int | None = None
    control_port: int | None = 0
    speed: float = 1.0
    retry: bool = False
    profile: Profile = Profile()


class Fleet:
    """Use as an async context manager, then `orders.carry_out`; all in the loop that entered it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workloads: dict[str, Workload] = {}
        self.exporter = Exporter()
        self.exporter_fault: Fault | None = None
        self._server = Server(self._answer, settings.port)
        self._began = time.monotonic()
        self._owner: dict[str, Workload] = {}
        self.given: tuple[Pod, ...] = ()
        self._followers: list[Follower] = []
        self._changed = asyncio.Event()
        self._listening = asyncio.Lock()
        self._open = AsyncExitStack()

    @property
    def now(self) -> float:
        """Seconds on the workloads' clock."""
        return (time.monotonic() - self._began) * self.settings.speed

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opening:
            raise_file_limit()
            opening.push_async_callback(self._server.close)
            await self._follow(opening)
            for task in (self._keep_pods(), self._keep_time()):
                _start(task, opening)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._open.aclose()

    def workload(self, name: str) -> Workload:
        """The workload `namespace/app`, made when it is first spoken of."""
        if name not in self.workloads:
            self.workloads[name] = Workload(name, self.settings.profile, retry=self.settings.retry)
        return self.workloads[name]

    def exporter_answer(self) -> Answer | None:
        """What the stand-in exporter answers now; its page has no engine's gauges that a fault could break."""
        return answer(self.exporter_fault, lambda _: self.exporter.page(), delay=2.0, wall=time.time())

    def reports(self) -> dict[str, Report]:
        """A report of each workload that was sent requests."""
        loaded = {name: each for name, each in self.workloads.items() if each.router.requests}
        return {name: each.report(self.now, 2.0, 60.0) for name, each in loaded.items()}

    def _answer(self, uid: str) -> Answer | None:
        return self._owner[uid].answer(uid, self.now, time.time())

    async def _follow(self, opening: AsyncExitStack) -> None:
        if self.settings.kubeconfig is None:
            return
        session = await opening.enter_async_context(await open_session(self.settings.kubeconfig))
        for path in paths(self.settings.namespaces):
            follower = Follower(session, path, self.settings.selector, self._changed.set)
            self._followers.append(follower)
            following = _start(follower.run(), opening)
            listed = _start(follower.listed.wait(), opening)
            await asyncio.wait({following, listed}, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                await following
        await self.sync()

    async def _keep_pods(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self.sync()
            await asyncio.sleep(BURST_SECONDS)  # a burst of events is one change

    async def _keep_time(self) -> None:
        while True:
            for workload in self.workloads.values():
                if not workload.router.unused:
                    workload.router.advance(self.now)
            await asyncio.sleep(STEP_SECONDS)

    async def sync(self) -> None:
        """Bring workloads and sockets in line with the pods there are and with what is wrong with them."""
        found: dict[str, list[Pod]] = defaultdict(list)
        for pod in self._pods():
            found[pod.workload].append(pod)
        for name in found.keys() | self.workloads.keys():
            self.workload(name).sync(found[name], self.now, time.time())
        await self._listen()

    def _pods(self) -> Iterable[Pod]:
        yield from self.given
        for follower in self._followers:
            yield from follower.pods.values()

    async def _listen(self) -> None:
        async with self._listening:
            wanted: dict[str, str] = {}
            self._owner = {}
            for workload in self.workloads.values():
                mine = workload.listening()
                wanted |= mine
                self._owner |= dict.fromkeys(mine.values(), workload)
            if not await self._server.listen(wanted):
                asyncio.get_running_loop().call_later(RETRY_SECONDS, self._changed.set)


def _start(doing: Coroutine[None, None, object], opening: AsyncExitStack) -> asyncio.Task[object]:
    """Do it beside the rest until `opening` closes; should it fail, say so at once and not only then."""
    task = asyncio.create_task(doing)
    task.add_done_callback(_tell)
    opening.push_async_callback(_cancel, task)
    return task


def _tell(task: asyncio.Task[object]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("the fleet no longer does what it should", exc_info=error)


async def _cancel(task: asyncio.Task[object]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
