"""A fleet in a thread, three pods of `team/chat` at addresses of this test's own, and a client that asks them."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import aiohttp
import pytest

from fleet.fleet import Settings
from fleet.pods import Pod
from fleet.thread import FleetThread

BLOCK = f"127.{64 + os.getpid() % 128}"
"""Workers that run side by side have different process ids, so they hardly ever share addresses."""


@pytest.fixture
def fleet() -> Iterator[FleetThread]:
    with FleetThread(Settings(exporter_port=0)) as running:
        yield running


@pytest.fixture
def three() -> list[Pod]:
    return [Pod(f"uid-{number}", f"chat-{number}", "team/chat", f"{BLOCK}.7.{number}") for number in (1, 2, 3)]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as opened:
        yield opened


@pytest.fixture
def scrape(session: aiohttp.ClientSession) -> Callable[[Pod], Awaitable[str]]:
    """Asks a pod for its page; anything but a 200 raises aiohttp's own errors."""

    async def ask(pod: Pod) -> str:
        async with session.get(f"http://{pod.ip}:8000/metrics") as response:
            response.raise_for_status()
            return (await response.read()).decode()

    return ask
