"""The fleet itself: workloads, their sockets and the clock that drives them, in one event loop."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Coroutine, Iterable
from contextlib import AsyncExitStack, suppress
from typing import Self

import msgspec

from fleet import commands, shapes
from fleet.engine import Profile
from fleet.exporter import Exporter
from fleet.faults import Answer, Fault, answer
from fleet.pods import Follower, Pod, open_session, paths
from fleet.report import Report
from fleet.server import Server
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
    """Use as an async context manager; then `do` commands. Every method runs in the loop that entered it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workloads: dict[str, Workload] = {}
        self.exporter = Exporter()
        self._exporter_fault: Fault | None = None
        self._server = Server(self._answer, settings.port)
        self._began = time.monotonic()
        self._owner: dict[str, Workload] = {}
        self._given: tuple[Pod, ...] = ()
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
            opening.push_async_callback(self._server.close)
            await self._follow(opening)
            for task in (self._keep_pods(), self._keep_time()):
                _start(task, opening)
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._open.aclose()

    async def do(self, command: commands.AnyCommand) -> object:
        """Carry out a command; what it changes is in force when this returns.

        Raises:
            LookupError: There is no such pod.
            ValueError: A trace that cannot be made.
        """
        match command:
            case commands.Ask():
                return self.workload(command.workload).report(self.now, command.sla, command.width)
            case commands.List():
                return self.workload(command.workload).reachable()
            case commands.Load():
                self._load(command)
            case commands.Show():
                self._show(command)
            case commands.Gauge() | commands.Drop() | commands.BreakExporter():
                self._tell_exporter(command)
            case commands.Break() | commands.Clear() | commands.See():
                await self._rearrange(command)
        return None

    def workload(self, name: str) -> Workload:
        """The workload `namespace/app`, made when it is first spoken of."""
        if name not in self.workloads:
            self.workloads[name] = Workload(name, self.settings.profile, retry=self.settings.retry)
        return self.workloads[name]

    def exporter_answer(self) -> Answer | None:
        """What the stand-in exporter answers now; its page has no engine's gauges that a fault could break."""
        return answer(self._exporter_fault, lambda _: self.exporter.page(), delay=2.0, wall=time.time())

    def reports(self) -> dict[str, Report]:
        """A report of each workload that was sent requests."""
        loaded = {name: each for name, each in self.workloads.items() if each.router.requests}
        return {name: each.report(self.now, 2.0, 60.0) for name, each in loaded.items()}

    def _load(self, command: commands.Load) -> None:
        trace = shapes.named(command.trace)
        if command.start or command.length:
            trace = trace.window(command.start, command.length or trace.duration)
        self.workload(command.workload).load(trace.scaled(command.rate), command.seed, self.now)

    def _show(self, command: commands.Show) -> None:
        workload = self.workload(command.workload)
        if command.queue is not None:
            workload.show_queue(command.queue)
        if command.running is not None:
            workload.shown.running = command.running
        if command.cache_use is not None:
            workload.shown.cache_use = command.cache_use

    def _tell_exporter(self, command: commands.Gauge | commands.Drop | commands.BreakExporter) -> None:
        match command:
            case commands.Gauge():
                self.exporter.set(command.name, float(command.value), command.labels, command.at)
            case commands.Drop():
                self.exporter.drop(command.name, command.labels)
            case commands.BreakExporter():
                self._exporter_fault = command.fault

    async def _rearrange(self, command: commands.Break | commands.Clear | commands.See) -> None:
        match command:
            case commands.Break():
                workload = self.workload(command.workload)
                workload.trouble(command.fault, _hit(workload, command), command.delay)
            case commands.Clear():
                self.workload(command.workload).clear()
            case commands.See():
                self._given = command.pods
        await self._sync()

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
        await self._sync()

    async def _keep_pods(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._sync()
            await asyncio.sleep(BURST_SECONDS)  # a burst of events is one change

    async def _keep_time(self) -> None:
        while True:
            for workload in self.workloads.values():
                if not workload.router.unused:
                    workload.router.advance(self.now)
            await asyncio.sleep(STEP_SECONDS)

    async def _sync(self) -> None:
        found: dict[str, list[Pod]] = defaultdict(list)
        for pod in self._pods():
            found[pod.workload].append(pod)
        for name in found.keys() | self.workloads.keys():
            self.workload(name).sync(found[name], self.now, time.time())
        await self._listen()

    def _pods(self) -> Iterable[Pod]:
        yield from self._given
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


def _hit(workload: Workload, command: commands.Break) -> list[str] | None:
    if command.pod is not None:
        found = [uid for uid, pod in workload.pods.items() if pod.name == command.pod]
        if not found:
            raise LookupError(f"{command.workload} has no pod {command.pod}")
        return found
    return None if command.share >= 1 else workload.some(command.share)


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
